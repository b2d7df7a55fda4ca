"""Routes of cases: where they go, opening, changing, taking back, reading."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from services.safety.api.case_bodies import (
    CaseDetailOut,
    CaseIn,
    CaseOut,
    CasesOut,
    CaseVersionOut,
    ChangeIn,
    ReasonIn,
    RouteDefinedOut,
    RouteIn,
    RouteOut,
    RoutesOut,
)
from services.safety.api.parameters import PAGE, Cursor, Id, Limit, Person, TrialCode
from services.safety.commands.change_case import ChangeCase, NullifyCase, change_case, nullify_case
from services.safety.commands.define_case_route import DefineCaseRoute, define_case_route
from services.safety.commands.register_case import RegisterCase, register_case
from services.safety.domain.case import ChangeKind
from services.safety.queries.cases import print_case, queue_of_cases, routes, show_case
from shared.act import Act
from shared.database import Tx
from shared.json_body import parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["cases"])

BODY = 2 * 1024 * 1024


@router.post(
    "/case-routes", status_code=201, response_model=RouteDefinedOut, openapi_extra=request_body(RouteIn)
)
async def define_route_route(request: Request, principal: Person) -> Response:
    """Say where a trial's case reports go; a change is a new version."""
    raw = await read_limited(request)
    body = parse_body(raw, RouteIn)

    async def command(tx: Tx, act: Act) -> Answer:
        stored = await define_case_route(tx, DefineCaseRoute(trial=body.trial, route=body.route()), act)
        return Answer(body=RouteDefinedOut(route_id=stored.id))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.get("/case-routes")
async def list_routes_route(request: Request, principal: Person, trial: TrialCode) -> RoutesOut:
    """Where a trial's case reports go now."""

    async def query(tx: Tx, _act: Act) -> Any:
        return await routes(tx, principal, trial=trial)

    found = await service_of(request).performer.query(request, principal, query)
    return RoutesOut(
        items=[
            RouteOut(
                route_id=one.id,
                name=one.route.name,
                profile=one.route.profile.value,
                recorded_at=one.recorded_at,
                route={"receiver": one.route.message_receiver, "met_by": one.route.met_by.value},
            )
            for one in found
        ]
    )


@router.post("/cases", status_code=201, response_model=CaseOut, openapi_extra=request_body(CaseIn))
async def open_case_route(request: Request, principal: Person) -> Response:
    """Make a case of reports about one participant."""
    raw = await read_limited(request, limit=BODY)
    body = parse_body(raw, CaseIn)

    async def command(tx: Tx, act: Act) -> Answer:
        asked = RegisterCase(
            route_id=body.route_id, report_ids=tuple(body.report_ids), content=body.content.content()
        )
        return Answer(body=_out(await register_case(tx, asked, act)))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.get("/cases")
async def list_cases_route(
    request: Request,
    principal: Person,
    trial: TrialCode,
    waiting: bool | None = None,
    cursor: Cursor = "",
    limit: Limit = PAGE,
) -> CasesOut:
    """Cases of a trial, oldest first; `waiting` for the queue of what is to be sent."""

    async def query(tx: Tx, _act: Act) -> Any:
        return await queue_of_cases(tx, principal, trial=trial, waiting=waiting, after=cursor, limit=limit)

    found = await service_of(request).performer.query(request, principal, query)
    items = [CaseOut.model_validate(row | {"case_id": row["id"]}) for row in found]
    return CasesOut(items=items, next_cursor=items[-1].case_id if len(items) == limit else None)


@router.get("/cases/{case_id}")
async def show_case_route(request: Request, principal: Person, case_id: Id) -> CaseDetailOut:
    """One case with every version of what was said of it."""

    async def query(tx: Tx, _act: Act) -> Any:
        return await show_case(tx, principal, case_id)

    shown = await service_of(request).performer.query(request, principal, query)
    return CaseDetailOut(
        case=_out(shown.stored),
        report_ids=list(shown.stored.report_ids),
        versions=[CaseVersionOut.model_validate(version) for version in shown.versions],
    )


@router.post(
    "/cases/{case_id}/versions",
    status_code=201,
    response_model=CaseOut,
    openapi_extra=request_body(ChangeIn),
)
async def change_case_route(request: Request, principal: Person, case_id: Id) -> Response:
    """Further information or a correction; for a nullified number it opens a linked case, which is answered."""
    raw = await read_limited(request, limit=BODY)
    body = parse_body(raw, ChangeIn)

    async def command(tx: Tx, act: Act) -> Answer:
        asked = ChangeCase(
            case_id=case_id,
            route_id=body.route_id,
            kind=ChangeKind(body.kind),
            received_on=body.received_on,
            reason=body.reason,
            content=body.content.content(),
            report_ids=tuple(body.report_ids),
        )
        return Answer(body=_out(await change_case(tx, asked, act)))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.post(
    "/cases/{case_id}/nullifications",
    status_code=201,
    response_model=CaseOut,
    openapi_extra=request_body(ReasonIn),
)
async def nullify_case_route(request: Request, principal: Person, case_id: Id) -> Response:
    """Take a case back that was sent; its number is closed for ever."""
    raw = await read_limited(request)
    body = parse_body(raw, ReasonIn)

    async def command(tx: Tx, act: Act) -> Answer:
        asked = NullifyCase(case_id=case_id, reason=body.reason)
        return Answer(body=_out(await nullify_case(tx, asked, act)))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.get("/cases/{case_id}/page", response_class=HTMLResponse)
async def print_case_route(request: Request, principal: Person, case_id: Id, route_id: str) -> HTMLResponse:
    """The case as a page for print, as the route's file would tell it."""

    async def query(tx: Tx, _act: Act) -> Any:
        return await print_case(tx, principal, case_id, route_id)

    page = await service_of(request).performer.query(request, principal, query)
    policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    return HTMLResponse(page, headers={"content-security-policy": policy})


def _out(stored: Any) -> CaseOut:
    case = stored.case
    return CaseOut(
        case_id=case.id,
        number=case.number,
        worldwide_number=case.worldwide_number,
        state=case.state.value,
        waits=case.waits,
        version=case.newest.number,
        first_received_on=case.first_received_on.isoformat(),
        participant_number=stored.participant_number,
    )

"""Routes about parked events, the same in every service, for operators: look, apply again, give up by two people."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from shared import parked
from shared.act import Act
from shared.audit import record
from shared.database import Tx
from shared.delivery_views import DiscardState, NumberCursor, ParkedPage, Released, after_number
from shared.json_body import StrictModel, parse_body, read_limited, read_nothing, request_body
from shared.openapi import also_answers
from shared.operators import Person, operator_only
from shared.perform import Answer
from shared.problems import Problem
from shared.service import Service, service_of

PAGE = 200
ParkedId = Annotated[int, Path(ge=1, le=2**62)]

router = APIRouter(tags=["delivery"])


@router.get("/delivery/parked")
async def list_parked_events(request: Request, principal: Person, cursor: NumberCursor = "") -> ParkedPage:
    """Events that could not be applied and wait; no payload is shown."""
    operator_only(principal)
    service = service_of(request)
    rows = await service.database.read(
        lambda tx: parked.list_parked(tx, service.name, after=after_number(cursor), limit=PAGE)
    )
    return ParkedPage(items=rows, next_cursor=str(rows[-1].id) if len(rows) == PAGE else None)


@router.get("/delivery/parked/{parked_id}")
async def show_parked_event(request: Request, principal: Person, parked_id: ParkedId) -> parked.ParkedRow:
    """One parked event; no payload is shown."""
    operator_only(principal)
    service = service_of(request)
    row = await service.database.read(lambda tx: parked.find_parked(tx, service.name, parked_id))
    if row is None:
        raise Problem("not_found")
    return row


@router.post("/delivery/parked/{parked_id}/releases", status_code=201, response_model=Released)
async def release_parked(request: Request, principal: Person, parked_id: ParkedId) -> Response:
    """Apply an aggregate's parked events again, oldest first, up to the first that still fails."""
    operator_only(principal)
    service = service_of(request)
    raw = await read_nothing(request)

    async def command(tx: Tx, act: Act) -> Answer:
        row = await _waiting_row(tx, service, parked_id)
        inbox = service.inboxes[row.producer]
        applied = await inbox.release_in(tx, row.aggregate_id or "", by=act.actor)
        await record(tx, act, f"parked:{row.id}", "parked-event.released", {"applied": applied})
        return Answer(body=Released(applied=applied))

    return await service.performer.command(request, principal, raw, command)


class DiscardIn(StrictModel):
    reason: str


@router.post(
    "/delivery/parked/{parked_id}/discards",
    status_code=201,
    response_model=DiscardState,
    responses=also_answers(202, DiscardState, "Noted; a second person must confirm"),
    openapi_extra=request_body(DiscardIn),
)
async def discard_parked(request: Request, principal: Person, parked_id: ParkedId) -> Response:
    """Give an event up. The first person asks with a reason, a second one, by the same call, does it."""
    operator_only(principal)
    service = service_of(request)
    raw = await read_limited(request)
    reason = parse_body(raw, DiscardIn).reason.strip()
    if not reason:
        raise Problem("reason_required", status=422, title="A reason is needed")

    async def command(tx: Tx, act: Act) -> Answer:
        row = await _waiting_row(tx, service, parked_id)
        if row.resolved_by is None:
            await parked.request_discard(tx, row.id, by=act.actor, note=reason)
            await record(tx, act, f"parked:{row.id}", "parked-event.discard-requested", {}, reason=reason)
            return Answer(body=DiscardState(state="second_person_required"), status=202)
        if row.resolved_by == act.actor:
            raise Problem("second_person_required", status=409, title="Another person must confirm this")
        await service.inboxes[row.producer].discard(tx, row, approved_by=act.actor)
        await record(tx, act, f"parked:{row.id}", "parked-event.discarded", {}, reason=reason)
        return Answer(body=DiscardState(state="discarded"))

    return await service.performer.command(request, principal, raw, command)


async def _waiting_row(tx: Tx, service: Service, parked_id: int) -> parked.ParkedRow:
    row = await parked.find_parked(tx, service.name, parked_id)
    if row is None or row.state != "parked":
        raise Problem("not_found")
    return row

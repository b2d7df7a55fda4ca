"""Routes of adverse events: taking them in, amending, confirming, matching, clearing and reading them."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from services.safety.api.parameters import PAGE, Answered, Cursor, Id, Limit, Person, TrialCode
from services.safety.api.report_answers import (
    AmendedOut,
    PlainReceiptOut,
    ReceiptOut,
    ReportDetailOut,
    ReportListOut,
    amended_out,
    detail_out,
    list_out,
    receipt_out,
)
from services.safety.api.statements import AmendmentIn, ReportIn
from services.safety.commands.amend_adverse_event import AmendAdverseEvent, amend_adverse_event
from services.safety.commands.clear_report import ClearReport, clear_report
from services.safety.commands.confirm_adverse_event import ConfirmAdverseEvent, confirm_adverse_event
from services.safety.commands.match_report import MatchReport, match_report
from services.safety.commands.report_adverse_event import ReportAdverseEvent, report_adverse_event
from services.safety.queries.adverse_events import list_adverse_events, show_adverse_event
from services.safety.queries.ctcae_texts import texts_about
from services.safety.settings import texts_folder
from shared.act import Act
from shared.database import Tx
from shared.json_body import StrictModel, parse_body, read_limited, request_body
from shared.openapi import INTAKE
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["adverse-events"])


class ConfirmationIn(StrictModel):
    """What the participant's investigator confirms."""

    grades: Annotated[bool, Field(description="Every grade as it stands")] = False
    causality: Annotated[bool, Field(description="The opinion that the safety desk noted")] = False
    exclusions: list[str] = Field(
        default_factory=list, max_length=100, description="DLT exclusions that apply"
    )
    version: Annotated[int | None, Field(ge=1)] = None


class MatchIn(StrictModel):
    participant_number: Annotated[str, Field(min_length=1, max_length=100)]


class ClearanceIn(StrictModel):
    reason: Annotated[str, Field(max_length=2000)]


class ClearanceOut(Answered):
    """`cleared` is false until a second person has agreed."""

    report_id: str
    version: int
    cleared: bool


@router.post(
    "/adverse-events",
    status_code=201,
    response_model=ReceiptOut | PlainReceiptOut,
    openapi_extra=request_body(ReportIn) | INTAKE,
)
async def report_adverse_event_route(request: Request, principal: Person) -> Response:
    """Take in a report from anybody who is authenticated; a key is made when none is given."""
    raw = await read_limited(request)
    body = parse_body(raw, ReportIn, nul="keep")

    async def command(tx: Tx, act: Act) -> Answer:
        receipt = await report_adverse_event(
            tx,
            ReportAdverseEvent(
                trial=body.trial or "",
                participant_number=body.participant_number or "",
                site_number=body.site_number or "",
                stated_by=body.stated_by or "",
                words=body.words(),
            ),
            act,
        )
        return Answer(body=receipt_out(receipt))

    return await service_of(request).performer.command(request, principal, raw, command, key_optional=True)


@router.post(
    "/adverse-events/{report_id}/amendments",
    status_code=201,
    response_model=AmendedOut,
    openapi_extra=request_body(AmendmentIn),
)
async def amend_adverse_event_route(request: Request, principal: Person, report_id: Id) -> Response:
    """State the whole event anew."""
    raw = await read_limited(request)
    body = parse_body(raw, AmendmentIn, nul="keep")

    async def command(tx: Tx, act: Act) -> Answer:
        amended = await amend_adverse_event(
            tx,
            AmendAdverseEvent(
                report_id=report_id,
                words=body.words(),
                stated_by=body.stated_by or "",
                reason=(body.reason or "").replace("\0", "\ufffd"),  # a column of its own, and the audit
                seen_version=body.version,
            ),
            act,
        )
        return Answer(body=amended_out(amended))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.post(
    "/adverse-events/{report_id}/confirmations",
    status_code=201,
    response_model=AmendedOut,
    openapi_extra=request_body(ConfirmationIn),
)
async def confirm_adverse_event_route(request: Request, principal: Person, report_id: Id) -> Response:
    """Confirm grades, DLT exclusions or a noted opinion, as the participant's investigator."""
    raw = await read_limited(request)
    body = parse_body(raw, ConfirmationIn)

    async def command(tx: Tx, act: Act) -> Answer:
        amended = await confirm_adverse_event(
            tx,
            ConfirmAdverseEvent(
                report_id=report_id,
                grades=body.grades,
                causality=body.causality,
                exclusions=tuple(body.exclusions),
                seen_version=body.version,
            ),
            act,
        )
        return Answer(body=amended_out(amended))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.post(
    "/adverse-events/{report_id}/matches",
    status_code=201,
    response_model=AmendedOut,
    openapi_extra=request_body(MatchIn),
)
async def match_report_route(request: Request, principal: Person, report_id: Id) -> Response:
    """Give an unmatched report its participant."""
    raw = await read_limited(request)
    body = parse_body(raw, MatchIn)

    async def command(tx: Tx, act: Act) -> Answer:
        matched = await match_report(
            tx, MatchReport(report_id=report_id, participant_number=body.participant_number), act
        )
        return Answer(body=amended_out(matched))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.post(
    "/adverse-events/{report_id}/clearances",
    status_code=201,
    response_model=ClearanceOut,
    openapi_extra=request_body(ClearanceIn),
)
async def clear_report_route(request: Request, principal: Person, report_id: Id) -> Response:
    """State that an unmatched report concerns nobody in the trial; the second of two people completes it."""
    raw = await read_limited(request)
    body = parse_body(raw, ClearanceIn)

    async def command(tx: Tx, act: Act) -> Answer:
        cleared = await clear_report(tx, ClearReport(report_id=report_id, reason=body.reason), act)
        return Answer(body=ClearanceOut.model_validate(cleared))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.get("/adverse-events")
async def list_adverse_events_route(
    request: Request,
    principal: Person,
    trial: TrialCode | None = None,
    cursor: Cursor = "",
    limit: Limit = PAGE,
) -> ReportListOut:
    """Reports in the order in which they came; site staff see their own site's."""

    async def query(tx: Tx, _act: Act) -> Any:
        return await list_adverse_events(tx, principal, trial_key=trial, after=cursor, limit=limit)

    return list_out(await service_of(request).performer.query(request, principal, query), limit)


@router.get("/adverse-events/{report_id}")
async def show_adverse_event_route(request: Request, principal: Person, report_id: Id) -> ReportDetailOut:
    """One report with all its versions."""

    async def query(tx: Tx, _act: Act) -> Any:
        return await show_adverse_event(tx, principal, report_id)

    service = service_of(request)
    shown = await service.performer.query(request, principal, query)
    texts = texts_about(shown.record.event.content.term, texts_folder(service.settings))
    return detail_out(shown, texts)

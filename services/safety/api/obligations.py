"""Routes of what follows from an event: assessments, obligations, and what met them."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from services.safety.api.case_answers import (
    AnswerIn,
    AssessmentIn,
    DisagreementListOut,
    EndingIn,
    FollowUpOut,
    ObligationListOut,
    ObligationOut,
    RecordedOut,
    SimulationOut,
    SubmissionIn,
    SubmissionOut,
    disagreement_out,
    follow_up_out,
    obligation_out,
    recorded_out,
    simulation_out,
    submission_out,
)
from services.safety.api.parameters import PAGE, Cursor, Id, Limit, Person, TrialCode
from services.safety.commands.answer_submission import AnswerSubmission, answer_submission
from services.safety.commands.end_obligation import EndObligation, void_obligation
from services.safety.commands.record_assessment import Denied, RecordAssessment, record_assessment
from services.safety.commands.record_submission import RecordSubmission, record_submission
from services.safety.domain.obligation import ObligationState
from services.safety.domain.refusals import REFUSALS, Refused
from services.safety.queries.case_follow_up import (
    disagreements,
    obligations,
    show_case,
    show_obligation,
    simulate_case,
)
from shared.act import Act
from shared.database import Tx
from shared.json_body import parse_body, read_limited, request_body
from shared.perform import Answer
from shared.problems import MEDIA_TYPE
from shared.service import service_of

router = APIRouter(tags=["obligations"])

Regime = Annotated[str, Query(pattern=r"^[a-z0-9-]{1,40}$", description="Such as uk-2026")]


@router.post(
    "/adverse-events/{report_id}/assessments",
    status_code=201,
    response_model=RecordedOut,
    openapi_extra=request_body(AssessmentIn),
)
async def record_assessment_route(request: Request, principal: Person, report_id: Id) -> Response:
    """Record a party's view; an attempt to write another party's is refused, and on record."""
    raw = await read_limited(request)
    body = parse_body(raw, AssessmentIn)

    async def command(tx: Tx, act: Act) -> Answer:
        asked = RecordAssessment(report_id=report_id, stated=body.stated(), seen_version=body.version)
        recorded = await record_assessment(tx, asked, act)
        if isinstance(recorded, Denied):
            return _denied(recorded.refused, act)
        return Answer(body=recorded_out(recorded))

    return await service_of(request).performer.command(request, principal, raw, command)


def _denied(refused: Refused, act: Act) -> Answer:
    """A refusal that is committed, so that the attempt stays on record."""
    kind = REFUSALS[refused.code]
    document = {
        "type": f"/problems/{refused.code}",
        "title": kind.title,
        "status": kind.status,
        "code": refused.code,
        "detail": refused.detail,
        "request_id": act.correlation_id,
    }
    return Answer(body=document, status=kind.status, media_type=MEDIA_TYPE)


@router.get("/adverse-events/{report_id}/follow-up")
async def show_follow_up_route(request: Request, principal: Person, report_id: Id) -> FollowUpOut:
    """Every assessment, class, obligation and submission of one event."""

    async def query(tx: Tx, _act: Act) -> Any:
        return await show_case(tx, principal, report_id)

    return follow_up_out(report_id, await service_of(request).performer.query(request, principal, query))


@router.get("/adverse-events/{report_id}/simulations")
async def simulate_route(request: Request, principal: Person, report_id: Id, regime: Regime) -> SimulationOut:
    """What would be owed under a regime if the sponsor became aware now; nothing is kept."""

    async def query(tx: Tx, act: Act) -> Any:
        return await simulate_case(tx, principal, act, report_id, regime)

    return simulation_out(regime, await service_of(request).performer.query(request, principal, query))


@router.post(
    "/adverse-events/{report_id}/submissions",
    status_code=201,
    response_model=SubmissionOut,
    openapi_extra=request_body(SubmissionIn),
)
async def record_submission_route(request: Request, principal: Person, report_id: Id) -> Response:
    """Record a report that was sent by another way than our file, with its proof."""
    raw = await read_limited(request)
    body = parse_body(raw, SubmissionIn)

    async def command(tx: Tx, act: Act) -> Answer:
        asked = RecordSubmission(
            report_id=report_id,
            recipients=tuple(body.recipients),
            sent_at=body.sent_at,
            reference=body.reference,
            receipt=body.receipt,
            file_sha256=body.file_sha256,
            complete=body.complete,
        )
        return Answer(body=submission_out(await record_submission(tx, asked, act)))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.post(
    "/submissions/{submission_id}/answers",
    status_code=201,
    response_model=SubmissionOut,
    openapi_extra=request_body(AnswerIn),
)
async def answer_submission_route(request: Request, principal: Person, submission_id: Id) -> Response:
    """Record what the recipient answered."""
    raw = await read_limited(request)
    body = parse_body(raw, AnswerIn)

    async def command(tx: Tx, act: Act) -> Answer:
        asked = AnswerSubmission(
            submission_id=submission_id,
            accepted=body.accepted,
            answered_at=body.answered_at,
            reference=body.reference,
        )
        return Answer(body=submission_out(await answer_submission(tx, asked, act)))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.get("/obligations")
async def list_obligations_route(
    request: Request,
    principal: Person,
    trial: TrialCode | None = None,
    state: ObligationState | None = None,
    cursor: Cursor = "",
    limit: Limit = PAGE,
) -> ObligationListOut:
    """Obligations in the order in which they were opened."""

    async def query(tx: Tx, _act: Act) -> Any:
        return await obligations(tx, principal, trial_key=trial, state=state, after=cursor, limit=limit)

    found = await service_of(request).performer.query(request, principal, query)
    items = [obligation_out(one) for one in found]
    return ObligationListOut(
        items=items, next_cursor=items[-1].obligation_id if len(items) == limit else None
    )


@router.get("/obligations/{obligation_id}")
async def show_obligation_route(request: Request, principal: Person, obligation_id: Id) -> ObligationOut:
    """One obligation with its proof."""

    async def query(tx: Tx, _act: Act) -> Any:
        return await show_obligation(tx, principal, obligation_id)

    return obligation_out(await service_of(request).performer.query(request, principal, query))


@router.post(
    "/obligations/{obligation_id}/endings",
    status_code=201,
    response_model=ObligationOut,
    openapi_extra=request_body(EndingIn),
)
async def end_obligation_route(request: Request, principal: Person, obligation_id: Id) -> Response:
    """End an obligation unmet, for a reason that somebody signs with their name."""
    raw = await read_limited(request)
    body = parse_body(raw, EndingIn)

    async def command(tx: Tx, act: Act) -> Answer:
        asked = EndObligation(obligation_id=obligation_id, reason=body.reason)
        return Answer(body=obligation_out(await void_obligation(tx, asked, act)))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.get("/causality-disagreements")
async def list_disagreements_route(
    request: Request, principal: Person, trial: TrialCode
) -> DisagreementListOut:
    """The register of events on whose causality investigator and sponsor differ."""

    async def query(tx: Tx, _act: Act) -> Any:
        return await disagreements(tx, principal, trial)

    found = await service_of(request).performer.query(request, principal, query)
    return DisagreementListOut(items=[disagreement_out(one) for one in found])

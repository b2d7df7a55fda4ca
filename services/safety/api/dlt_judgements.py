"""Routes of DLTs by judgement: an investigator signs one, the committee confirms or refuses it."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from services.safety.api.parameters import Answered, Id, Person
from services.safety.commands.decide_dlt_judgement import DecideDltJudgement, decide_dlt_judgement
from services.safety.commands.sign_dlt_judgement import SignDltJudgement, sign_dlt_judgement
from services.safety.queries.dlt_judgements import list_dlt_judgements
from shared.act import Act
from shared.database import Tx
from shared.json_body import Instant, StrictModel, parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["dlt-judgements"])

Reason = Annotated[str, Field(max_length=4000, description="Never leaves this service")]


class JudgementIn(StrictModel):
    """A criterion by judgement of the trial's DLT definition, and when its toxicity occurred."""

    criterion: Annotated[str, Field(min_length=1, max_length=40)]
    occurred_on: date
    reason: Reason


class JudgementDecisionIn(StrictModel):
    confirmed: bool
    reason: Reason


class JudgementOut(Answered):
    judgement_id: str
    participant_id: str
    criterion: str
    occurred_on: date
    signed_by: str
    signed_at: Instant
    reason: str
    committee: str
    decided_by: str | None
    decided_at: Instant | None
    decision_reason: str | None


class JudgementListOut(Answered):
    items: list[JudgementOut]


def _out(judgement: Any) -> JudgementOut:
    names = [name for name in JudgementOut.model_fields if name != "judgement_id"]
    return JudgementOut(judgement_id=judgement.id, **{name: getattr(judgement, name) for name in names})


@router.post(
    "/participants/{participant_id}/dlt-judgements",
    status_code=201,
    response_model=JudgementOut,
    openapi_extra=request_body(JudgementIn),
)
async def sign_dlt_judgement_route(request: Request, principal: Person, participant_id: Id) -> Response:
    """Sign that a participant had a DLT, as an investigator of the site; provisional until the committee has said."""
    raw = await read_limited(request)
    body = parse_body(raw, JudgementIn)

    async def command(tx: Tx, act: Act) -> Answer:
        signing = SignDltJudgement(
            participant_id=participant_id,
            criterion=body.criterion,
            occurred_on=body.occurred_on,
            reason=body.reason,
        )
        return Answer(body=_out(await sign_dlt_judgement(tx, signing, act)))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.post(
    "/dlt-judgements/{judgement_id}/decisions",
    status_code=201,
    response_model=JudgementOut,
    openapi_extra=request_body(JudgementDecisionIn),
)
async def decide_dlt_judgement_route(request: Request, principal: Person, judgement_id: Id) -> Response:
    """Confirm or refuse it, as a member of the committee who has not signed it."""
    raw = await read_limited(request)
    body = parse_body(raw, JudgementDecisionIn)

    async def command(tx: Tx, act: Act) -> Answer:
        deciding = DecideDltJudgement(judgement_id=judgement_id, confirmed=body.confirmed, reason=body.reason)
        return Answer(body=_out(await decide_dlt_judgement(tx, deciding, act)))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.get("/participants/{participant_id}/dlt-judgements")
async def list_dlt_judgements_route(
    request: Request, principal: Person, participant_id: Id
) -> JudgementListOut:
    """Every judgement about a participant, oldest first, with both parties' reasons."""

    async def query(tx: Tx, _act: Act) -> Any:
        return await list_dlt_judgements(tx, principal, participant_id)

    found = await service_of(request).performer.query(request, principal, query)
    return JudgementListOut(items=[_out(judgement) for judgement in found])

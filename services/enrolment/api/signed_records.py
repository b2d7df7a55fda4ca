"""What is signed for a screening: consents, assents, eligibility with the judgement, ages."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from services.enrolment.api.consent_bodies import (
    AgeStatedOut,
    AgeStatementIn,
    AnswerIn,
    AssentIn,
    AssentRecordedOut,
    ConsentIn,
    ConsentRecordedOut,
    entered,
)
from services.enrolment.api.route import OutModel, Person, Slug, Words
from services.enrolment.commands.record_assent import (
    DecideOnRefusal,
    RecordAssent,
    decide_on_refusal,
    record_assent,
)
from services.enrolment.commands.record_consent import RecordConsent, record_consent
from services.enrolment.commands.record_eligibility import (
    RecordEligibility,
    StateAge,
    record_eligibility,
    state_age,
)
from services.enrolment.domain.eligibility import Judgement
from shared.act import Act
from shared.database import Tx
from shared.json_body import Instant, StrictModel, parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["screenings"])
ScreeningId = Annotated[str, Path(max_length=64)]


@router.post(
    "/screenings/{screening_id}/consents",
    status_code=201,
    response_model=ConsentRecordedOut,
    openapi_extra=request_body(ConsentIn),
)
async def record_consent_route(request: Request, principal: Person, screening_id: ScreeningId) -> Response:
    """Record a consent on a form of the protocol version in use at the site."""
    raw = await read_limited(request)
    body = parse_body(raw, ConsentIn)

    async def command(tx: Tx, act: Act) -> Answer:
        consent_id = await record_consent(
            tx,
            RecordConsent(screening_id=screening_id, **body.given()),
            act,
        )
        return Answer(body=ConsentRecordedOut(consent_id=consent_id))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.post(
    "/screenings/{screening_id}/assents",
    status_code=201,
    response_model=AssentRecordedOut,
    openapi_extra=request_body(AssentIn),
)
async def record_assent_route(request: Request, principal: Person, screening_id: ScreeningId) -> Response:
    """Record what the child answered."""
    raw = await read_limited(request)
    body = parse_body(raw, AssentIn)

    async def command(tx: Tx, act: Act) -> Answer:
        assent_id = await record_assent(
            tx,
            RecordAssent(screening_id=screening_id, **body.given()),
            act,
        )
        return Answer(body=AssentRecordedOut(assent_id=assent_id))

    return await service_of(request).performer.command(request, principal, raw, command)


class AssentDecisionIn(StrictModel):
    """The reason is kept with the record and its audit, and goes nowhere else."""

    reason: Words
    signed_at: Instant


@router.post(
    "/screenings/{screening_id}/assent-decisions",
    status_code=201,
    response_model=AssentRecordedOut,
    openapi_extra=request_body(AssentDecisionIn),
)
async def decide_on_refusal_route(request: Request, principal: Person, screening_id: ScreeningId) -> Response:
    """The investigator's signed decision to go on although the child refused."""
    raw = await read_limited(request)
    body = parse_body(raw, AssentDecisionIn)

    async def command(tx: Tx, act: Act) -> Answer:
        decided = DecideOnRefusal(screening_id=screening_id, reason=body.reason, signed_at=body.signed_at)
        return Answer(body=AssentRecordedOut(assent_id=await decide_on_refusal(tx, decided, act)))

    return await service_of(request).performer.command(request, principal, raw, command)


class JudgementIn(StrictModel):
    """In this child's interests, alternatives considered; never "will help"."""

    in_interests: bool


class EligibilityIn(StrictModel):
    """Answers as they were found, each of its criterion's kind; whoever is asking signs them."""

    version: Annotated[str, Field(min_length=1, max_length=20)]
    answers: Annotated[dict[Slug, AnswerIn], Field(max_length=500)]
    judgement: JudgementIn | None = None
    signed_at: Instant


class EligibilityRecordedOut(OutModel):
    eligibility_id: str


@router.post(
    "/screenings/{screening_id}/eligibility",
    status_code=201,
    response_model=EligibilityRecordedOut,
    openapi_extra=request_body(EligibilityIn),
)
async def record_eligibility_route(
    request: Request, principal: Person, screening_id: ScreeningId
) -> Response:
    """Sign off eligibility and judgement; whoever is asking is the signer."""
    raw = await read_limited(request)
    body = parse_body(raw, EligibilityIn)

    async def command(tx: Tx, act: Act) -> Answer:
        judgement = None
        if body.judgement is not None:
            yes = body.judgement.in_interests
            judgement = Judgement.IN_INTERESTS if yes else Judgement.NOT_IN_INTERESTS
        eligibility_id = await record_eligibility(
            tx,
            RecordEligibility(
                screening_id=screening_id,
                version=body.version,
                answers={name: entered(answer) for name, answer in body.answers.items()},
                judgement=judgement,
                signed_at=body.signed_at,
            ),
            act,
        )
        return Answer(body=EligibilityRecordedOut(eligibility_id=eligibility_id))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.post(
    "/screenings/{screening_id}/age-statements",
    status_code=201,
    response_model=AgeStatedOut,
    openapi_extra=request_body(AgeStatementIn),
)
async def state_age_route(request: Request, principal: Person, screening_id: ScreeningId) -> Response:
    """State an age; the site knows the day of birth, this service does not."""
    raw = await read_limited(request)
    body = parse_body(raw, AgeStatementIn)

    async def command(tx: Tx, act: Act) -> Answer:
        stated = StateAge(screening_id=screening_id, years=body.years, on=body.on)
        return Answer(body=AgeStatedOut(statement_id=await state_age(tx, stated, act)))

    return await service_of(request).performer.command(request, principal, raw, command)

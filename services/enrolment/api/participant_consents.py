"""Consent of those who take part: signed again, on coming of age, for uses of samples; and who is asked for what."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import Field, model_validator
from starlette.requests import Request
from starlette.responses import Response

from services.enrolment.api.consent_bodies import (
    AgeStatedOut,
    AgeStatementIn,
    AssentIn,
    AssentRecordedOut,
    ConsentIn,
    ConsentRecordedOut,
)
from services.enrolment.api.route import Cursor, Limit, OutModel, Person, ReasonCode, Slug, TrialQuery
from services.enrolment.commands.answer_adult_consent import AnswerAdultConsent, answer_adult_consent
from services.enrolment.commands.sign_for_participant import (
    ChangeSampleUses,
    RecordParticipantAssent,
    RecordParticipantConsent,
    StateParticipantAge,
    change_sample_uses,
    record_participant_assent,
    record_participant_consent,
    state_participant_age,
)
from services.enrolment.domain.adult_consent import AdultConsent, AdultConsentAnswer, AdultConsentState
from services.enrolment.queries.consent_tasks import show_consent_tasks, show_consents
from shared.act import Act
from shared.database import Tx
from shared.json_body import Instant, StrictModel, parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["consent"])
ParticipantId = Annotated[str, Path(max_length=64)]


@router.post(
    "/participants/{participant_id}/consents",
    status_code=201,
    response_model=ConsentRecordedOut,
    openapi_extra=request_body(ConsentIn),
)
async def record_participant_consent_route(
    request: Request, principal: Person, participant_id: ParticipantId
) -> Response:
    """Record a consent of somebody who takes part, on a form in use at their site."""
    raw = await read_limited(request)
    body = parse_body(raw, ConsentIn)

    async def command(tx: Tx, act: Act) -> Answer:
        wanted = RecordParticipantConsent(participant_id=participant_id, **body.given())
        return Answer(body=ConsentRecordedOut(consent_id=await record_participant_consent(tx, wanted, act)))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.post(
    "/participants/{participant_id}/assents",
    status_code=201,
    response_model=AssentRecordedOut,
    openapi_extra=request_body(AssentIn),
)
async def record_participant_assent_route(
    request: Request, principal: Person, participant_id: ParticipantId
) -> Response:
    """Record what a child who takes part answered."""
    raw = await read_limited(request)
    body = parse_body(raw, AssentIn)

    async def command(tx: Tx, act: Act) -> Answer:
        wanted = RecordParticipantAssent(participant_id=participant_id, **body.given())
        return Answer(body=AssentRecordedOut(assent_id=await record_participant_assent(tx, wanted, act)))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.post(
    "/participants/{participant_id}/age-statements",
    status_code=201,
    response_model=AgeStatedOut,
    openapi_extra=request_body(AgeStatementIn),
)
async def state_participant_age_route(
    request: Request, principal: Person, participant_id: ParticipantId
) -> Response:
    """State the age of somebody who takes part; it may prove that the age of consent is reached, or is not."""
    raw = await read_limited(request)
    body = parse_body(raw, AgeStatementIn)

    async def command(tx: Tx, act: Act) -> Answer:
        stated = StateParticipantAge(participant_id=participant_id, years=body.years, on=body.on)
        return Answer(body=AgeStatedOut(statement_id=await state_participant_age(tx, stated, act)))

    return await service_of(request).performer.command(request, principal, raw, command)


class SampleUseChangeIn(StrictModel):
    """Uses of samples that are consented to from here on, or no longer; the others stay as they are."""

    uses: Annotated[dict[Slug, bool], Field(min_length=1, max_length=20)]
    decided_at: Instant


class SampleUsesOut(OutModel):
    participant_id: str
    uses: dict[str, bool]


@router.post(
    "/participants/{participant_id}/sample-use-changes",
    status_code=201,
    response_model=SampleUsesOut,
    openapi_extra=request_body(SampleUseChangeIn),
)
async def change_sample_uses_route(
    request: Request, principal: Person, participant_id: ParticipantId
) -> Response:
    """Consent to a use of samples, or take that back; nobody is asked why."""
    raw = await read_limited(request)
    body = parse_body(raw, SampleUseChangeIn)

    async def command(tx: Tx, act: Act) -> Answer:
        wanted = ChangeSampleUses(participant_id=participant_id, uses=body.uses, decided_at=body.decided_at)
        await change_sample_uses(tx, wanted, act)
        return Answer(body=SampleUsesOut(participant_id=participant_id, uses=body.uses))

    return await service_of(request).performer.command(request, principal, raw, command)


class AdultConsentAnswerIn(StrictModel):
    """What was heard instead of a consent; whoever declines is not asked why, so there is no code to give."""

    answer: Literal["declines", "unreachable", "lacks_capacity"]
    reason_code: ReasonCode | None = None
    answered_at: Instant

    @model_validator(mode="after")
    def _nobody_is_asked_why(self) -> "AdultConsentAnswerIn":
        if self.answer == "declines" and self.reason_code is not None:
            raise ValueError("declining has no reason")
        return self


class AdultConsentOut(OutModel):
    """Where a participant stands; local dates are null where the age of consent is not known.

    `blocked` names the acts that wait until it is settled; `next_step` is the dialogue that declining opens.
    """

    state: str
    task_on: date | None
    earliest_on: date | None
    certain_on: date | None
    blocked: list[str]
    next_step: str | None


def _adult(participant_id: str, adult: AdultConsent) -> AdultConsentOut:
    declined = adult.state is AdultConsentState.DECLINED
    dates = adult.dates
    return AdultConsentOut(
        state=adult.state.value,
        task_on=dates.task_on if dates else None,
        earliest_on=dates.earliest_on if dates else None,
        certain_on=dates.certain_on if dates else None,
        blocked=sorted(adult.blocked),
        next_step=f"/participants/{participant_id}/participation-changes" if declined else None,
    )


@router.post(
    "/participants/{participant_id}/adult-consent-answers",
    status_code=201,
    response_model=AdultConsentOut,
    openapi_extra=request_body(AdultConsentAnswerIn),
)
async def answer_adult_consent_route(
    request: Request, principal: Person, participant_id: ParticipantId
) -> Response:
    """Record that a participant who came of age declines, is not reached or lacks capacity; nothing else changes."""
    raw = await read_limited(request)
    body = parse_body(raw, AdultConsentAnswerIn)

    async def command(tx: Tx, act: Act) -> Answer:
        wanted = AnswerAdultConsent(
            participant_id=participant_id,
            answer=AdultConsentAnswer(body.answer),
            reason_code=body.reason_code or "",
            answered_at=body.answered_at,
        )
        return Answer(body=_adult(participant_id, await answer_adult_consent(tx, wanted, act)))

    return await service_of(request).performer.command(request, principal, raw, command)


class SignedOut(OutModel):
    id: str
    document: str
    version: str
    purpose: str
    capacity: str
    parent: str
    site_number: str
    delegated: bool
    signed_at: Instant
    superseded_by: str


class ConsentTaskOut(OutModel):
    """`due_on` is a local date at the site, null where the protocol sets none; no form is named for coming of age."""

    kind: Literal["re_consent", "adult_consent", "participation_dialogue"]
    state: str
    due_on: date | None
    overdue: bool
    document: str
    version: str
    purpose: str


class ParticipantConsentsOut(OutModel):
    participant_id: str
    consents: list[SignedOut]
    adult_consent: AdultConsentOut
    sample_uses: dict[str, bool]
    tasks: list[ConsentTaskOut]


@router.get("/participants/{participant_id}/consents")
async def show_participant_consents_route(
    request: Request, principal: Person, participant_id: ParticipantId
) -> ParticipantConsentsOut:
    """Everything that was signed for a participant, what it allows, and what they are asked for now."""
    service = service_of(request)
    view = await service.performer.query(
        request, principal, lambda tx, act: show_consents(tx, act, participant_id)
    )
    return ParticipantConsentsOut(
        participant_id=participant_id,
        consents=[SignedOut.model_validate(one) for one in view.consents],
        adult_consent=_adult(participant_id, view.adult),
        sample_uses=dict(view.sample_uses),
        tasks=[ConsentTaskOut.model_validate(task) for task in view.tasks],
    )


class ListedTaskOut(ConsentTaskOut):
    participant_id: str
    participant_number: str
    site_number: str


class ConsentTasksOut(OutModel):
    items: list[ListedTaskOut]
    next_cursor: str | None


@router.get("/consent-tasks")
async def list_consent_tasks_route(
    request: Request, principal: Person, trial: TrialQuery, cursor: Cursor = "", limit: Limit = 50
) -> ConsentTasksOut:
    """Which participants have to sign what, and by when; a page ends with a whole participant."""
    service = service_of(request)
    page = await service.performer.query(
        request, principal, lambda tx, act: show_consent_tasks(tx, act, trial, after=cursor, limit=limit)
    )
    items = [
        ListedTaskOut(
            **ConsentTaskOut.model_validate(task).model_dump(),
            participant_id=standing.participant_id,
            participant_number=standing.number,
            site_number=standing.site_number,
        )
        for standing, task in page.items
    ]
    return ConsentTasksOut(items=items, next_cursor=page.next_cursor)

"""A death and its correction, taking part again, and mailings."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import Field, model_validator
from starlette.requests import Request
from starlette.responses import Response

from services.enrolment.api.route import Id, OutModel, Person, Slug, Words
from services.enrolment.commands.correct_death import CorrectDeath, correct_death
from services.enrolment.commands.record_death import RecordDeath, record_death
from services.enrolment.commands.send_mailing import (
    RecordDeathCheck,
    SendMailing,
    record_death_check,
    refuse_mailings,
    send_mailing,
)
from services.enrolment.commands.start_episode import StartEpisode, start_episode
from services.enrolment.domain.death import CauseCategory
from services.enrolment.domain.mailings import DeathCheckResult
from services.enrolment.domain.participation import Element
from services.enrolment.queries.afterwards import show_mailings
from shared.act import Act
from shared.database import Tx
from shared.json_body import Day, Instant, StrictModel, parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["afterwards"])
ParticipantId = Annotated[str, Path(max_length=64)]
ScreeningId = Annotated[str, Path(max_length=64)]
Cause = Literal["progression", "toxicity", "other", "unknown"]


class DeathIn(StrictModel):
    """A date at the site and a category; there is no field for a text."""

    died_on: Day
    cause: Cause


class DeathOut(OutModel):
    participant_id: str
    died_on: Day | None


@router.post(
    "/participants/{participant_id}/deaths",
    status_code=201,
    response_model=DeathOut,
    openapi_extra=request_body(DeathIn),
)
async def record_death_route(request: Request, principal: Person, participant_id: ParticipantId) -> Response:
    """Record a death: treatment, contacts, mailings and reminders end at once."""
    raw = await read_limited(request)
    body = parse_body(raw, DeathIn)

    async def command(tx: Tx, act: Act) -> Answer:
        cause = CauseCategory(body.cause)
        wanted = RecordDeath(participant_id=participant_id, died_on=body.died_on, cause=cause)
        await record_death(tx, wanted, act)
        return Answer(body=DeathOut(participant_id=participant_id, died_on=body.died_on))

    return await service_of(request).performer.command(request, principal, raw, command)


class DeathCorrectionIn(StrictModel):
    """`withdrawn` when the participant lives, or the day (and cause) as it should have been."""

    reason: Words
    withdrawn: Literal[True] | None = None
    died_on: Day | None = None
    cause: Cause | None = None

    @model_validator(mode="after")
    def _says_what(self) -> "DeathCorrectionIn":
        if (self.withdrawn is None) == (self.died_on is None) or (self.withdrawn and self.cause):
            raise ValueError("withdraw the record, or give the day")
        return self


@router.post(
    "/participants/{participant_id}/death-corrections",
    status_code=201,
    response_model=DeathOut,
    openapi_extra=request_body(DeathCorrectionIn),
)
async def correct_death_route(request: Request, principal: Person, participant_id: ParticipantId) -> Response:
    """Correct a death that was entered wrongly, or for the wrong participant."""
    raw = await read_limited(request)
    body = parse_body(raw, DeathCorrectionIn)

    async def command(tx: Tx, act: Act) -> Answer:
        wanted = CorrectDeath(
            participant_id=participant_id,
            reason=body.reason,
            died_on=body.died_on,
            cause=None if body.cause is None else CauseCategory(body.cause),
        )
        await correct_death(tx, wanted, act)
        return Answer(body=DeathOut(participant_id=participant_id, died_on=body.died_on))

    return await service_of(request).performer.command(request, principal, raw, command)


class EpisodeIn(StrictModel):
    """What the participant takes up again; `consent_id` is a consent signed since everything stopped."""

    consent_id: Id
    elements: Annotated[
        list[
            Literal[
                "treatment",
                "trial_visits_procedures",
                "contact",
                "data_from_routine_records",
                "sample_use",
                "data_already_collected",
            ]
        ],
        Field(min_length=1, max_length=6),
    ]
    started_at: Instant | None = None


class EpisodeStartedOut(OutModel):
    participant_id: str
    episode: int
    elements: dict[str, str]


@router.post(
    "/participants/{participant_id}/episodes",
    status_code=201,
    response_model=EpisodeStartedOut,
    openapi_extra=request_body(EpisodeIn),
)
async def start_episode_route(request: Request, principal: Person, participant_id: ParticipantId) -> Response:
    """Take part again after everything had stopped: the same participant, counted once."""
    raw = await read_limited(request)
    body = parse_body(raw, EpisodeIn)

    async def command(tx: Tx, act: Act) -> Answer:
        wanted = StartEpisode(
            participant_id=participant_id,
            consent_id=body.consent_id,
            elements=[Element(name) for name in body.elements],
            started_at=body.started_at or act.now,
        )
        started = await start_episode(tx, wanted, act)
        elements = {element.value: course.value for element, course in started.elements.items()}
        return Answer(
            body=EpisodeStartedOut(participant_id=participant_id, episode=started.number, elements=elements)
        )

    return await service_of(request).performer.command(request, principal, raw, command)


class DeathCheckIn(StrictModel):
    checked_on: Day
    result: Literal["no_death_found", "death_found"]


class DeathCheckedOut(OutModel):
    death_check_id: str


@router.post(
    "/screenings/{screening_id}/death-checks",
    status_code=201,
    response_model=DeathCheckedOut,
    openapi_extra=request_body(DeathCheckIn),
)
async def record_death_check_route(
    request: Request, principal: Person, screening_id: ScreeningId
) -> Response:
    """Record a look into the records of deaths."""
    raw = await read_limited(request)
    body = parse_body(raw, DeathCheckIn)

    async def command(tx: Tx, act: Act) -> Answer:
        wanted = RecordDeathCheck(
            screening_id=screening_id, checked_on=body.checked_on, result=DeathCheckResult(body.result)
        )
        return Answer(body=DeathCheckedOut(death_check_id=await record_death_check(tx, wanted, act)))

    return await service_of(request).performer.command(request, principal, raw, command)


class MailingIn(StrictModel):
    mailing: Slug
    sent_on: Day


class MailedOut(OutModel):
    mailing_id: str


@router.post(
    "/screenings/{screening_id}/mailings",
    status_code=201,
    response_model=MailedOut,
    openapi_extra=request_body(MailingIn),
)
async def send_mailing_route(request: Request, principal: Person, screening_id: ScreeningId) -> Response:
    """A letter may leave: after a check for deaths, and never after an opt-out."""
    raw = await read_limited(request)
    body = parse_body(raw, MailingIn)

    async def command(tx: Tx, act: Act) -> Answer:
        wanted = SendMailing(screening_id=screening_id, mailing=body.mailing, sent_on=body.sent_on)
        return Answer(body=MailedOut(mailing_id=await send_mailing(tx, wanted, act)))

    return await service_of(request).performer.command(request, principal, raw, command)


class OptOutIn(StrictModel):
    """Nothing to say: nobody is asked why."""


class OptedOutOut(OutModel):
    screening_id: str
    mailings: Literal["refused"] = "refused"


@router.post(
    "/screenings/{screening_id}/opt-outs",
    status_code=201,
    response_model=OptedOutOut,
    openapi_extra=request_body(OptOutIn),
)
async def refuse_mailings_route(request: Request, principal: Person, screening_id: ScreeningId) -> Response:
    """No more mailings, for ever."""
    raw = await read_limited(request)
    parse_body(raw, OptOutIn)

    async def command(tx: Tx, act: Act) -> Answer:
        await refuse_mailings(tx, screening_id, act)
        return Answer(body=OptedOutOut(screening_id=screening_id))

    return await service_of(request).performer.command(request, principal, raw, command)


class DeathCheckOut(OutModel):
    checked_on: Day
    result: str


class MailingOut(OutModel):
    mailing: str
    sent_on: Day


class MailingsOut(OutModel):
    checks: list[DeathCheckOut]
    mailings: list[MailingOut]
    refused: bool


@router.get("/screenings/{screening_id}/mailings")
async def show_mailings_route(request: Request, principal: Person, screening_id: ScreeningId) -> MailingsOut:
    """Mailings, the checks behind them, and whether they were refused."""
    view = await service_of(request).performer.query(
        request, principal, lambda tx, act: show_mailings(tx, act, screening_id)
    )
    return MailingsOut(
        checks=[DeathCheckOut(**row) for row in view.checks],
        mailings=[MailingOut(mailing=row["mailing"], sent_on=row["sent_on"]) for row in view.mailings],
        refused=view.refused,
    )

"""Randomising a participant, as blinded people know it: that it happened, never into which arm unless arms are open."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from services.enrolment.api.route import (
    OutModel,
    Person,
    ReasonCode,
    Slug,
    count_stale,
    refusal_answer,
    stale_members,
)
from services.enrolment.commands.correct_levels import CorrectLevels, correct_levels
from services.enrolment.commands.randomise_participant import (
    NotRandomised,
    RandomiseParticipant,
    randomise_participant,
)
from services.enrolment.domain.criteria import (
    Answer as Criterion,
)
from services.enrolment.domain.criteria import (
    ChosenAnswer,
    DatedAnswer,
    Entered,
    MeasuredAnswer,
)
from services.enrolment.domain.randomisation_records import Randomised
from services.enrolment.queries.randomisations import show_randomised
from shared.act import Act
from shared.database import Tx
from shared.json_body import Day, DecimalText, Instant, StrictModel, parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["randomisations"])
ParticipantId = Annotated[str, Path(max_length=64)]


class NumberIn(StrictModel):
    """In the criterion's unit; a number in another unit is not known."""

    value: DecimalText
    unit: Annotated[str, Field(min_length=1, max_length=20)]
    taken_on: Day


class ChoiceIn(StrictModel):
    option: Slug
    taken_on: Day | None = None


class DateIn(StrictModel):
    on: Day


class RandomisationIn(StrictModel):
    """`levels`: one of each factor but the site; `group` where the randomisation has groups; own criteria's answers."""

    randomisation: Slug
    levels: Annotated[dict[Slug, Slug], Field(max_length=10)] = Field(default_factory=dict)
    group: Slug | None = None
    answers: Annotated[dict[Slug, bool | NumberIn | ChoiceIn | DateIn | None], Field(max_length=50)] = Field(
        default_factory=dict
    )


class RandomisedOut(OutModel):
    """`arm` is null wherever arms are blinded."""

    randomisation_id: str
    randomisation: str
    design_version: str
    levels: dict[str, str]
    group: str | None
    arm: str | None
    randomised_at: Instant


class RandomisedListOut(OutModel):
    items: list[RandomisedOut]


def _out(made: Randomised) -> RandomisedOut:
    return RandomisedOut(
        randomisation_id=made.id,
        randomisation=made.randomisation,
        design_version=made.design_version,
        levels=dict(made.levels),
        group=made.stated_group or None,
        arm=made.open_arm or None,
        randomised_at=made.randomised_at,
    )


def _entered(answer: bool | NumberIn | ChoiceIn | DateIn | None) -> Entered:
    match answer:
        case NumberIn():
            return MeasuredAnswer(value=str(answer.value), unit=answer.unit, taken_on=answer.taken_on)
        case ChoiceIn():
            return ChosenAnswer(option=answer.option, taken_on=answer.taken_on)
        case DateIn():
            day: date = answer.on
            return DatedAnswer(on=day)
        case None:
            return Criterion.UNKNOWN
        case _:
            return Criterion.MET if answer else Criterion.NOT_MET


@router.post(
    "/participants/{participant_id}/randomisations",
    status_code=201,
    response_model=RandomisedOut,
    openapi_extra=request_body(RandomisationIn),
)
async def randomise_route(request: Request, principal: Person, participant_id: ParticipantId) -> Response:
    """201 when randomised, 409 with every guard that fails, 503 when too little is known; nobody twice."""
    raw = await read_limited(request)
    body = parse_body(raw, RandomisationIn)
    service = service_of(request)
    wanted = RandomiseParticipant(
        participant_id=participant_id,
        randomisation=body.randomisation,
        levels=body.levels,
        group=body.group or "",
        answers={name: _entered(answer) for name, answer in body.answers.items()},
    )

    async def command(tx: Tx, act: Act) -> Answer:
        outcome = await randomise_participant(tx, wanted, act, service.freshness)
        if isinstance(outcome, NotRandomised):
            count_stale(tx, service, outcome.stale)
            return refusal_answer(outcome.refused, act, **stale_members(outcome.stale))
        return Answer(body=_out(outcome))

    return await service.performer.command(request, principal, raw, command)


@router.get("/participants/{participant_id}/randomisations")
async def list_randomised_route(
    request: Request, principal: Person, participant_id: ParticipantId
) -> RandomisedListOut:
    """A participant's randomisations; an arm only where arms are open."""
    service = service_of(request)
    made = await service.performer.query(
        request, principal, lambda tx, act: show_randomised(tx, act, participant_id)
    )
    return RandomisedListOut(items=[_out(one) for one in made])


class LevelsCorrectionIn(StrictModel):
    """All levels as they should have been stated; the reason is a code."""

    randomisation: Slug
    levels: Annotated[dict[Slug, Slug], Field(max_length=10)]
    reason_code: ReasonCode


class LevelsCorrectedOut(OutModel):
    correction_id: str
    randomisation: str
    levels_before: dict[str, str]
    levels_after: dict[str, str]
    corrected_at: Instant


@router.post(
    "/participants/{participant_id}/randomisation-corrections",
    status_code=201,
    response_model=LevelsCorrectedOut,
    openapi_extra=request_body(LevelsCorrectionIn),
)
async def correct_levels_route(
    request: Request, principal: Person, participant_id: ParticipantId
) -> Response:
    """Correct wrongly stated strata or factor levels; the arm stays as it was drawn."""
    raw = await read_limited(request)
    body = parse_body(raw, LevelsCorrectionIn)

    async def command(tx: Tx, act: Act) -> Answer:
        wanted = CorrectLevels(
            participant_id=participant_id,
            randomisation=body.randomisation,
            levels=body.levels,
            reason=body.reason_code,
        )
        made = await correct_levels(tx, wanted, act)
        return Answer(
            body=LevelsCorrectedOut(
                correction_id=made.id,
                randomisation=made.randomisation,
                levels_before=dict(made.levels_before),
                levels_after=dict(made.levels_after),
                corrected_at=made.corrected_at,
            )
        )

    return await service_of(request).performer.command(request, principal, raw, command)

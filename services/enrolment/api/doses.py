"""Doses: authorised under guards, recorded without any."""

from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import Field, StringConstraints, model_validator
from starlette.requests import Request
from starlette.responses import Response

from services.enrolment.api.dose_confirmations import DoseConfirmationOut, confirmation_out
from services.enrolment.api.route import (
    LevelOut,
    OutModel,
    Person,
    TextOut,
    count_stale,
    refusal_answer,
    stale_members,
)
from services.enrolment.commands.authorise_dose import AuthoriseDose, DoseNotAuthorised, authorise_dose
from services.enrolment.commands.dose_book import Administration
from services.enrolment.commands.record_doses import DosesRecorded, RecordDoses, record_doses
from services.enrolment.domain.planned_dose import DoseBasis, Measure
from shared.act import Act
from shared.database import Tx
from shared.json_body import Day, DecimalText, Instant, StrictModel, parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["doses"])
ParticipantId = Annotated[str, Path(max_length=64)]


class MeasureIn(StrictModel):
    """The child's weight or body surface, whichever the protocol doses by, as measured on a day."""

    weight_kg: Annotated[DecimalText, Field(gt=0, le=300)] | None = None
    body_surface_m2: Annotated[DecimalText, Field(gt=0, le=4)] | None = None
    measured_on: Day

    @model_validator(mode="after")
    def _says_one(self) -> "MeasureIn":
        if (self.weight_kg is None) == (self.body_surface_m2 is None):
            raise ValueError("state the weight or the body surface")
        return self


def measure(stated: MeasureIn | None) -> Measure | None:
    if stated is None:
        return None
    if stated.weight_kg is not None:
        return Measure(basis=DoseBasis.WEIGHT, value=stated.weight_kg, measured_on=stated.measured_on)
    value = stated.body_surface_m2 or Decimal(0)
    return Measure(basis=DoseBasis.BODY_SURFACE, value=value, measured_on=stated.measured_on)


class DoseAuthorisationIn(StrictModel):
    """`doses` administrations from `planned_at` on, at most a week ahead.

    Without the measure that the protocol doses by, the pharmacy is told the dose per unit and no amount.
    """

    planned_at: Instant
    doses: Annotated[int, Field(ge=1, le=400)] = 1
    measure: MeasureIn | None = None


class DoseAuthorisedOut(OutModel):
    authorisation_id: str
    participant_id: str
    participant_number: str
    part: str
    level: LevelOut
    dose: TextOut
    unit: TextOut
    planned_at: Instant
    doses: int
    authorised_at: Instant
    confirmation: DoseConfirmationOut


@router.post(
    "/participants/{participant_id}/dose-authorisations",
    status_code=201,
    response_model=DoseAuthorisedOut,
    openapi_extra=request_body(DoseAuthorisationIn),
)
async def authorise_dose_route(
    request: Request, principal: Person, participant_id: ParticipantId
) -> Response:
    """201 with the confirmation for the pharmacy, 409 with every guard that fails, 503 when too little is known."""
    raw = await read_limited(request)
    body = parse_body(raw, DoseAuthorisationIn)
    service = service_of(request)
    wanted = AuthoriseDose(
        participant_id=participant_id,
        planned_at=body.planned_at,
        doses=body.doses,
        measure=measure(body.measure),
    )

    async def command(tx: Tx, act: Act) -> Answer:
        outcome = await authorise_dose(tx, wanted, act, service.freshness)
        if isinstance(outcome, DoseNotAuthorised):
            count_stale(tx, service, outcome.stale)
            return refusal_answer(outcome.refused, act, **stale_members(outcome.stale))
        participant = outcome.participant
        return Answer(
            body=DoseAuthorisedOut(
                authorisation_id=outcome.authorisation_id,
                participant_id=participant.id,
                participant_number=participant.number,
                part=participant.part,
                level=participant.level,
                dose=participant.dose,
                unit=participant.unit,
                planned_at=body.planned_at,
                doses=body.doses,
                authorised_at=outcome.authorised_at,
                confirmation=confirmation_out(outcome.confirmation),
            )
        )

    return await service.performer.command(request, principal, raw, command)


class AdministrationIn(StrictModel):
    """One planned dose: given at `at`, or missed then."""

    at: Instant
    given: bool
    missed_because: Literal["toxicity", "progression", "logistics", "participant", "other"] | None = None
    level: Annotated[int, Field(ge=1, le=99)] | None = None
    amount: DecimalText | None = None
    planned_amount: DecimalText | None = None
    batch: Annotated[str, StringConstraints(min_length=1, max_length=60)] | None = None


class DosesIn(StrictModel):
    administrations: Annotated[list[AdministrationIn], Field(min_length=1, max_length=200)]


class RecordedOut(OutModel):
    """`already_recorded`: exactly this was on record before; no second row was made of it."""

    at: Instant
    given: bool
    level: LevelOut
    flags: list[str]
    already_recorded: bool


class DosesRecordedOut(OutModel):
    """`authorised` is false when any given dose had no authorisation: a deviation that wakes somebody."""

    record_id: str
    authorised: bool
    late_entry: bool
    first_dose_at: Instant | None
    administrations: list[RecordedOut]


@router.post(
    "/participants/{participant_id}/doses",
    status_code=201,
    response_model=DosesRecordedOut,
    openapi_extra=request_body(DosesIn),
)
async def record_doses_route(request: Request, principal: Person, participant_id: ParticipantId) -> Response:
    """Record doses given and missed; a dose that was given is never refused."""
    raw = await read_limited(request)
    body = parse_body(raw, DosesIn)

    async def command(tx: Tx, act: Act) -> Answer:
        doses = [administration(one) for one in body.administrations]
        recorded = await record_doses(
            tx, RecordDoses(participant_id=participant_id, administrations=doses), act
        )
        return Answer(body=_recorded(recorded))

    return await service_of(request).performer.command(request, principal, raw, command)


def administration(one: AdministrationIn) -> Administration:
    return Administration(
        at=one.at,
        given=one.given,
        missed_because=None if one.given else one.missed_because or "other",
        level=one.level,
        amount=one.amount,
        planned_amount=one.planned_amount,
        batch=one.batch,
    )


def _recorded(result: DosesRecorded) -> DosesRecordedOut:
    return DosesRecordedOut(
        record_id=result.record_id,
        authorised=result.authorised,
        late_entry=result.late_entry,
        first_dose_at=None if result.first_dose is None else result.first_dose.at,
        administrations=[
            RecordedOut(
                at=one.administration.at,
                given=one.administration.given,
                level=one.level,
                flags=sorted(flag.value for flag in one.flags),
                already_recorded=one.kept_in is not None,
            )
            for one in result.recorded
        ],
    )

"""Participants after registration: the end of treatment, participation, and registrations in error."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import Field, model_validator
from starlette.requests import Request
from starlette.responses import Response

from services.enrolment.api.route import (
    Cursor,
    LevelOut,
    Limit,
    OutModel,
    Person,
    ReasonCode,
    TextOut,
    TrialQuery,
)
from services.enrolment.commands.change_participation import ChangeParticipation, change_participation
from services.enrolment.commands.end_treatment import EndTreatment, end_treatment_of
from services.enrolment.commands.void_registration import VoidRegistration, void_registration
from services.enrolment.domain.participation import Actor, Course, Element
from services.enrolment.queries.records import ParticipantView, show_participant, show_participants
from shared.act import Act
from shared.database import Tx
from shared.json_body import Day, Instant, StrictModel, parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["participants"])
ParticipantId = Annotated[str, Path(max_length=64)]


class TreatmentEndIn(StrictModel):
    ended_at: Instant
    reason: Literal[
        "completed", "progression", "toxicity", "participant_choice", "clinician", "death", "other"
    ]


class TreatmentEndedOut(OutModel):
    participant_id: str
    treatment: Literal["ended"] = "ended"


@router.post(
    "/participants/{participant_id}/treatment-ends",
    status_code=201,
    response_model=TreatmentEndedOut,
    openapi_extra=request_body(TreatmentEndIn),
)
async def end_treatment_route(request: Request, principal: Person, participant_id: ParticipantId) -> Response:
    """Trial treatment is over; visits and safety go on."""
    raw = await read_limited(request)
    body = parse_body(raw, TreatmentEndIn)

    async def command(tx: Tx, act: Act) -> Answer:
        ended = EndTreatment(participant_id=participant_id, reason=body.reason, ended_at=body.ended_at)
        await end_treatment_of(tx, ended, act)
        return Answer(body=TreatmentEndedOut(participant_id=participant_id))

    return await service_of(request).performer.command(request, principal, raw, command)


CourseIn = Literal["continues", "stopped"]


class ParticipationChangeIn(StrictModel):
    """Elements that change, or all of them at once; there is no field for a reason."""

    elements: dict[
        Literal[
            "treatment",
            "trial_visits_procedures",
            "contact",
            "data_from_routine_records",
            "sample_use",
            "data_already_collected",
        ],
        CourseIn,
    ] = Field(default_factory=dict)
    all: Literal["stopped"] | None = None
    by: Literal["participant_or_parent", "clinician_decision", "sponsor"]
    changed_at: Instant | None = None

    @model_validator(mode="after")
    def _says_what(self) -> "ParticipationChangeIn":
        if bool(self.elements) == (self.all is not None):
            raise ValueError("name elements, or all")
        return self

    def courses(self) -> dict[Element, Course]:
        if self.all is not None:
            return dict.fromkeys(Element, Course.STOPPED)
        return {Element(name): Course(course) for name, course in self.elements.items()}


class ParticipationOut(OutModel):
    participant_id: str
    elements: dict[str, str]
    consequences: list[str]


@router.post(
    "/participants/{participant_id}/participation-changes",
    status_code=201,
    response_model=ParticipationOut,
    openapi_extra=request_body(ParticipationChangeIn),
)
async def change_participation_route(
    request: Request, principal: Person, participant_id: ParticipantId
) -> Response:
    """The participant stops, reduces or changes; nobody is asked why."""
    raw = await read_limited(request)
    body = parse_body(raw, ParticipationChangeIn)

    async def command(tx: Tx, act: Act) -> Answer:
        wanted = ChangeParticipation(
            participant_id=participant_id,
            elements=body.courses(),
            by=Actor(body.by),
            changed_at=body.changed_at or act.now,
        )
        now = await change_participation(tx, wanted, act)
        return Answer(
            body=ParticipationOut(
                participant_id=participant_id,
                elements={element.value: course.value for element, course in now.elements.items()},
                consequences=sorted(consequence.value for consequence in now.consequences),
            )
        )

    return await service_of(request).performer.command(request, principal, raw, command)


class VoidingIn(StrictModel):
    reason_code: ReasonCode


class VoidedOut(OutModel):
    participant_id: str
    registration: Literal["voided"] = "voided"


@router.post(
    "/participants/{participant_id}/voidings",
    status_code=201,
    response_model=VoidedOut,
    openapi_extra=request_body(VoidingIn),
)
async def void_registration_route(
    request: Request, principal: Person, participant_id: ParticipantId
) -> Response:
    """Take back a registration made in error, before any dose."""
    raw = await read_limited(request)
    body = parse_body(raw, VoidingIn)

    async def command(tx: Tx, act: Act) -> Answer:
        wanted = VoidRegistration(participant_id=participant_id, reason_code=body.reason_code)
        await void_registration(tx, wanted, act)
        return Answer(body=VoidedOut(participant_id=participant_id))

    return await service_of(request).performer.command(request, principal, raw, command)


class ParticipantOut(OutModel):
    """Level, dose, unit, decision and cell are null in a part without dose levels."""

    id: str
    number: str
    trial_id: str
    site_number: str
    screening_id: str
    registration_id: str
    part: str
    stratum: str
    level: LevelOut
    dose: TextOut
    unit: TextOut
    decision_id: TextOut
    rule_cell: TextOut
    protocol_version: str
    registered_at: Instant
    first_dose_at: Instant | None
    treatment_ended_at: Instant | None
    treatment_end_reason: str | None
    stopped: list[str]
    voided_at: Instant | None
    void_reason: str | None
    halts_seen_late: list[str]


class ParticipantsOut(OutModel):
    items: list[ParticipantOut]
    next_cursor: str | None


@router.get("/participants")
async def list_participants_route(
    request: Request, principal: Person, trial: TrialQuery, cursor: Cursor = "", limit: Limit = 50
) -> ParticipantsOut:
    """Participants of the sites that the asking person sees."""
    service = service_of(request)
    page = await service.performer.query(
        request, principal, lambda tx, act: show_participants(tx, act, trial, after=cursor, limit=limit)
    )
    return ParticipantsOut.model_validate(page)


class AdministrationOut(OutModel):
    """A dose as it was reported; `standing` is false once it was corrected or voided, for `correction_code`.

    `replaced_by` is the record that says it right, `moved_to` the participant whose dose it was.
    """

    id: str
    at: Instant
    given: bool
    missed_because: str | None
    level: LevelOut
    amount: str | None
    planned_amount: str | None
    batch: str | None
    authorised: bool
    flags: list[str]
    recorded_at: Instant
    standing: bool
    correction_code: str | None
    replaced_by: str | None
    moved_to: str | None
    corrected_at: Instant | None


class StandingOut(OutModel):
    """`state` is one word from registration to the last contact; `collected_data` is `in_use` or `locked`."""

    state: str
    evaluability: str
    episode: int
    died_on: Day | None
    lost_since: Instant | None
    mailings_refused: bool
    collected_data: str


class ParticipantDetailOut(OutModel):
    participant: ParticipantOut
    standing: StandingOut
    administrations: list[AdministrationOut]


@router.get("/participants/{participant_id}")
async def show_participant_route(
    request: Request, principal: Person, participant_id: ParticipantId
) -> ParticipantDetailOut:
    """A participant with every dose, given or missed."""
    service = service_of(request)
    view = await service.performer.query(
        request, principal, lambda tx, act: show_participant(tx, act, participant_id)
    )
    return ParticipantDetailOut(
        participant=ParticipantOut.model_validate(view.participant),
        standing=StandingOut.model_validate(view.standing),
        administrations=[AdministrationOut(**_dose(one)) for one in _doses(view)],
    )


def _doses(view: ParticipantView) -> list[dict[str, Any]]:
    return [dict(one) for one in view.administrations]


def _dose(one: dict[str, Any]) -> dict[str, Any]:
    wanted = {name: one[name] for name in AdministrationOut.model_fields if name in one}
    return wanted | {
        "authorised": not one["given"] or one["authorisation_id"] is not None,
        "standing": one["corrected_at"] is None,
    }

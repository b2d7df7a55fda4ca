"""Registrations: every guard in one transaction, every result kept."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from services.enrolment.api.route import (
    Id,
    LevelOut,
    OutModel,
    Person,
    TextOut,
    count_stale,
    refusal_answer,
    stale_members,
)
from services.enrolment.commands.register_participant import (
    NotRegistered,
    Registered,
    RegisterParticipant,
    register_participant,
)
from services.enrolment.queries.records import show_flagged_guards
from shared.act import Act
from shared.database import Tx
from shared.json_body import Day, Instant, StrictModel, parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["registrations"])


class AgeIn(StrictModel):
    """Completed years on the site's local date `on`."""

    years: Annotated[int, Field(ge=0, le=120)]
    on: Day


class RegistrationIn(StrictModel):
    """`version` is the screening's version as it was read; a later one refuses `version_conflict`.

    `slot_id` is left out exactly where the part has no dose levels.
    """

    screening_id: Id
    slot_id: Id | None = None
    age_statement: AgeIn | None = None
    version: Annotated[int, Field(ge=1)] | None = None


class ConfirmationOut(OutModel):
    """What the pharmacy needs to prepare the first dose; without dose levels nothing is said of a dose."""

    participant_number: str
    part: str
    level: LevelOut
    dose: TextOut
    unit: TextOut
    decision_id: TextOut
    registered_at: Instant


class RegisteredOut(OutModel):
    """Level, decision and cell are null in a part without dose levels."""

    registration_id: str
    participant_id: str
    participant_number: str
    screening_number: str
    site_number: str
    part: str
    stratum: str
    level: LevelOut
    decision_id: TextOut
    rule_cell: TextOut
    protocol_version: str
    registered_at: Instant
    confirmation: ConfirmationOut


@router.post(
    "/registrations",
    status_code=201,
    response_model=RegisteredOut,
    openapi_extra=request_body(RegistrationIn),
)
async def register_participant_route(request: Request, principal: Person) -> Response:
    """201 with the number, 409 with every guard that fails, 503 when too little is known.

    Level, decision and cell are there where the part has dose levels.
    """
    raw = await read_limited(request)
    body = parse_body(raw, RegistrationIn)
    service = service_of(request)
    wanted = RegisterParticipant(
        screening_id=body.screening_id,
        slot_id=body.slot_id,
        age_years=body.age_statement.years if body.age_statement else None,
        age_on=body.age_statement.on if body.age_statement else None,
        version=body.version,
    )

    async def command(tx: Tx, act: Act) -> Answer:
        outcome = await register_participant(tx, wanted, act, service.freshness)
        if isinstance(outcome, NotRegistered):
            count_stale(tx, service, outcome.stale)
            members = {"registration_id": outcome.registration_id, **stale_members(outcome.stale)}
            return refusal_answer(outcome.refused, act, **members)
        return Answer(body=registered_out(outcome))

    return await service.performer.command(request, principal, raw, command)


def registered_out(outcome: Registered) -> RegisteredOut:
    participant = outcome.participant
    confirmation = ConfirmationOut(
        participant_number=participant.number,
        part=participant.part,
        level=participant.level,
        dose=participant.dose,
        unit=participant.unit,
        decision_id=participant.decision_id,
        registered_at=participant.registered_at,
    )
    return RegisteredOut(
        registration_id=outcome.registration_id,
        participant_id=participant.id,
        participant_number=participant.number,
        screening_number=outcome.screening_number,
        site_number=participant.site_number,
        part=participant.part,
        stratum=participant.stratum,
        level=participant.level,
        decision_id=participant.decision_id,
        rule_cell=participant.rule_cell,
        protocol_version=participant.protocol_version,
        registered_at=participant.registered_at,
        confirmation=confirmation,
    )


class GuardOut(OutModel):
    """One guard as it was evaluated, with what it looked at."""

    number: int
    guard: str
    passed: bool
    code: str
    detail: str
    inputs: dict[str, Any]


class FlagOut(OutModel):
    """Something about the registration is not in order, and it stands.

    `about` is the id of a record that was corrected since, or, for a `late_entry`, the code of what differed.
    """

    flag: str
    about: str
    flagged_at: Instant


class AttemptOut(OutModel):
    """`kind` and `kind_table` say by which kind of trial, in which table, the guards were chosen.

    They are null when the attempt was refused before that.
    """

    registration_id: str
    screening_id: str
    slot_id: str | None
    participant_id: str | None
    code: str
    at: Instant
    kind: str | None
    kind_table: str | None
    results: list[GuardOut]
    flags: list[FlagOut]


@router.get("/registrations/{registration_id}/guards")
async def show_registration_guards_route(
    request: Request, principal: Person, registration_id: Annotated[str, Path(max_length=64)]
) -> AttemptOut:
    """Why a registration was let through or refused: each guard with its inputs."""
    service = service_of(request)
    attempt, flags = await service.performer.query(
        request, principal, lambda tx, act: show_flagged_guards(tx, act, registration_id)
    )
    return AttemptOut(
        registration_id=attempt.id,
        screening_id=attempt.screening_id,
        slot_id=attempt.slot_id,
        participant_id=attempt.participant_id,
        code=attempt.code,
        at=attempt.at,
        kind=attempt.kind,
        kind_table=attempt.kind_table,
        results=[GuardOut(**result) for result in attempt.results],
        flags=[FlagOut(flag=flag, about=about, flagged_at=at) for flag, about, at in flags],
    )

"""Participants, their registration attempts and their doses in the store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from services.enrolment.domain.guards import GuardResult
from services.enrolment.store.person_tables import (
    AdministrationRow,
    DoseAuthorisationRow,
    ParticipantRow,
    ParticipationChangeRow,
    RegistrationAttemptRow,
)
from shared.database import Sql, Tx, instant_parameter, read_instant
from shared.rows import insertion, table_of

_PARTICIPANTS = table_of(ParticipantRow)
_ATTEMPTS = table_of(RegistrationAttemptRow)
_ADMINISTRATIONS = table_of(AdministrationRow)
_ADD_PARTICIPANT = insertion(_PARTICIPANTS)
_ADD_ATTEMPT = insertion(_ATTEMPTS)
_ADD_ADMINISTRATIONS = insertion(_ADMINISTRATIONS)
_ADD_AUTHORISATION = insertion(table_of(DoseAuthorisationRow))
_ADD_COURSE_CHANGE = insertion(table_of(ParticipationChangeRow))


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """A registration and what followed it; times that have not come are None."""

    id: str
    trial_id: str
    number: str
    site_number: str
    screening_id: str
    registration_id: str
    slot_id: str
    part: str
    stratum: str
    level: int
    dose: str
    unit: str
    decision_id: str
    rule_cell: str
    protocol_version: str
    registered_at: datetime
    first_dose_at: datetime | None = None
    treatment_ended_at: datetime | None = None
    treatment_end_reason: str | None = None
    stopped: tuple[str, ...] = ()
    voided_at: datetime | None = None
    void_reason: str | None = None
    replacement: str = "none"
    halts_seen_late: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorisation:
    """Permission for `doses` administrations, of which `used` were given."""

    id: str
    planned_at: datetime
    doses: int
    used: int
    authorised_at: datetime


def _participant(row: Any) -> Participant:
    values = dict(row._mapping)
    values["stopped"] = tuple(values["stopped"])
    values["halts_seen_late"] = tuple(values["halts_seen_late"])
    return Participant(**values)


async def insert_participant(tx: Tx, participant: Participant) -> None:
    values = {column.name: getattr(participant, column.name) for column in _PARTICIPANTS.columns}
    values |= {"stopped": list(participant.stopped), "halts_seen_late": list(participant.halts_seen_late)}
    await _ADD_PARTICIPANT(tx, [values])


async def find_participant(tx: Tx, participant_id: str) -> Participant | None:
    """The participant as it is now, not locked."""
    row = (await tx.execute(select(_PARTICIPANTS).where(_PARTICIPANTS.c.id == participant_id))).first()
    return None if row is None else _participant(row)


async def load_participant(tx: Tx, participant_id: str) -> Participant | None:
    """The participant, locked until the transaction ends; None when there is none."""
    statement = select(_PARTICIPANTS).where(_PARTICIPANTS.c.id == participant_id).with_for_update()
    row = (await tx.execute(statement)).first()
    return None if row is None else _participant(row)


async def list_participants(
    tx: Tx, trial_id: str, sites: Sequence[str] | None, *, after: str, limit: int
) -> list[Participant]:
    """Participants of a trial by id; `sites` None means every site."""
    table = _PARTICIPANTS
    statement = select(table).where(table.c.trial_id == trial_id, table.c.id > after)
    if sites is not None:
        statement = statement.where(table.c.site_number.in_(list(sites)))
    return [_participant(row) for row in await tx.execute(statement.order_by(table.c.id).limit(limit))]


async def void_participant(tx: Tx, participant_id: str, reason_code: str, at: datetime) -> None:
    await tx.fetch(_VOID, participant_id, instant_parameter(tx, at), reason_code)


async def end_treatment(tx: Tx, participant_id: str, reason: str, at: datetime) -> None:
    await tx.fetch(_END_TREATMENT, participant_id, instant_parameter(tx, at), reason)


async def save_course(tx: Tx, participant_id: str, stopped_json: str) -> None:
    await tx.fetch(_STOPPED, participant_id, stopped_json)


async def save_first_dose(tx: Tx, participant_id: str, at: datetime) -> None:
    await tx.fetch(_FIRST_DOSE, participant_id, instant_parameter(tx, at))


async def insert_course_change(tx: Tx, values: Mapping[str, Any]) -> None:
    await _ADD_COURSE_CHANGE(tx, [values])


# -- attempts -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt to register; `code` is empty when it succeeded."""

    id: str
    trial_id: str
    site_number: str
    screening_id: str
    slot_id: str
    participant_id: str | None
    code: str
    results: Sequence[Mapping[str, Any]]
    at: datetime


def result_document(result: GuardResult) -> dict[str, Any]:
    return {
        "number": result.number,
        "guard": result.name,
        "passed": result.passed,
        "code": result.code,
        "detail": result.detail,
        "inputs": dict(result.inputs),
    }


async def insert_attempt(tx: Tx, attempt: Attempt) -> None:
    values = {column.name: getattr(attempt, column.name) for column in _ATTEMPTS.columns}
    await _ADD_ATTEMPT(tx, [values | {"results": [dict(one) for one in attempt.results]}])


async def find_attempt(tx: Tx, attempt_id: str) -> Attempt | None:
    row = (await tx.execute(select(_ATTEMPTS).where(_ATTEMPTS.c.id == attempt_id))).first()
    return None if row is None else Attempt(**dict(row._mapping))


# -- doses ----------------------------------------------------------------------------------------------


async def insert_authorisation(tx: Tx, values: Mapping[str, Any]) -> None:
    await _ADD_AUTHORISATION(tx, [values])


async def authorisations_of(tx: Tx, participant_id: str) -> list[Authorisation]:
    """Authorisations with doses left, oldest first."""
    rows = await tx.fetch(_AUTHORISED, participant_id)
    return [
        Authorisation(
            id=row[0],
            planned_at=read_instant(row[1]),
            doses=row[2],
            used=row[3],
            authorised_at=read_instant(row[4]),
        )
        for row in rows
    ]


async def use_authorisation(tx: Tx, authorisation_id: str, used: int) -> None:
    await tx.fetch(_USE, authorisation_id, used)


async def insert_administrations(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    await _ADD_ADMINISTRATIONS(tx, rows)


async def administrations_of(tx: Tx, participant_id: str) -> list[dict[str, Any]]:
    """Every planned dose, given or missed, by the time reported and then in the order of recording."""
    table = _ADMINISTRATIONS
    statement = select(table).where(table.c.participant_id == participant_id).order_by(table.c.at, table.c.id)
    return [dict(row._mapping) for row in await tx.execute(statement)]


async def dose_was_given(tx: Tx, participant_id: str) -> bool:
    """Whether any dose is recorded as given, whatever was not in order about it."""
    return bool(await tx.fetch(_GIVEN, participant_id))


_VOID = Sql("UPDATE participant SET voided_at = $2, void_reason = $3 WHERE id = $1")
_END_TREATMENT = Sql(
    "UPDATE participant SET treatment_ended_at = $2, treatment_end_reason = $3 WHERE id = $1"
)
_STOPPED = Sql("UPDATE participant SET stopped = $2 WHERE id = $1")
_FIRST_DOSE = Sql("UPDATE participant SET first_dose_at = $2 WHERE id = $1")
_AUTHORISED = Sql(
    "SELECT id, planned_at, doses, used, authorised_at FROM dose_authorisation"
    " WHERE participant_id = $1 AND used < doses ORDER BY planned_at, id"
)
_USE = Sql("UPDATE dose_authorisation SET used = $2 WHERE id = $1")
_GIVEN = Sql("SELECT id FROM administration WHERE participant_id = $1 AND given LIMIT 1")

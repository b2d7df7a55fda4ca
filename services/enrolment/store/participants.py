"""Participants, their registration attempts and their doses in the store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from services.enrolment.domain.guards import GuardResult
from services.enrolment.store.dose_tables import DoseCorrectionRow
from services.enrolment.store.person_tables import (
    AdministrationRow,
    DoseAuthorisationRow,
    ParticipantRow,
    ParticipationChangeRow,
    RegistrationAttemptRow,
)
from shared.database import Sql, Tx, instant_parameter, read_instant
from shared.rows import insertion, table_of
from shared.writes import Write

_PARTICIPANTS = table_of(ParticipantRow)
_ATTEMPTS = table_of(RegistrationAttemptRow)
_ADMINISTRATIONS = table_of(AdministrationRow)
_CORRECTIONS = table_of(DoseCorrectionRow)
_ADD_PARTICIPANT = insertion(_PARTICIPANTS)
_ADD_ATTEMPT = insertion(_ATTEMPTS)
_ADD_ADMINISTRATIONS = insertion(_ADMINISTRATIONS)
_ADD_AUTHORISATION = insertion(table_of(DoseAuthorisationRow))
_ADD_COURSE_CHANGE = insertion(table_of(ParticipationChangeRow))


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """A registration and what followed it; times that have not come are None.

    In a part without dose levels there is no slot, the level is 0, and dose, unit, decision and cell are empty.
    """

    id: str
    trial_id: str
    number: str
    site_number: str
    screening_id: str
    registration_id: str
    slot_id: str | None
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
    """Permission for `doses` administrations, of which `used` were given.

    `planned` is the amount that the pharmacy was told, None where it could not be computed; `exceptional` is for
    one that two people gave despite a halt or an unknown state.
    """

    id: str
    planned_at: datetime
    doses: int
    used: int
    authorised_at: datetime
    planned: Decimal | None
    exceptional: bool


def _participant(row: Any) -> Participant:
    values = dict(row._mapping)
    values["stopped"] = tuple(values["stopped"])
    values["halts_seen_late"] = tuple(values["halts_seen_late"])
    return Participant(**values)


async def insert_participant(tx: Tx, participant: Participant) -> None:
    await _ADD_PARTICIPANT(tx, [_participant_values(participant)])


def new_participant(tx: Tx, participant: Participant) -> Write:
    """To be kept together with the event that tells of it."""
    return _ADD_PARTICIPANT.write(tx, _participant_values(participant))


def _participant_values(participant: Participant) -> dict[str, Any]:
    values = {column.name: getattr(participant, column.name) for column in _PARTICIPANTS.columns}
    return values | {
        "stopped": list(participant.stopped),
        "halts_seen_late": list(participant.halts_seen_late),
    }


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
    """One attempt to register; `code` is empty when it succeeded.

    `kind` and `kind_table` say by which kind of trial, in which table, the guards were chosen; None when the
    attempt was refused before that.
    """

    id: str
    trial_id: str
    site_number: str
    screening_id: str
    slot_id: str | None
    participant_id: str | None
    code: str
    results: Sequence[Mapping[str, Any]]
    at: datetime
    kind: str | None = None
    kind_table: str | None = None


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
    await _ADD_ATTEMPT(tx, [_attempt_values(attempt)])


def new_attempt(tx: Tx, attempt: Attempt) -> Write:
    """To be kept together with the event or the audit row that tells of it."""
    return _ADD_ATTEMPT.write(tx, _attempt_values(attempt))


def _attempt_values(attempt: Attempt) -> dict[str, Any]:
    values = {column.name: getattr(attempt, column.name) for column in _ATTEMPTS.columns}
    return values | {"results": [dict(one) for one in attempt.results]}


async def find_attempt(tx: Tx, attempt_id: str) -> Attempt | None:
    row = (await tx.execute(select(_ATTEMPTS).where(_ATTEMPTS.c.id == attempt_id))).first()
    return None if row is None else Attempt(**dict(row._mapping))


# -- doses ----------------------------------------------------------------------------------------------


async def insert_authorisation(tx: Tx, values: Mapping[str, Any]) -> None:
    await _ADD_AUTHORISATION(tx, [values])


async def end_earlier_authorisations(tx: Tx, participant_id: str) -> list[str]:
    """Leave nothing of what was authorised before, exceptional permission apart; ids of those it was left of."""
    return [row[0] for row in await tx.fetch(_END_EARLIER, participant_id)]


async def authorisations_of(tx: Tx, participant_id: str) -> list[Authorisation]:
    """Every authorisation, used up or not, oldest first."""
    rows = await tx.fetch(_AUTHORISED, participant_id)
    return [
        Authorisation(
            id=row[0],
            planned_at=read_instant(row[1]),
            doses=row[2],
            used=row[3],
            authorised_at=read_instant(row[4]),
            planned=None if row[5] is None else Decimal(row[5]),
            exceptional=row[6] is not None,
        )
        for row in rows
    ]


async def use_authorisation(tx: Tx, authorisation_id: str, doses: int) -> None:
    """Count so many more doses as given under it; a dose that was none gives one back (-1)."""
    await tx.fetch(_USE, authorisation_id, doses)


async def insert_administrations(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    await _ADD_ADMINISTRATIONS(tx, rows)


async def administrations_of(tx: Tx, participant_id: str) -> list[dict[str, Any]]:
    """Every planned dose, given or missed, by the time reported and then in the order of recording.

    What was corrected or voided is among them, with `replaced_by`, `moved_to`, `correction_code` and
    `corrected_at`; for what stands these are None.
    """
    table, taken_back = _ADMINISTRATIONS, _CORRECTIONS.c
    statement = (
        select(
            table,
            taken_back.replaced_by,
            taken_back.moved_to,
            taken_back.reason_code.label("correction_code"),
            taken_back.corrected_at,
        )
        .outerjoin(_CORRECTIONS, taken_back.administration_id == table.c.id)
        .where(table.c.participant_id == participant_id)
        .order_by(table.c.at, table.c.id)
    )
    return [dict(row._mapping) for row in await tx.execute(statement)]


async def standing_administrations(tx: Tx, participant_id: str) -> list[dict[str, Any]]:
    """As `administrations_of`, without what was corrected or voided since."""
    rows = await administrations_of(tx, participant_id)
    return [row for row in rows if row["corrected_at"] is None]


async def dose_was_given(tx: Tx, participant_id: str) -> bool:
    """Whether any dose stands on record as given, whatever was not in order about it."""
    return bool(await tx.fetch(_GIVEN, participant_id))


_VOID = Sql("UPDATE participant SET voided_at = $2, void_reason = $3 WHERE id = $1")
_END_TREATMENT = Sql(
    "UPDATE participant SET treatment_ended_at = $2, treatment_end_reason = $3 WHERE id = $1"
)
_STOPPED = Sql("UPDATE participant SET stopped = $2 WHERE id = $1")
_FIRST_DOSE = Sql("UPDATE participant SET first_dose_at = $2 WHERE id = $1")
_AUTHORISED = Sql(
    "SELECT a.id, a.planned_at, a.doses, a.used, a.authorised_at, c.planned, e.authorisation_id"
    " FROM dose_authorisation AS a LEFT JOIN dose_confirmation AS c ON c.authorisation_id = a.id"
    " LEFT JOIN exceptional_authorisation AS e ON e.authorisation_id = a.id"
    " WHERE a.participant_id = $1 ORDER BY a.planned_at, a.id"
)
_END_EARLIER = Sql(
    "UPDATE dose_authorisation SET doses = used WHERE participant_id = $1 AND used < doses"
    " AND id NOT IN (SELECT authorisation_id FROM exceptional_authorisation) RETURNING id"
)
_USE = Sql("UPDATE dose_authorisation SET used = used + $2 WHERE id = $1")
_GIVEN = Sql(
    "SELECT id FROM administration AS a WHERE a.participant_id = $1 AND a.given"
    " AND NOT EXISTS (SELECT 1 FROM dose_correction AS c WHERE c.administration_id = a.id) LIMIT 1"
)

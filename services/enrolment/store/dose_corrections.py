"""Corrections of recorded doses in the store: the record as reported stays, a row beside it takes it back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Text, select, type_coerce

from services.enrolment.domain.first_dose import DoseOnRecord
from services.enrolment.store.dose_tables import DoseCorrectionRow
from services.enrolment.store.person_tables import AdministrationRow, ParticipantRow
from shared.database import Sql, Tx
from shared.rows import insert_once, table_of

_CORRECTIONS = table_of(DoseCorrectionRow)
_ADMINISTRATIONS = table_of(AdministrationRow)
_PARTICIPANTS = table_of(ParticipantRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseCorrection:
    """Why a recorded dose no longer stands, and which record says it right, if one does."""

    administration_id: str
    trial_id: str
    participant_id: str
    replaced_by: str | None
    moved_to: str | None
    reason_code: str
    reason: str
    corrected_by: str
    corrected_at: datetime


async def keep_correction(tx: Tx, correction: DoseCorrection) -> bool:
    """Take back a record; false when it was taken back before."""
    values = {column.name: getattr(correction, column.name) for column in _CORRECTIONS.columns}
    return await insert_once(tx, _CORRECTIONS, values)


async def save_no_first_dose(tx: Tx, participant_id: str) -> None:
    await tx.fetch(_NO_FIRST_DOSE, participant_id)


def on_record(row: Mapping[str, Any]) -> DoseOnRecord:
    """An administration as the rule of the first dose reads it."""
    return DoseOnRecord(
        id=row["id"],
        at=row["at"],
        given=bool(row["given"]),
        level=row["level"],
        recorded_at=row["recorded_at"],
    )


async def deviations_after(
    tx: Tx, trial_id: str, sites: Sequence[str] | None, *, flag: str, after: str, limit: int
) -> list[dict[str, Any]]:
    """Doses that stand on record with something not in order, by id; `flag` empty means any.

    Each is an administration with `participant_number` and `site_number` of its participant.
    """
    table, people = _ADMINISTRATIONS.c, _PARTICIPANTS.c
    statement = (
        select(_ADMINISTRATIONS, people.number.label("participant_number"), people.site_number)
        .join(_PARTICIPANTS, people.id == table.participant_id)
        .outerjoin(_CORRECTIONS, _CORRECTIONS.c.administration_id == table.id)
        .where(people.trial_id == trial_id, table.id > after, _CORRECTIONS.c.administration_id.is_(None))
    )
    flags = type_coerce(table.flags, Text())
    statement = statement.where(flags.contains(f'"{flag}"') if flag else flags != "[]")
    if sites is not None:
        statement = statement.where(people.site_number.in_(list(sites)))
    rows = await tx.execute(statement.order_by(table.id).limit(limit))
    return [dict(row._mapping) for row in rows]


_NO_FIRST_DOSE = Sql("UPDATE participant SET first_dose_at = NULL WHERE id = $1")

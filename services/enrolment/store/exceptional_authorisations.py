"""Doses authorised by two people for one child, and their countersignatures, in the store."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from services.enrolment.store.dose_tables import ExceptionalAuthorisationRow
from shared.database import Sql, Tx, instant_parameter
from shared.rows import insertion, table_of

_TABLE = table_of(ExceptionalAuthorisationRow)
_ADD = insertion(_TABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionalAuthorisation:
    """Who authorised what despite which obstacle, and who has signed for it since."""

    authorisation_id: str
    trial_id: str
    site_number: str
    participant_id: str
    investigator: str
    medical_monitor: str
    stated_by: str
    channel: str
    reason: str
    harm: str
    set_aside: tuple[str, ...]
    authorised_at: datetime
    countersign_due_at: datetime
    investigator_signed_at: datetime | None = None
    monitor_signed_at: datetime | None = None
    overdue_told_at: datetime | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        """Roles that have not countersigned."""
        signed = {"site_investigator": self.investigator_signed_at, "medical_monitor": self.monitor_signed_at}
        return tuple(role for role, at in signed.items() if at is None)


async def insert_exceptional(tx: Tx, authorisation: ExceptionalAuthorisation) -> None:
    values = {column.name: getattr(authorisation, column.name) for column in _TABLE.columns}
    await _ADD(tx, [values | {"set_aside": list(authorisation.set_aside)}])


async def load_exceptional(tx: Tx, authorisation_id: str) -> ExceptionalAuthorisation | None:
    """The authorisation, locked until the transaction ends."""
    statement = select(_TABLE).where(_TABLE.c.authorisation_id == authorisation_id).with_for_update()
    row = (await tx.execute(statement)).first()
    return None if row is None else _read(row)


async def keep_countersignature(tx: Tx, authorisation_id: str, role: str, at: datetime) -> None:
    statement = _BY_INVESTIGATOR if role == "site_investigator" else _BY_MONITOR
    await tx.fetch(statement, authorisation_id, instant_parameter(tx, at))


async def overdue_exceptional(tx: Tx, now: datetime) -> ExceptionalAuthorisation | None:
    """The longest overdue authorisation that nobody was told of, locked; None when there is none."""
    table = _TABLE.c
    statement = (
        select(_TABLE)
        .where(
            table.overdue_told_at.is_(None),
            table.countersign_due_at <= now,
            or_(table.investigator_signed_at.is_(None), table.monitor_signed_at.is_(None)),
        )
        .order_by(table.countersign_due_at, table.authorisation_id)
        .limit(1)
        .with_for_update()
    )
    row = (await tx.execute(statement)).first()
    return None if row is None else _read(row)


async def keep_told(tx: Tx, authorisation_id: str, at: datetime) -> None:
    await tx.fetch(_TOLD, authorisation_id, instant_parameter(tx, at))


async def exceptional_after(
    tx: Tx, trial_id: str, sites: Sequence[str] | None, *, after: str, limit: int
) -> list[ExceptionalAuthorisation]:
    """A trial's exceptional authorisations by id; `sites` None means every site."""
    statement = select(_TABLE).where(_TABLE.c.trial_id == trial_id, _TABLE.c.authorisation_id > after)
    if sites is not None:
        statement = statement.where(_TABLE.c.site_number.in_(list(sites)))
    rows = await tx.execute(statement.order_by(_TABLE.c.authorisation_id).limit(limit))
    return [_read(row) for row in rows]


def _read(row: Any) -> ExceptionalAuthorisation:
    values = dict(row._mapping)
    return ExceptionalAuthorisation(**values | {"set_aside": tuple(values["set_aside"])})


_BY_INVESTIGATOR = Sql(
    "UPDATE exceptional_authorisation SET investigator_signed_at = $2 WHERE authorisation_id = $1"
)
_BY_MONITOR = Sql("UPDATE exceptional_authorisation SET monitor_signed_at = $2 WHERE authorisation_id = $1")
_TOLD = Sql("UPDATE exceptional_authorisation SET overdue_told_at = $2 WHERE authorisation_id = $1")

"""Confirmations for the pharmacy and queries about amounts, in the store."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import select

from services.enrolment.domain.dose_confirmation import Confirmation, DoseQuery
from services.enrolment.domain.planned_dose import DoseBasis
from services.enrolment.store.dose_tables import DoseConfirmationRow, DoseCorrectionRow, DoseQueryRow
from services.enrolment.store.person_tables import AdministrationRow
from services.enrolment.store.trials import read_dose_basis
from shared.database import Sql, Tx, instant_parameter
from shared.joint_reads import nested
from shared.rows import insertion, table_of
from shared.writes import Write

_CONFIRMATIONS = table_of(DoseConfirmationRow)
_QUERIES = table_of(DoseQueryRow)
_CORRECTIONS = table_of(DoseCorrectionRow)
_ADMINISTRATIONS = table_of(AdministrationRow)
_ADD_CONFIRMATION = insertion(_CONFIRMATIONS)
_ADD_QUERY = insertion(_QUERIES)


def new_confirmation(tx: Tx, confirmation: Confirmation) -> Write:
    """To be kept together with the audit row that tells of it."""
    values = {column.name: getattr(confirmation, column.name) for column in _CONFIRMATIONS.columns}
    return _ADD_CONFIRMATION.write(tx, values)


async def load_confirmation(tx: Tx, confirmation_id: str) -> Confirmation | None:
    """The confirmation, locked until the transaction ends."""
    statement = select(_CONFIRMATIONS).where(_CONFIRMATIONS.c.id == confirmation_id).with_for_update()
    row = (await tx.execute(statement)).first()
    return None if row is None else Confirmation(**row._mapping)


async def acknowledge_confirmation(tx: Tx, confirmation_id: str, person: str, at: datetime) -> None:
    await tx.fetch(_ACKNOWLEDGE, confirmation_id, person, instant_parameter(tx, at))


async def confirmations_after(
    tx: Tx, trial_id: str, sites: Sequence[str] | None, *, open_only: bool, after: str, limit: int
) -> list[Confirmation]:
    """Confirmations of a trial by id; `sites` None means every site, `open_only` those not acknowledged."""
    table = _CONFIRMATIONS
    statement = select(table).where(table.c.trial_id == trial_id, table.c.id > after)
    if sites is not None:
        statement = statement.where(table.c.site_number.in_(list(sites)))
    if open_only:
        statement = statement.where(table.c.acknowledged_at.is_(None))
    rows = await tx.execute(statement.order_by(table.c.id).limit(limit))
    return [Confirmation(**row._mapping) for row in rows]


async def given_under(tx: Tx, authorisation_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Doses on record as given under these authorisations, corrected ones left out, by time."""
    if not authorisation_ids:
        return []
    table = _ADMINISTRATIONS
    statement = (
        select(table.c.id, table.c.authorisation_id, table.c.at, table.c.amount, table.c.batch)
        .outerjoin(_CORRECTIONS, _CORRECTIONS.c.administration_id == table.c.id)
        .where(
            table.c.authorisation_id.in_(list(authorisation_ids)),
            table.c.given,
            _CORRECTIONS.c.administration_id.is_(None),
        )
        .order_by(table.c.at, table.c.id)
    )
    return [dict(row._mapping) for row in await tx.execute(statement)]


# -- queries --------------------------------------------------------------------------------------------


async def insert_query(tx: Tx, query: DoseQuery) -> None:
    await _ADD_QUERY(tx, [{column.name: getattr(query, column.name) for column in _QUERIES.columns}])


async def load_query(tx: Tx, query_id: str) -> DoseQuery | None:
    """The query, locked until the transaction ends."""
    statement = select(_QUERIES).where(_QUERIES.c.id == query_id).with_for_update()
    row = (await tx.execute(statement)).first()
    return None if row is None else DoseQuery(**row._mapping)


async def answer_query(tx: Tx, query_id: str, answer: str, person: str, at: datetime) -> None:
    await tx.fetch(_ANSWER, query_id, answer, person, instant_parameter(tx, at))


async def open_query_about(tx: Tx, administration_id: str) -> str | None:
    """The open query about an administration, if there is one."""
    rows = await tx.fetch(_OPEN_ABOUT, administration_id)
    return str(rows[0][0]) if rows else None


async def queries_after(
    tx: Tx, trial_id: str, sites: Sequence[str] | None, *, open_only: bool, after: str, limit: int
) -> list[DoseQuery]:
    """Queries of a trial by id; `sites` None means every site."""
    table = _QUERIES
    statement = select(table).where(table.c.trial_id == trial_id, table.c.id > after)
    if sites is not None:
        statement = statement.where(table.c.site_number.in_(list(sites)))
    if open_only:
        statement = statement.where(table.c.state == "open")
    rows = await tx.execute(statement.order_by(table.c.id).limit(limit))
    return [DoseQuery(**row._mapping) for row in rows]


# -- what the protocol doses by -------------------------------------------------------------------------


async def dose_basis(tx: Tx, trial_id: str, protocol_version: str) -> DoseBasis:
    """What a protocol version doses by; `none` where it plans no treatment, or is not known here."""
    rows = await tx.fetch(_TERMS, trial_id, protocol_version)
    return _basis_of(rows[0][0]) if rows else DoseBasis.NONE


@lru_cache(maxsize=64)
def _basis_of(terms: str) -> DoseBasis:
    return read_dose_basis(nested(terms))


def as_text(amount: Decimal | None) -> str | None:
    """An amount as the store keeps it: every digit, no exponent."""
    return None if amount is None else format(amount, "f")


_ACKNOWLEDGE = Sql("UPDATE dose_confirmation SET acknowledged_by = $2, acknowledged_at = $3 WHERE id = $1")
_ANSWER = Sql(
    "UPDATE dose_query SET state = 'answered', answer = $2, answered_by = $3, answered_at = $4 WHERE id = $1"
)
_OPEN_ABOUT = Sql("SELECT id FROM dose_query WHERE administration_id = $1 AND state = 'open'")
_TERMS = Sql("SELECT terms FROM protocol_copy WHERE trial_id = $1 AND protocol_version = $2")

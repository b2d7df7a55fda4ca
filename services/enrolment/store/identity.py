"""Keyed hashes and what they made suspect, and which screening follows which. Hashes are compared, never read out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from services.enrolment.domain.identity import GOING_ON, IdentityHash, IdentityKind
from services.enrolment.store.people_tables import DuplicateSuspicionRow, IdentityHashRow, RescreeningRow
from shared.database import Sql, Tx, instant_parameter
from shared.rows import insert_once, insertion, table_of

_HASHES = table_of(IdentityHashRow)
_SUSPICIONS = table_of(DuplicateSuspicionRow)
_ADD_SUSPICION = insertion(_SUSPICIONS)
_ADD_RESCREENING = insertion(table_of(RescreeningRow))


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """Two screenings with an equal hash; `state` is `open`, or how it was resolved."""

    id: str
    trial_id: str
    screening_id: str
    other_screening_id: str
    kind: str
    key_version: str
    state: str
    suspected_at: datetime
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    reason: str | None = None
    transfer_id: str | None = None


async def keep_hash(tx: Tx, values: Mapping[str, Any]) -> bool:
    """Keep a hash; False when the screening has it already."""
    return await insert_once(tx, _HASHES, values)


async def hashes_of(tx: Tx, screening_id: str, kind: IdentityKind, key_version: str) -> frozenset[str]:
    """The screening's hashes of one kind under one key: more than one after a correction."""
    rows = await tx.fetch(_HASHES_OF, screening_id, kind.value, key_version)
    return frozenset(str(row[0]) for row in rows)


async def equal_screenings(tx: Tx, screening_id: str, trial_id: str, given: IdentityHash) -> list[str]:
    """Other screenings of the trial with this hash that go on or led to a registration, oldest first."""
    rows = await tx.fetch(_EQUAL, trial_id, given.kind.value, given.key_version, given.digest, screening_id)
    return list(dict.fromkeys(str(row[0]) for row in rows))


async def suspected_before(tx: Tx, one: str, other: str) -> bool:
    """Whether these two were ever suspected, whatever came of it."""
    return bool(await tx.fetch(_SUSPECTED, one, other))


async def insert_suspicion(tx: Tx, suspicion: Suspicion) -> None:
    values = {column.name: getattr(suspicion, column.name) for column in _SUSPICIONS.columns}
    await _ADD_SUSPICION(tx, [values])


async def find_suspicion(tx: Tx, suspicion_id: str, *, lock: bool = False) -> Suspicion | None:
    statement = select(_SUSPICIONS).where(_SUSPICIONS.c.id == suspicion_id)
    row = (await tx.execute(statement.with_for_update() if lock else statement)).first()
    return None if row is None else Suspicion(**row._mapping)


async def save_resolution(
    tx: Tx, suspicion_id: str, state: str, by: str, at: datetime, reason: str, transfer_id: str | None
) -> None:
    await tx.fetch(_RESOLVE, suspicion_id, state, by, instant_parameter(tx, at), reason, transfer_id)


async def list_suspicions(tx: Tx, trial_id: str, *, state: str, after: str, limit: int) -> list[Suspicion]:
    """Suspicions of a trial by id; in one state, or in any where that is empty."""
    columns = _SUSPICIONS.c
    statement = select(_SUSPICIONS).where(columns.trial_id == trial_id, columns.id > after)
    if state:
        statement = statement.where(columns.state == state)
    return [
        Suspicion(**row._mapping) for row in await tx.execute(statement.order_by(columns.id).limit(limit))
    ]


# -- one screening after another ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """The screenings of the same person before and after this one; empty where there is none."""

    previous: str
    following: str


async def neighbours_of(tx: Tx, screening_id: str) -> Neighbours:
    rows = await tx.fetch(_NEIGHBOURS, screening_id)
    previous = next((row[1] for row in rows if row[0] == screening_id), "")
    following = next((row[0] for row in rows if row[1] == screening_id), "")
    return Neighbours(previous=previous, following=following)


async def insert_rescreening(tx: Tx, screening_id: str, previous_screening_id: str) -> None:
    values = {"screening_id": screening_id, "previous_screening_id": previous_screening_id}
    await _ADD_RESCREENING(tx, [values])


_HASHES_OF = Sql("SELECT hash FROM identity_hash WHERE screening_id = $1 AND kind = $2 AND key_version = $3")
_STATES = ", ".join(f"'{state.value}'" for state in GOING_ON)
_EQUAL = Sql(
    "SELECT s.id FROM identity_hash h JOIN screening s ON s.id = h.screening_id"
    " WHERE h.trial_id = $1 AND h.kind = $2 AND h.key_version = $3 AND h.hash = $4 AND s.id <> $5"
    f" AND s.state IN ({_STATES}) ORDER BY h.id"
)
_SUSPECTED = Sql(
    "SELECT id FROM duplicate_suspicion WHERE screening_id = $1 AND other_screening_id = $2"
    " OR screening_id = $2 AND other_screening_id = $1"
)
_RESOLVE = Sql(
    "UPDATE duplicate_suspicion SET state = $2, resolved_by = $3, resolved_at = $4, reason = $5, transfer_id = $6"
    " WHERE id = $1"
)
_NEIGHBOURS = Sql(
    "SELECT screening_id, previous_screening_id FROM rescreening"
    " WHERE screening_id = $1 OR previous_screening_id = $1"
)

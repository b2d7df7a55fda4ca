"""Files of cases in the store: what was made and sent, what regulators answered, what others sent to us."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from services.safety.store.case_file_tables import (
    CaseAcknowledgementRow,
    CaseBatchRow,
    CaseRow,
    CaseSendingRow,
    ReceivedCaseFileRow,
)
from shared.database import Sql, Tx
from shared.rows import RowQuery, fetch_rows, insert_row, table_of

_BATCHES, _SENDINGS = table_of(CaseBatchRow), table_of(CaseSendingRow)
_ACKNOWLEDGEMENTS, _RECEIVED = table_of(CaseAcknowledgementRow), table_of(ReceivedCaseFileRow)
_CASES = table_of(CaseRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentCase:
    """One case of a file."""

    case_id: str
    case_version: int
    kind: str
    state: str
    expedited: bool
    events: dict[str, int]
    details: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBatch:
    """One file with its cases."""

    id: str
    number: str
    trial_key: str
    route_id: str
    profile: str
    state: str
    content: bytes
    sha256: str
    findings: list[dict[str, str]]
    reason: str
    created_by: str
    created_at: datetime
    sent_by: str | None
    sent_at: datetime | None
    reference: str
    cases: tuple[SentCase, ...]


async def add_batch(tx: Tx, batch: StoredBatch) -> None:
    values = {column.name: getattr(batch, column.name) for column in _BATCHES.columns}
    await insert_row(tx, _BATCHES, values)
    for one in batch.cases:
        await insert_row(tx, _SENDINGS, _sending(batch.id, one))


def _sending(batch_id: str, one: SentCase) -> dict[str, Any]:
    return {
        "batch_id": batch_id,
        "case_id": one.case_id,
        "case_version": one.case_version,
        "kind": one.kind,
        "state": one.state,
        "expedited": one.expedited,
        "events": one.events,
        "sent_at": None,
        "decided_at": None,
        "details": one.details,
    }


async def load_batch(tx: Tx, batch_id: str, *, lock: bool = False) -> StoredBatch | None:
    """The file, locked until the transaction ends if asked; None when there is none."""
    if lock:
        await tx.fetch(_LOCK, batch_id)
    return await _one(tx, RowQuery(_BATCHES, "FROM case_batch WHERE id = $1"), batch_id)


async def batch_numbered(tx: Tx, number: str) -> StoredBatch | None:
    """The file that we sent under this number."""
    return await _one(tx, RowQuery(_BATCHES, "FROM case_batch WHERE number = $1"), number)


async def list_batches(tx: Tx, *, trial_key: str, after: str, limit: int) -> list[dict[str, Any]]:
    """Files of a trial in the order in which they were made, without their bytes."""
    columns = [column for column in _BATCHES.columns if column.name != "content"]
    found = await tx.execute(
        select(*columns)
        .where(_BATCHES.c.trial_key == trial_key, _BATCHES.c.id > after)
        .order_by(_BATCHES.c.id)
        .limit(limit)
    )
    return [dict(row._mapping) for row in found]


async def save_batch(tx: Tx, batch_id: str, **values: Any) -> None:
    await tx.execute(update(_BATCHES).where(_BATCHES.c.id == batch_id).values(**values))


async def save_sending(tx: Tx, batch_id: str, case_id: str, **values: Any) -> None:
    await tx.execute(
        update(_SENDINGS)
        .where(_SENDINGS.c.batch_id == batch_id, _SENDINGS.c.case_id == case_id)
        .values(**values)
    )


async def numbers_of(tx: Tx, case_ids: Sequence[str]) -> dict[str, str]:
    """Case numbers by case."""
    found = await tx.execute(select(_CASES.c.id, _CASES.c.number).where(_CASES.c.id.in_(list(case_ids))))
    return {row.id: row.number for row in found}


async def add_acknowledgement(tx: Tx, values: dict[str, Any]) -> None:
    await insert_row(tx, _ACKNOWLEDGEMENTS, values)


async def acknowledgements_of(tx: Tx, batch_id: str) -> list[dict[str, Any]]:
    query = RowQuery(
        _ACKNOWLEDGEMENTS,
        "FROM case_acknowledgement WHERE batch_id = $1 ORDER BY id",
        without=frozenset({"content"}),
    )
    return await fetch_rows(tx, query, batch_id)


async def add_received(tx: Tx, values: dict[str, Any]) -> None:
    await insert_row(tx, _RECEIVED, values)


async def list_received(tx: Tx, *, after: str, limit: int) -> list[dict[str, Any]]:
    query = RowQuery(
        _RECEIVED,
        "FROM received_case_file WHERE id > $1 ORDER BY id LIMIT $2",
        without=frozenset({"content"}),
    )
    return await fetch_rows(tx, query, after, limit)


async def _one(tx: Tx, query: RowQuery, argument: str) -> StoredBatch | None:
    found = await fetch_rows(tx, query, argument)
    if not found:
        return None
    cases = await fetch_rows(tx, _CASES_OF, found[0]["id"])
    told = ("case_id", "case_version", "kind", "state", "expedited", "events", "details")
    sent = tuple(SentCase(**{name: row[name] for name in told}) for row in cases)
    values = found[0] | {"content": bytes(found[0]["content"])}
    return StoredBatch(**values, cases=sent)


_LOCK = Sql("SELECT id FROM case_batch WHERE id = $1 FOR UPDATE")
_CASES_OF = RowQuery(_SENDINGS, "FROM case_sending WHERE batch_id = $1 ORDER BY case_id")

"""Records that could not be applied: kept whole, by (consumer, aggregate), never skipped in silence.

`parked` waits for a gap to be filled or for a person; `resolved` was applied after all; `discarded` was given
up by two people. A record whose envelope cannot be read, or that should not exist, is *quarantined*: the same
table, without an event id, so that it can never stand in the way of the genuine event.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.clock import server_now
from shared.database import Row, Sql, Tx, instant_parameter, read_instant
from shared.envelope import Envelope, Headers, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedRow:
    """One parked or quarantined record, as lists show it."""

    id: int
    producer: str
    aggregate_id: str | None
    sequence: int | None
    event_id: str | None
    partition_key: str | None
    topic: str
    reason: str
    error: str | None
    attempts: int
    parked_at: datetime
    state: str
    resolved_by: str | None
    note: str | None


class DiscardRefused(Exception):
    """The event cannot be given up now, or not by this person alone."""


async def park(
    tx: Tx, consumer: str, record: Record, envelope: Envelope, *, reason: str, error: str | None = None
) -> bool:
    """Keep a readable event that cannot be applied now.

    An event that was resolved or discarded in an earlier life of the copies waits again.

    Returns:
        False when another event waits under the same number: this one is not kept.
    """
    rows = await tx.fetch(
        _PARK,
        consumer,
        envelope.producer,
        envelope.subject,
        envelope.sequence,
        envelope.id,
        envelope.partition_key,
        *_record_columns(tx, record),
        envelope.id,
        reason,
        error,
    )
    return bool(rows)


async def quarantine(tx: Tx, consumer: str, producer: str, record: Record, *, reason: str) -> bool:
    """Keep a record that is no event of ours; false when the same record is kept already."""
    columns = _record_columns(tx, record)
    digest = hashlib.sha256(dump_headers(record.headers) + b"\x00" + (record.value or b"")).hexdigest()
    return bool(await tx.fetch(_QUARANTINE, consumer, producer, *columns, digest, reason))


async def next_waiting(
    tx: Tx, consumer: str, producer: str, aggregate_id: str, sequence: int
) -> tuple[int, Record] | None:
    """The parked event that is next in its aggregate, if it has arrived."""
    rows = await tx.fetch(_NEXT_WAITING, consumer, producer, aggregate_id, sequence)
    return (rows[0][0], _stored_record(rows[0])) if rows else None


async def count_waiting(tx: Tx, consumer: str, producer: str, aggregate_id: str) -> int:
    return int((await tx.fetch(_COUNT_WAITING, consumer, producer, aggregate_id))[0][0])


async def resolve(tx: Tx, parked_id: int, *, by: str) -> None:
    """The event has been applied after all."""
    await tx.fetch(_RESOLVE, parked_id, instant_parameter(tx, server_now()), by)


async def note_failure(tx: Tx, parked_id: int, *, reason: str, error: str | None) -> None:
    await tx.fetch(_NOTE, parked_id, reason, error)


async def resolve_quarantine(tx: Tx, consumer: str, topic: str, partition: int) -> None:
    """The partition's digest agrees with its producer: what lies in quarantine was not one of its events."""
    await tx.fetch(_RESOLVE_QUARANTINE, consumer, topic, partition, instant_parameter(tx, server_now()))


async def waiting_aggregates(tx: Tx, consumer: str, reasons: Sequence[str]) -> list[tuple[str, str]]:
    """Producer and aggregate of everything parked for one of these reasons."""
    rows = await tx.fetch(_AGGREGATES, consumer, json.dumps(list(reasons)))
    return [(row[0], row[1]) for row in rows]


async def list_parked(tx: Tx, consumer: str, *, after: int = 0, limit: int = 50) -> list[ParkedRow]:
    return [_row(row) for row in await tx.fetch(_LIST, consumer, after, limit)]


async def find_parked(tx: Tx, consumer: str, parked_id: int) -> ParkedRow | None:
    rows = await tx.fetch(_ONE, consumer, parked_id)
    return _row(rows[0]) if rows else None


async def request_discard(tx: Tx, parked_id: int, *, by: str, note: str) -> None:
    await tx.fetch(_REQUEST_DISCARD, parked_id, by, note)


async def discard(tx: Tx, row: ParkedRow, *, approved_by: str) -> None:
    """Give an event up that another person asked to give up.

    Raises:
        DiscardRefused: nobody else asked, or it waits no longer.
    """
    if not await tx.fetch(_DISCARD, row.id, instant_parameter(tx, server_now()), approved_by):
        raise DiscardRefused("it waits no longer, or no other person has asked for it")


def _record_columns(tx: Tx, record: Record) -> tuple[object, ...]:
    return (
        record.topic,
        record.partition,
        record.position,
        dump_headers(record.headers),
        record.value,
        instant_parameter(tx, server_now()),
    )


def dump_headers(headers: Headers) -> bytes:
    """Headers as bytes that keep every byte of them, readable or not, null or not."""
    return json.dumps(
        [[name, None if value is None else base64.b64encode(value).decode()] for name, value in headers]
    ).encode()


def load_headers(stored: bytes) -> list[tuple[str, bytes]]:
    loaded: list[tuple[str, Any]] = [
        (name, None if text is None else base64.b64decode(text)) for name, text in json.loads(stored)
    ]
    return loaded


def _stored_record(row: Row) -> Record:
    return Record(
        topic=row[1],
        partition=row[2],
        position=row[3],
        headers=load_headers(bytes(row[4])),
        value=None if row[5] is None else bytes(row[5]),
    )


def _row(row: Row) -> ParkedRow:
    return ParkedRow(
        id=row[0],
        producer=row[1],
        aggregate_id=row[2],
        sequence=row[3],
        event_id=row[4],
        partition_key=row[5],
        topic=row[6],
        reason=row[7],
        error=row[8],
        attempts=row[9],
        parked_at=read_instant(row[10]),
        state=row[11],
        resolved_by=row[12],
        note=row[13],
    )


_PARK = Sql(
    "INSERT INTO parked_event AS p (consumer, producer, aggregate_id, sequence, event_id, partition_key, topic,"
    " partition, position, headers, payload, parked_at, digest, reason, error, attempts, state)"
    " SELECT $1::text, $2::text, $3::text, $4::bigint, $5::text, $6::text, $7::text, $8::int, $9::bigint, $10::bytea,"
    "  $11::bytea, $12::timestamptz, $13::text, $14::text, $15::text, 1, 'parked'"
    " WHERE NOT EXISTS (SELECT 1 FROM parked_event w WHERE w.consumer = $1 AND w.producer = $2"
    "  AND w.aggregate_id = $3 AND w.sequence = $4 AND w.state = 'parked' AND w.event_id <> $5)"
    " ON CONFLICT (consumer, event_id) DO UPDATE SET state = 'parked', reason = excluded.reason,"
    "  error = excluded.error, attempts = p.attempts + 1, parked_at = excluded.parked_at, resolved_at = NULL,"
    "  resolved_by = NULL, approved_by = NULL, note = NULL"
    " RETURNING id"
)
_QUARANTINE = Sql(
    "INSERT INTO parked_event (consumer, producer, topic, partition, position, headers, payload, parked_at, digest,"
    " reason, attempts, state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, 'parked')"
    " ON CONFLICT DO NOTHING RETURNING id"
)
_NEXT_WAITING = Sql(
    "SELECT id, topic, partition, position, headers, payload FROM parked_event WHERE consumer = $1 AND producer = $2"
    " AND aggregate_id = $3 AND sequence = $4 AND state = 'parked' ORDER BY id LIMIT 1"
)
_COUNT_WAITING = Sql(
    "SELECT count(*) FROM parked_event WHERE consumer = $1 AND producer = $2 AND aggregate_id = $3"
    " AND state = 'parked'"
)
_RESOLVE = Sql("UPDATE parked_event SET state = 'resolved', resolved_at = $2, resolved_by = $3 WHERE id = $1")
_NOTE = Sql("UPDATE parked_event SET reason = $2, error = $3, attempts = attempts + 1 WHERE id = $1")
_RESOLVE_QUARANTINE = Sql(
    "UPDATE parked_event SET state = 'resolved', resolved_at = $4, resolved_by = 'digest' WHERE consumer = $1"
    " AND topic = $2 AND partition = $3 AND event_id IS NULL AND state = 'parked'"
)
_AGGREGATES = Sql(
    "SELECT DISTINCT producer, aggregate_id FROM parked_event WHERE consumer = $1 AND state = 'parked'"
    " AND aggregate_id IS NOT NULL AND reason IN (SELECT jsonb_array_elements_text($2::jsonb))",
    "SELECT DISTINCT producer, aggregate_id FROM parked_event WHERE consumer = $1 AND state = 'parked'"
    " AND aggregate_id IS NOT NULL AND reason IN (SELECT value FROM json_each($2))",
)
_LISTED = (
    "id, producer, aggregate_id, sequence, event_id, partition_key, topic, reason, error, attempts, parked_at, state,"
    " resolved_by, note"
)
_LIST = Sql(
    f"SELECT {_LISTED} FROM parked_event WHERE consumer = $1 AND state = 'parked' AND id > $2 ORDER BY id LIMIT $3"
)
_ONE = Sql(f"SELECT {_LISTED} FROM parked_event WHERE consumer = $1 AND id = $2")
_REQUEST_DISCARD = Sql(
    "UPDATE parked_event SET resolved_by = $2, note = $3 WHERE id = $1 AND state = 'parked'"
)
_DISCARD = Sql(
    "UPDATE parked_event SET state = 'discarded', resolved_at = $2, approved_by = $3 WHERE id = $1"
    " AND state = 'parked' AND resolved_by IS NOT NULL AND resolved_by <> $3 RETURNING id"
)

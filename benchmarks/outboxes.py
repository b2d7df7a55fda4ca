"""Stores whose outbox is full before the clock starts: unsent for a relay, published for a reader of the log."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert

from benchmarks import sample
from benchmarks.surroundings import Build
from shared.envelope import Record, read_envelope

_ROWS_AT_ONCE = 1_000
_AUDIT_HASH = b"\x01" * 32


def unsent_outbox(records: Sequence[Record]) -> Build:
    """Makes a store whose relay has everything still to do."""

    def build(connection: Any) -> None:
        _fill(connection, records, published=False)

    return build


def published_outbox(records: Sequence[Record]) -> Build:
    """Makes a store whose relay has published everything."""

    def build(connection: Any) -> None:
        _fill(connection, records, published=True)

    return build


def _fill(connection: Any, records: Sequence[Record], *, published: bool) -> None:
    tables = sample.metadata()
    tables.create_all(connection)
    rows = [_row(record, pub_seq if published else None) for pub_seq, record in enumerate(records, start=1)]
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        connection.execute(insert(tables.tables["outbox"]), rows[start : start + _ROWS_AT_ONCE])
    if published:
        leader = {"topic": sample.TOPIC, "epoch": 1, "pub_seq": len(rows), "anchor_hash": b""}
        connection.execute(insert(tables.tables["relay_leader"]), [leader])


def _row(record: Record, pub_seq: int | None) -> dict[str, Any]:
    envelope = read_envelope(record.headers)
    return {
        "event_id": envelope.id,
        "topic": record.topic,
        "type": envelope.type,
        "dataschema": envelope.dataschema,
        "aggregate_id": envelope.subject,
        "aggregate_version": envelope.sequence,
        "partition_key": envelope.partition_key,
        "partition": record.partition,
        "blinding": envelope.blinding,
        "correlation_id": envelope.correlation_id,
        "occurred_at": envelope.time,
        "created_at": envelope.time,
        "payload": record.value,
        "audit_hash": _AUDIT_HASH,
        "sent_at": None if pub_seq is None else envelope.time,
        "pub_seq": pub_seq,
    }

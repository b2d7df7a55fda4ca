"""Tables that every service's store carries for delivery, audit, idempotency and time.

Each service adds them to its own metadata with `add_delivery_tables`, so each database has its own copy and
Alembic sees them. The statements that use them live beside their algorithm (`outbox.py`, `inbox.py`, ...).
Instants are `timestamptz` on PostgreSQL and fixed-width UTC text on SQLite; ids are text on both.
"""

import json
from datetime import datetime
from typing import Any

from pydantic_core import from_json
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.types import TypeDecorator, TypeEngine

from shared.clock import format_instant, parse_instant

MAX_PAYLOAD_BYTES = 262_144


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant with microseconds."""

    impl = String(27)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(TIMESTAMP(timezone=True))
        return dialect.type_descriptor(String(27))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None or dialect.name == "postgresql":
            return value
        return format_instant(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None or isinstance(value, datetime):
            return value
        return parse_instant(value)


class JsonText(TypeDecorator[Any]):
    """A JSON value as canonical text: sorted keys, no spaces, so that equal values are equal bytes."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else canonical_json(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else from_json(value)


def canonical_json(value: Any) -> str:
    """JSON text with sorted keys, no spaces and no NaN: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _row_number() -> Column[int]:
    """A number drawn by the database, ascending; SQLite needs the 32-bit spelling for AUTOINCREMENT."""
    return Column("id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True)


def add_delivery_tables(metadata: MetaData) -> None:
    """Add the outbox, inbox, watermark, audit, idempotency and clock tables to a service's metadata."""
    _add_outbox(metadata)
    _add_inbox(metadata)
    _add_audit(metadata)
    _add_commands(metadata)


def _add_outbox(metadata: MetaData) -> None:
    Table(
        "outbox_aggregate",
        metadata,
        Column("aggregate_id", Text, primary_key=True),
        Column("version", BigInteger, nullable=False),
        Column("audit_n", BigInteger, nullable=False),
        Column("audit_hash", LargeBinary, nullable=False),
    )
    outbox = Table(
        "outbox",
        metadata,
        Column("seq", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True),
        # Unique by its audit row, which commits with it: an index here would be written again at every mark.
        Column("event_id", Text, nullable=False),
        Column("topic", Text, nullable=False),
        Column("type", Text, nullable=False),
        Column("dataschema", Text, nullable=False),
        Column("aggregate_id", Text, nullable=False),
        Column("aggregate_version", BigInteger, nullable=False),
        Column("partition_key", Text, nullable=False),
        Column("partition", Integer, nullable=False),
        Column("blinding", Text, nullable=False),
        Column("causation_id", Text),
        Column("correlation_id", Text, nullable=False),
        Column("traceparent", Text),
        Column("occurred_at", Instant, nullable=False),
        Column("created_at", Instant, nullable=False),
        Column("payload", LargeBinary, nullable=False),
        Column("audit_hash", LargeBinary, nullable=False),
        Column("sent_at", Instant),
        Column("pub_seq", BigInteger),
        Column("attempts", Integer, nullable=False, server_default=text("0")),
        Column("last_error", Text),
        CheckConstraint(f"length(payload) <= {MAX_PAYLOAD_BYTES}", name="outbox_payload_size"),
        sqlite_autoincrement=True,
    )
    unsent = outbox.c.sent_at.is_(None)
    Index("outbox_unsent", outbox.c.topic, outbox.c.seq, sqlite_where=unsent, postgresql_where=unsent)
    Index("outbox_published", outbox.c.topic, outbox.c.pub_seq)
    Table(
        "relay_leader",
        metadata,
        Column("topic", Text, primary_key=True),
        Column("epoch", BigInteger, nullable=False),
        Column("pub_seq", BigInteger, nullable=False),
        Column("holder", Text),
        Column("anchor_hash", LargeBinary, nullable=False),
        Column("head_pub_seq", BigInteger, nullable=False, server_default=text("0")),
    )
    Table(
        "relay_state",
        metadata,
        Column("topic", Text),
        Column("partition", Integer),
        Column("n", BigInteger, nullable=False),
        Column("h", BigInteger, nullable=False),
        PrimaryKeyConstraint("topic", "partition"),
    )
    Table(
        "replay_request",
        metadata,
        _row_number(),
        Column("topic", Text, nullable=False),
        Column("partition", Integer),
        Column("partition_key", Text),
        Column("consumer", Text),
        Column("after_pub_seq", BigInteger, nullable=False),
        Column("until_pub_seq", BigInteger, nullable=False),
        Column("requested_at", Instant, nullable=False),
        Column("requested_by", Text, nullable=False),
        Column("finished_at", Instant),
        sqlite_autoincrement=True,
    )


def _add_inbox(metadata: MetaData) -> None:
    Table(
        "inbox",
        metadata,
        Column("consumer", Text),
        Column("event_id", Text),
        Column("topic", Text, nullable=False),
        Column("partition", Integer, nullable=False),
        Column("position", BigInteger, nullable=False),
        Column("received_at", Instant, nullable=False),
        PrimaryKeyConstraint("consumer", "event_id"),
    )
    Table(
        "aggregate_position",
        metadata,
        Column("consumer", Text),
        Column("producer", Text),
        Column("aggregate_id", Text),
        Column("last_sequence", BigInteger, nullable=False),
        Column("batch_first", BigInteger),
        Column("parked_since", Instant),
        Column("gap_since", Instant),
        PrimaryKeyConstraint("consumer", "producer", "aggregate_id"),
    )
    parked = Table(
        "parked_event",
        metadata,
        _row_number(),
        Column("consumer", Text, nullable=False),
        Column("producer", Text, nullable=False),
        Column("aggregate_id", Text),
        Column("sequence", BigInteger),
        Column("event_id", Text),
        Column("partition_key", Text),
        Column("topic", Text, nullable=False),
        Column("partition", Integer, nullable=False),
        Column("position", BigInteger, nullable=False),
        Column("headers", LargeBinary, nullable=False),
        Column("payload", LargeBinary),
        Column("digest", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("error", Text),
        Column("attempts", Integer, nullable=False, server_default=text("0")),
        Column("parked_at", Instant, nullable=False),
        Column("state", Text, nullable=False),
        Column("resolved_at", Instant),
        Column("resolved_by", Text),
        Column("approved_by", Text),
        Column("note", Text),
        UniqueConstraint("consumer", "event_id", name="parked_event_once"),
        UniqueConstraint("consumer", "topic", "partition", "position", "digest", name="parked_record_once"),
        sqlite_autoincrement=True,
    )
    waiting = parked.c.state == "parked"
    Index(
        "parked_waiting",
        parked.c.consumer,
        parked.c.producer,
        parked.c.aggregate_id,
        parked.c.sequence,
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    Table(
        "producer_position",
        metadata,
        Column("consumer", Text),
        Column("topic", Text),
        Column("partition", Integer),
        Column("closed_at", Instant),
        Column("pub_seq", BigInteger, nullable=False, server_default=text("0")),
        Column("epoch", BigInteger, nullable=False, server_default=text("0")),
        Column("n", BigInteger, nullable=False, server_default=text("0")),
        Column("h", BigInteger, nullable=False, server_default=text("0")),
        Column("matched_pub_seq", BigInteger, nullable=False, server_default=text("0")),
        Column("matched_n", BigInteger, nullable=False, server_default=text("0")),
        Column("applied_at", Instant),
        Column("incomplete_since", Instant),
        Column("state", Text, nullable=False),
        PrimaryKeyConstraint("consumer", "topic", "partition"),
    )
    Table(
        "delivery_position",
        metadata,
        Column("consumer", Text),
        Column("topic", Text),
        Column("pub_seq", BigInteger, nullable=False),
        PrimaryKeyConstraint("consumer", "topic"),
    )


def _add_audit(metadata: MetaData) -> None:
    audit = Table(
        "audit",
        metadata,
        _row_number(),
        Column("aggregate_id", Text, nullable=False),
        Column("n", BigInteger, nullable=False),
        Column("event_id", Text, unique=True),
        Column("action", Text, nullable=False),
        Column("actor", Text, nullable=False),
        Column("actor_role", Text, nullable=False),
        Column("at", Instant, nullable=False),
        Column("domain_at", Instant, nullable=False),
        Column("demonstration", Integer, nullable=False),
        Column("reason", Text),
        Column("correlation_id", Text, nullable=False),
        Column("causation_id", Text),
        Column("details", LargeBinary),
        Column("salt", LargeBinary, nullable=False),
        Column("commitment", LargeBinary, nullable=False),
        Column("hash", LargeBinary, nullable=False),
        UniqueConstraint("aggregate_id", "n", name="audit_chain"),
        sqlite_autoincrement=True,
    )
    Index("audit_story", audit.c.correlation_id)
    Table(
        "peer_audit_head",
        metadata,
        Column("producer", Text),
        Column("pub_seq", BigInteger),
        Column("head", Text, nullable=False),
        Column("audit_rows", BigInteger, nullable=False),
        Column("audit_last_id", BigInteger, nullable=False),
        PrimaryKeyConstraint("producer", "pub_seq"),
    )


def _add_commands(metadata: MetaData) -> None:
    Table(
        "idempotency",
        metadata,
        Column("principal", Text),
        Column("route", Text),
        Column("key", Text),
        Column("request_hash", Text, nullable=False),
        Column("status", Integer, nullable=False),
        Column("answer", LargeBinary, nullable=False),
        Column("created_at", Instant, nullable=False),
        PrimaryKeyConstraint("principal", "route", "key"),
    )
    Table(
        "used_proof",
        metadata,
        Column("jti", Text, primary_key=True),
        Column("used_at", Instant, nullable=False),
    )
    Table(
        "store_profile",
        metadata,
        Column("name", Text, primary_key=True),
        Column("value", Text, nullable=False),
    )
    Table(
        "work_leader",
        metadata,
        Column("name", Text, primary_key=True),
        Column("epoch", BigInteger, nullable=False),
        Column("holder", Text, nullable=False),
        Column("renewed_at", Instant, nullable=False),
        Column("ran_until", Instant),
    )

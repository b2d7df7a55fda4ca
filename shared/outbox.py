"""The outbox: an event is stored in the transaction of the change that it announces.

`put` draws the aggregate's next version and the row's `seq` while the aggregate's row is locked. So for one
aggregate a visible later row implies that the earlier one is visible, and "unsent, ordered by `seq`" gives
the relay each aggregate in commit order. Nobody else inserts into `outbox`. Rows are marked, never deleted.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from shared.act import Act
from shared.audit import AUDIT_COLUMNS, INSERT_AUDIT, aggregate_arguments, entry_for, next_link, row_arguments
from shared.database import Sql, Tx, instant_parameter
from shared.partitions import partition_of
from shared.tables import MAX_PAYLOAD_BYTES
from shared.topics import Blinding, blinding_of, check_aggregate, topic_of_service
from shared.writes import Write, write_together


class Published(Protocol):
    """An event class as a service publishes it: its type is part of the class, its fields are the contract.

    A class may say `blinding: ClassVar = "unblinded"`; its events then have a topic of their own.
    """

    event_type: ClassVar[str]

    def model_dump_json(self) -> str: ...


class EventTooLarge(Exception):
    """The event's value is over the size that every broker takes; the command is undone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """One change of one aggregate, to be announced.

    `scope` is the partition key: all events of one scope stay in one partition of their topic.
    """

    aggregate_id: str
    scope: str
    body: Published
    reason: str | None = None


def topic_of(event_type: str, blinding: Blinding = "blinded") -> str:
    """The topic of the service that publishes this type: its main one, or the one for unblinded facts."""
    return topic_of_service(event_type.partition(".")[0], blinding)


def schema_of(event_type: str) -> str:
    """Id of the committed JSON Schema of this type and version."""
    return f"urn:trialops:event-schema:{event_type}"


async def put_all(tx: Tx, act: Act, events: list[NewEvent], *changes: Write) -> None:
    """Store several events of one command, in aggregate-id order so that two commands never deadlock.

    Changes given here are made with the first of them, at no round trip of their own.
    """
    if not events:
        if changes:
            await write_together(tx, *changes)
        return
    first, *following = sorted(events, key=lambda event: event.aggregate_id)
    await put(tx, act, first, *changes)
    for event in following:
        await put(tx, act, event)


async def put(tx: Tx, act: Act, event: NewEvent, *changes: Write) -> str:
    """Store one event and its audit row, with the changes that it announces; return the event's id.

    Changes may also have been made before; those given here cost no round trip of their own.

    Raises:
        EventTooLarge: the value is over 256 KiB. A row that a broker refuses would stop the relay for good,
            and with it the watermarks that others depend on.
        WrongAggregate: the aggregate is told on the other topic.
    """
    check_aggregate(event.aggregate_id, blinding_of(event.body))
    payload = event.body.model_dump_json().encode()
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise EventTooLarge(event.body.event_type)
    event_id = act.new_id()
    entry = entry_for(
        act, event.aggregate_id, event.body.event_type, payload, event_id=event_id, reason=event.reason
    )
    columns = _columns(tx, act, event, event_id, payload)
    if tx.dialect == "postgresql":
        arguments = (*aggregate_arguments(entry), *columns, *row_arguments(tx, act, entry))
        await write_together(tx, *changes, Write(_PUT_POSTGRESQL, arguments))
    else:
        await write_together(tx, *changes)
        version, n, head = await next_link(tx, entry)
        await tx.fetch(_ADVANCE, event.aggregate_id, version + 1, n, head)
        await tx.fetch(_INSERT_OUTBOX, version + 1, head, *columns)
        await tx.fetch(INSERT_AUDIT, n, head, *row_arguments(tx, act, entry))
    tx.announce()
    return event_id


def _columns(tx: Tx, act: Act, event: NewEvent, event_id: str, payload: bytes) -> tuple[Any, ...]:
    event_type, blinding = event.body.event_type, blinding_of(event.body)
    return (
        event_id,
        topic_of(event_type, blinding),
        event_type,
        schema_of(event_type),
        event.scope,
        partition_of(event.scope),
        blinding,
        act.causation_id,
        act.correlation_id,
        act.traceparent,
        instant_parameter(tx, act.now),
        instant_parameter(tx, act.received_at),
        payload,
        event.aggregate_id,
    )


_OUTBOX_COLUMNS = (
    "event_id, topic, type, dataschema, partition_key, partition, blinding, causation_id, correlation_id,"
    " traceparent, occurred_at, created_at, payload, aggregate_id"
)

_ADVANCE = Sql(
    "INSERT INTO outbox_aggregate (aggregate_id, version, audit_n, audit_hash) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT (aggregate_id) DO UPDATE SET version = excluded.version, audit_n = excluded.audit_n,"
    " audit_hash = excluded.audit_hash"
)

_INSERT_OUTBOX = Sql(
    f"INSERT INTO outbox (aggregate_version, audit_hash, {_OUTBOX_COLUMNS}) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
)

# One statement: the aggregate's row is locked by the upsert, so version, seq and audit number are drawn in
# the order in which transactions commit. The hash is computed where the previous one is read.
_PUT_POSTGRESQL = Sql(
    "WITH a AS ("
    " INSERT INTO outbox_aggregate AS o (aggregate_id, version, audit_n, audit_hash)"
    " VALUES ($1, 1, 1, sha256(int8send(1) || $2::bytea))"
    " ON CONFLICT (aggregate_id) DO UPDATE SET version = o.version + 1, audit_n = o.audit_n + 1,"
    "  audit_hash = sha256(o.audit_hash || int8send(o.audit_n + 1) || $2::bytea)"
    " RETURNING version, audit_n, audit_hash), "
    "e AS ("
    f" INSERT INTO outbox (aggregate_version, audit_hash, {_OUTBOX_COLUMNS})"
    " SELECT a.version, a.audit_hash, $3::text, $4::text, $5::text, $6::text, $7::text, $8::int, $9::text, $10::text,"
    "  $11::text, $12::text, $13::timestamptz, $14::timestamptz, $15::bytea, $16::text FROM a) "
    f"INSERT INTO audit (n, hash, {AUDIT_COLUMNS}) "
    "SELECT a.audit_n, a.audit_hash, $17::text, $18::text, $19::text, $20::text, $21::text, $22::timestamptz,"
    " $23::timestamptz, $24::int, $25::text, $26::text, $27::text, $28::bytea, $29::bytea, $30::bytea FROM a"
)

"""The audit chain: one row per change, chained per aggregate, so that a changed row shows.

`hash[n] = SHA-256(hash[n-1] || n as 8 bytes || metadata || commitment)`, where the changed value itself enters
only as the salted commitment `SHA-256(salt || value)`: a lawful redaction (value and salt removed) leaves the
chain verifiable. `outbox_aggregate` keeps each chain's length and head. A chain alone proves nothing against
somebody who can rewrite all of it: the relay therefore chains the rows of all published events once more, in
publication order, and publishes that head for the other services to keep (`audit_verify.py` compares).
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.act import Act
from shared.clock import format_instant
from shared.database import Sql, Tx, instant_parameter
from shared.ids import new_bytes
from shared.tables import canonical_json
from shared.writes import Write, write_together

SALT_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One row to be appended: everything but its place in the chain."""

    aggregate_id: str
    event_id: str | None
    action: str
    details: bytes | None
    salt: bytes
    commitment: bytes
    metadata: bytes
    reason: str | None


def entry_for(
    act: Act, aggregate_id: str, action: str, value: bytes, *, event_id: str | None, reason: str | None
) -> AuditEntry:
    """Prepare the audit row of one change; an event's value stays in the outbox, any other in the row."""
    salt = new_bytes(SALT_BYTES)
    return AuditEntry(
        aggregate_id=aggregate_id,
        event_id=event_id,
        action=action,
        details=None if event_id else value,
        salt=salt,
        commitment=hashlib.sha256(salt + value).digest(),
        metadata=canonical_metadata(
            aggregate_id=aggregate_id,
            event_id=event_id,
            action=action,
            actor=act.actor,
            actor_role=act.actor_role,
            at=act.received_at,
            domain_at=act.now,
            demonstration=act.demonstration,
            reason=reason,
            correlation_id=act.correlation_id,
            causation_id=act.causation_id,
        ),
        reason=reason,
    )


def chain_hash(previous: bytes, n: int, metadata: bytes, commitment: bytes) -> bytes:
    """The hash of row `n` of a chain whose row `n - 1` has the hash `previous` (empty for the first)."""
    return hashlib.sha256(previous + n.to_bytes(8, "big") + metadata + commitment).digest()


async def record(
    tx: Tx,
    act: Act,
    aggregate_id: str,
    action: str,
    details: dict[str, Any],
    *changes: Write,
    reason: str | None = None,
) -> None:
    """Append the audit row of changes that no event announces; those given here cost no round trip."""
    value = canonical_json(details).encode()
    entry = entry_for(act, aggregate_id, action, value, event_id=None, reason=reason)
    if tx.dialect == "postgresql":
        arguments = (*aggregate_arguments(entry), *row_arguments(tx, act, entry))
        await write_together(tx, *changes, Write(_RECORD_POSTGRESQL, arguments))
        return
    await write_together(tx, *changes)
    _, n, head = await next_link(tx, entry)
    await tx.fetch(_ADVANCE_AUDIT, aggregate_id, n, head)
    await tx.fetch(INSERT_AUDIT, n, head, *row_arguments(tx, act, entry))


async def next_link(tx: Tx, entry: AuditEntry) -> tuple[int, int, bytes]:
    """On the single-writer store: the aggregate's present version, and its next audit number and hash."""
    rows = await tx.fetch(_AGGREGATE, entry.aggregate_id)
    version, audit_n, head = (rows[0][0], rows[0][1], bytes(rows[0][2])) if rows else (0, 0, b"")
    return version, audit_n + 1, chain_hash(head, audit_n + 1, entry.metadata, entry.commitment)


def aggregate_arguments(entry: AuditEntry) -> tuple[Any, ...]:
    return entry.aggregate_id, entry.metadata + entry.commitment


def row_arguments(tx: Tx, act: Act, entry: AuditEntry) -> tuple[Any, ...]:
    return (
        entry.aggregate_id,
        entry.event_id,
        entry.action,
        act.actor,
        act.actor_role,
        instant_parameter(tx, act.received_at),
        instant_parameter(tx, act.now),
        int(act.demonstration),
        entry.reason,
        act.correlation_id,
        act.causation_id,
        entry.details,
        entry.salt,
        entry.commitment,
    )


def anchor_hash(previous: bytes, row_hash: bytes) -> bytes:
    """Head of the whole store's chain after one more published event's audit row."""
    return hashlib.sha256(previous + row_hash).digest()


def canonical_metadata(
    *, at: datetime, domain_at: datetime, demonstration: bool, **texts: str | None
) -> bytes:
    return canonical_json(
        texts
        | {
            "at": format_instant(at),
            "domain_at": format_instant(domain_at),
            "demonstration": int(demonstration),
        }
    ).encode()


AUDIT_COLUMNS = (
    "aggregate_id, event_id, action, actor, actor_role, at, domain_at, demonstration, reason, correlation_id, "
    "causation_id, details, salt, commitment"
)

INSERT_AUDIT = Sql(
    f"INSERT INTO audit (n, hash, {AUDIT_COLUMNS}) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
)

_AGGREGATE = Sql("SELECT version, audit_n, audit_hash FROM outbox_aggregate WHERE aggregate_id = $1")

_ADVANCE_AUDIT = Sql(
    "INSERT INTO outbox_aggregate (aggregate_id, version, audit_n, audit_hash) VALUES ($1, 0, $2, $3) "
    "ON CONFLICT (aggregate_id) DO UPDATE SET audit_n = excluded.audit_n, audit_hash = excluded.audit_hash"
)

_RECORD_POSTGRESQL = Sql(
    "WITH a AS ("
    " INSERT INTO outbox_aggregate AS o (aggregate_id, version, audit_n, audit_hash)"
    " VALUES ($1, 0, 1, sha256(int8send(1) || $2::bytea))"
    " ON CONFLICT (aggregate_id) DO UPDATE SET audit_n = o.audit_n + 1,"
    "  audit_hash = sha256(o.audit_hash || int8send(o.audit_n + 1) || $2::bytea)"
    " RETURNING audit_n, audit_hash) "
    f"INSERT INTO audit (n, hash, {AUDIT_COLUMNS}) "
    "SELECT a.audit_n, a.audit_hash, $3::text, $4::text, $5::text, $6::text, $7::text, $8::timestamptz,"
    " $9::timestamptz, $10::int, $11::text, $12::text, $13::text, $14::bytea, $15::bytea, $16::bytea FROM a"
)

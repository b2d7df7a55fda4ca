"""Walk every audit chain of a store and name the first row that is not true any more.

Found: a changed value, changed metadata, a missing, swapped or added row, a cut tail, an aggregate that
vanished, an event without its audit row, and a chain that was rewritten as a whole (it agrees with itself but
not with the heads that the other services keep).
"""

import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal

from shared.audit import anchor_hash, canonical_metadata, chain_hash
from shared.database import Row, Sql, Tx, read_instant

PAGE = 5000

Fault = Literal[
    "value_changed",
    "hash_mismatch",
    "row_missing",
    "tail_cut",
    "chain_unknown",
    "event_not_audited",
    "audit_hash_differs",
    "version_differs",
    "anchor_differs",
    "fewer_rows_than_witnessed",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """The first row at which a chain stops being true; `n` is its number in the aggregate's chain."""

    aggregate_id: str
    n: int
    fault: Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessedHead:
    """A head of this store as another service recorded it when it was published."""

    pub_seq: int
    head: str
    audit_rows: int
    audit_last_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What a walk over every chain of one store found."""

    rows: int
    anchored_events: int
    head: str
    first_bad: BadRow | None

    @property
    def ok(self) -> bool:
        return self.first_bad is None


async def verify(
    tx: Tx, topic: str, witnessed: Sequence[WitnessedHead] = (), *, unblinded_topic: str | None = None
) -> AuditReport:
    """Verify the store's audit trail.

    An unblinded topic has an anchor of its own. No other service keeps its heads: the store's own published heads
    do, which lie on the main topic and are bound by the heads that the others keep.

    Args:
        tx: a read transaction; everything is read from one state of the store.
        topic: the service's main topic, whose relay anchors the rows.
        witnessed: heads of this store that other services hold.
        unblinded_topic: the topic beside the main one, if the service has one.
    """
    rows, bad = await _walk_chains(tx)
    anchored, head, bad_anchor = await _walk_anchors(tx, topic, {mark.pub_seq: mark for mark in witnessed})
    if unblinded_topic is not None and bad is None and bad_anchor is None:
        _, _, bad_anchor = await _walk_anchors(tx, unblinded_topic, await _own_heads(tx, topic))
    return AuditReport(rows=rows, anchored_events=anchored, head=head.hex(), first_bad=bad or bad_anchor)


# -- chains ---------------------------------------------------------------------------------------------


async def _walk_chains(tx: Tx) -> tuple[int, BadRow | None]:
    walked, n, version, previous, current = 0, 0, 0, b"", ""
    async for row in _audit_rows(tx):
        if row[0] != current:
            if bad := await _bad_end(tx, current, n, version, previous):
                return walked, bad
            n, version, previous, current = 0, 0, b"", row[0]
        n += 1
        version += row[2] is not None
        if row[1] != n:
            return walked, BadRow(aggregate_id=current, n=n, fault="row_missing")
        if fault := _fault_in(row, previous, version):
            return walked, BadRow(aggregate_id=current, n=n, fault=fault)
        previous = bytes(row[15])
        walked += 1
    return walked, await _bad_end(tx, current, n, version, previous) or await _first_of(
        tx, _VANISHED, "tail_cut"
    ) or (await _first_of(tx, _NOT_AUDITED, "event_not_audited"))


async def _audit_rows(tx: Tx) -> AsyncIterator[Row]:
    aggregate_id, n = "", 0
    while page := await tx.fetch(_PAGE, aggregate_id, n, PAGE):
        for row in page:
            yield row
        aggregate_id, n = page[-1][0], page[-1][1]


async def _bad_end(tx: Tx, aggregate_id: str, n: int, version: int, last: bytes) -> BadRow | None:
    if not aggregate_id:
        return None
    rows = await tx.fetch(_END, aggregate_id)
    if not rows:
        return BadRow(aggregate_id=aggregate_id, n=1, fault="chain_unknown")
    if (rows[0][0], bytes(rows[0][1]), rows[0][2]) != (n, last, version):
        return BadRow(aggregate_id=aggregate_id, n=n + 1, fault="tail_cut")
    return None


async def _first_of(tx: Tx, statement: Sql, fault: Fault) -> BadRow | None:
    rows = await tx.fetch(statement)
    return BadRow(aggregate_id=rows[0][0], n=rows[0][1], fault=fault) if rows else None


def _fault_in(row: Row, previous: bytes, version: int) -> Fault | None:
    value = row[16] if row[2] is not None else row[12]
    salt, commitment, stored_hash = bytes(row[13]), bytes(row[14]), bytes(row[15])
    if value is not None and hashlib.sha256(salt + bytes(value)).digest() != commitment:
        return "value_changed"
    metadata = canonical_metadata(
        aggregate_id=row[0],
        event_id=row[2],
        action=row[3],
        actor=row[4],
        actor_role=row[5],
        at=read_instant(row[6]),
        domain_at=read_instant(row[7]),
        demonstration=bool(row[8]),
        reason=row[9],
        correlation_id=row[10],
        causation_id=row[11],
    )
    if chain_hash(previous, row[1], metadata, commitment) != stored_hash:
        return "hash_mismatch"
    if row[2] is not None and (row[17] is None or bytes(row[17]) != stored_hash):
        return "audit_hash_differs"
    if row[2] is not None and row[18] != version:
        return "version_differs"
    return None


# -- anchors --------------------------------------------------------------------------------------------


async def _walk_anchors(
    tx: Tx, topic: str, witnessed: dict[int, WitnessedHead]
) -> tuple[int, bytes, BadRow | None]:
    head, reached = b"", 0
    while page := await tx.fetch(_PUBLISHED, topic, reached, PAGE):
        for pub_seq, audit_hash, aggregate_id, n in page:
            reached += 1
            head = anchor_hash(head, bytes(audit_hash))
            witness = witnessed.get(reached)
            if pub_seq != reached or (witness is not None and witness.head != head.hex()):
                return reached, head, BadRow(aggregate_id=aggregate_id, n=n, fault="anchor_differs")
    state = await tx.fetch(_ANCHOR, topic)
    expected = (state[0][0], bytes(state[0][1])) if state else (0, b"")
    if expected != (reached, head) or any(pub_seq > reached for pub_seq in witnessed):
        return reached, head, BadRow(aggregate_id="", n=reached + 1, fault="anchor_differs")
    for witness in witnessed.values():
        count = (await tx.fetch(_COUNT, witness.audit_last_id))[0][0]
        if count < witness.audit_rows:
            return reached, head, BadRow(aggregate_id="", n=0, fault="fewer_rows_than_witnessed")
    return reached, head, None


async def _own_heads(tx: Tx, topic: str) -> dict[int, WitnessedHead]:
    """Heads of the unblinded topic as this store has published them on its main one."""
    found: dict[int, WitnessedHead] = {}
    for (payload,) in await tx.fetch(_OWN_HEADS, topic, f"{topic.partition('.')[0]}.audit-head.published.v1"):
        head = json.loads(bytes(payload))
        if head.get("unblinded_pub_seq"):
            found[head["unblinded_pub_seq"]] = WitnessedHead(
                pub_seq=head["unblinded_pub_seq"], head=head["unblinded_head"], audit_rows=0, audit_last_id=0
            )
    return found


_OWN_HEADS = Sql("SELECT payload FROM outbox WHERE topic = $1 AND type = $2 ORDER BY seq")
_PAGE = Sql(
    "SELECT a.aggregate_id, a.n, a.event_id, a.action, a.actor, a.actor_role, a.at, a.domain_at, a.demonstration,"
    " a.reason, a.correlation_id, a.causation_id, a.details, a.salt, a.commitment, a.hash, o.payload, o.audit_hash,"
    " o.aggregate_version FROM audit a LEFT JOIN outbox o"
    "  ON o.event_id = a.event_id AND o.aggregate_id = a.aggregate_id AND o.type = a.action"
    " WHERE (a.aggregate_id, a.n) > ($1, $2::bigint) ORDER BY a.aggregate_id, a.n LIMIT $3"
)
_END = Sql("SELECT audit_n, audit_hash, version FROM outbox_aggregate WHERE aggregate_id = $1")
_VANISHED = Sql(
    "SELECT g.aggregate_id, 1 FROM outbox_aggregate g"
    " LEFT JOIN audit a ON a.aggregate_id = g.aggregate_id AND a.n = 1 WHERE a.n IS NULL ORDER BY 1 LIMIT 1"
)
_NOT_AUDITED = Sql(
    "SELECT o.aggregate_id, o.aggregate_version FROM outbox o LEFT JOIN audit a ON a.event_id = o.event_id"
    " WHERE a.event_id IS NULL ORDER BY o.seq LIMIT 1"
)
_PUBLISHED = Sql(
    "SELECT pub_seq, audit_hash, aggregate_id, aggregate_version FROM outbox WHERE topic = $1 AND pub_seq > $2"
    " ORDER BY pub_seq LIMIT $3"
)
_ANCHOR = Sql("SELECT pub_seq, anchor_hash FROM relay_leader WHERE topic = $1")
_COUNT = Sql("SELECT count(*) FROM audit WHERE id <= $1")

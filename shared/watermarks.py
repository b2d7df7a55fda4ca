"""Closed time: how a consumer knows that it has heard everything a producer had accepted.

A producer's relay, once drained, says on every partition: *everything acknowledged before `closed_at` (this
service's clock) has been published, and this partition holds exactly `n` events with digest `h`*. The consumer
applies it in the same transaction as the events before it. A restriction that has not arrived therefore stops an act
all the same: without a fresh watermark nobody may rely on silence.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from shared.clock import format_instant, parse_instant, server_now
from shared.database import Sql, Tx, instant_parameter, read_instant, read_optional_instant
from shared.envelope import Record, Unreadable, source_of
from shared.partitions import NETWORK, partition_of

State = Literal["none", "ok", "incomplete", "clock_skew", "rewound", "rebuilding"]
AHEAD_TOLERANCE = timedelta(seconds=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watermark:
    """One partition's statement by its producer's relay."""

    topic: str
    partition: int
    closed_at: datetime
    pub_seq: int
    epoch: int
    n: int
    h: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """What one consumer has taken from one partition, and the last statement that it could confirm."""

    topic: str
    partition: int
    closed_at: datetime | None = None
    pub_seq: int = 0
    epoch: int = 0
    n: int = 0
    h: int = 0
    matched_pub_seq: int = 0
    matched_n: int = 0
    applied_at: datetime | None = None
    incomplete_since: datetime | None = None
    state: State = "none"

    def counted(self, events: int, digest: int) -> "Position":
        """Some more events of this partition have been taken into the inbox; their digests are combined."""
        return replace(self, n=self.n + events, h=self.h ^ digest) if events else self


def event_digest(event_id: str, value: bytes) -> int:
    """The event's part of a partition's digest: the first 8 bytes of SHA-256(id, 0x00, value), signed."""
    digest = hashlib.sha256(event_id.encode() + b"\x00" + value).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def apply_watermark(position: Position, mark: Watermark, *, now: datetime) -> Position:
    """The position after a watermark; the first rule that fits decides.

    Args:
        position: counts as of the records before the watermark in its partition.
        mark: what the producer states.
        now: the consumer's own database clock.
    """
    if mark.epoch < position.epoch:
        return position  # a relay that was paused and woke up; what it says must not even look like a fault
    if position.closed_at is not None and mark.closed_at <= position.closed_at:
        return position
    if mark.closed_at > now + AHEAD_TOLERANCE:
        # Not recorded: a future statement must not ripen into a fresh one later.
        waits_for_more = position.state in ("rebuilding", "rewound")
        return position if waits_for_more else replace(position, state="clock_skew")
    if mark.pub_seq < position.matched_pub_seq or mark.n < position.matched_n:
        return replace(position, state="rewound")
    if position.state == "rewound":
        return position
    if (position.n, position.h) != (mark.n, mark.h):
        if position.state == "rebuilding":
            return position
        return replace(
            position,
            state="incomplete",
            pub_seq=mark.pub_seq,
            incomplete_since=position.incomplete_since or now,
        )
    return replace(
        position,
        state="ok",
        closed_at=mark.closed_at,
        pub_seq=mark.pub_seq,
        epoch=mark.epoch,
        matched_pub_seq=mark.pub_seq,
        matched_n=mark.n,
        applied_at=now,
        incomplete_since=None,
    )


# -- wire form ------------------------------------------------------------------------------------------


def watermark_type(service: str) -> str:
    return f"{service}.watermark.v1"


def to_record(service: str, mark: Watermark, *, position: int = -1) -> Record:
    """A watermark as a record of its partition; it has no subject, no sequence and no inbox row."""
    headers = [
        ("ce_source", source_of(service).encode()),
        ("ce_type", watermark_type(service).encode()),
        ("ce_specversion", b"1.0"),
        ("ce_time", format_instant(mark.closed_at).encode()),
        ("content-type", b"application/json"),
    ]
    value = {
        "closed_at": format_instant(mark.closed_at),
        "pub_seq": mark.pub_seq,
        "epoch": mark.epoch,
        "n": mark.n,
        "h": mark.h,
    }
    return Record(
        topic=mark.topic,
        partition=mark.partition,
        position=position,
        headers=headers,
        value=json.dumps(value).encode(),
    )


def from_record(record: Record) -> Watermark:
    """Read a record whose type says watermark.

    Raises:
        Unreadable: the value is not a watermark's.
    """
    try:
        value = json.loads(record.value or b"")
        counts = {name: value[name] for name in ("pub_seq", "epoch", "n", "h")}
        if not all(type(count) is int and -(2**63) <= count < 2**63 for count in counts.values()):
            raise Unreadable("a watermark's counts are not whole numbers that a store can keep")
        return Watermark(
            topic=record.topic,
            partition=record.partition,
            closed_at=parse_instant(value["closed_at"]),
            **counts,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unreadable("not a watermark") from error


# -- stored positions -----------------------------------------------------------------------------------

_COLUMNS = (
    "topic, partition, closed_at, pub_seq, epoch, n, h, matched_pub_seq, matched_n, applied_at,"
    " incomplete_since, state"
)
_PREPARE = Sql(
    "INSERT INTO producer_position (consumer, topic, partition, state) VALUES ($1, $2, $3, 'none')"
    " ON CONFLICT (consumer, topic, partition) DO NOTHING"
)
_LOCK = Sql(
    f"SELECT {_COLUMNS} FROM producer_position WHERE consumer = $1 AND (topic = $2 OR state = 'rebuilding')"
    " ORDER BY topic, partition FOR UPDATE"
)
_ALL = Sql(f"SELECT {_COLUMNS} FROM producer_position WHERE consumer = $1 ORDER BY topic, partition")
_SAVE = Sql(
    "UPDATE producer_position SET closed_at = $4, pub_seq = $5, epoch = $6, n = $7, h = $8, matched_pub_seq = $9,"
    " matched_n = $10, applied_at = $11, incomplete_since = $12, state = $13"
    " WHERE consumer = $1 AND topic = $2 AND partition = $3"
)
_DATABASE_CLOCK = Sql("SELECT clock_timestamp()")


async def prepare_positions(tx: Tx, consumer: str, topic: str, partitions: int) -> None:
    """Create the consumer's rows for a topic, so that "nothing heard yet" is a state and not an absence."""
    await tx.fetch_each(_PREPARE, [(consumer, topic, partition) for partition in range(partitions)])


async def lock_positions(tx: Tx, consumer: str, topic: str) -> list[Position]:
    """All positions of a topic, locked in order, so that overlapping members take turns here.

    Those of other topics that are being rebuilt come with them: until the last of them is done nobody reacts
    to events, and whoever does the last one must see what all others have taken.
    """
    return [_position(row) for row in await tx.fetch(_LOCK, consumer, topic)]


async def all_positions(tx: Tx, consumer: str) -> list[Position]:
    return [_position(row) for row in await tx.fetch(_ALL, consumer)]


async def save_positions(tx: Tx, consumer: str, positions: Sequence[Position]) -> None:
    def instant(value: datetime | None) -> datetime | str | None:
        return None if value is None else instant_parameter(tx, value)

    await tx.fetch_each(
        _SAVE,
        [
            (
                consumer,
                position.topic,
                position.partition,
                instant(position.closed_at),
                position.pub_seq,
                position.epoch,
                position.n,
                position.h,
                position.matched_pub_seq,
                position.matched_n,
                instant(position.applied_at),
                instant(position.incomplete_since),
                position.state,
            )
            for position in positions
        ],
    )


async def database_clock(tx: Tx) -> datetime:
    """This service's own clock for freshness: the database's, or the host's for an embedded store."""
    if tx.dialect == "postgresql":
        return read_instant((await tx.fetch(_DATABASE_CLOCK))[0][0])
    return server_now()


def _position(row: Sequence[object]) -> Position:
    return Position(
        topic=str(row[0]),
        partition=int(str(row[1])),
        closed_at=read_optional_instant(row[2]),
        pub_seq=int(str(row[3])),
        epoch=int(str(row[4])),
        n=int(str(row[5])),
        h=int(str(row[6])),
        matched_pub_seq=int(str(row[7])),
        matched_n=int(str(row[8])),
        applied_at=read_optional_instant(row[9]),
        incomplete_since=read_optional_instant(row[10]),
        state=row[11],  # type: ignore[arg-type]
    )


def scope_partitions(scope: str) -> frozenset[int]:
    """The partitions whose silence matters to a scope: its own, and the network's."""
    return frozenset({partition_of(scope), partition_of(NETWORK)})

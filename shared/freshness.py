"""Freshness, fail closed: may this service act on what it has not heard from another?

`fresh` means: the producer's watermark on the scope's partition and on the network's is at most `max_age` old
and at most 2 s ahead, both partitions are complete, the statement was heard by this process, no event of the
scope is parked, and our own clock did not step. Anything else is a `Stale`, with its reason.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from shared.database import Sql, Tx, read_optional_instant
from shared.partitions import NETWORK
from shared.watermarks import AHEAD_TOLERANCE, database_clock, scope_partitions

Reason = Literal[
    "never_heard",
    "too_old",
    "ahead_of_our_clock",
    "incomplete",
    "clock_skew",
    "rewound",
    "rebuilding",
    "not_heard_since_start",
    "event_parked",
    "own_clock_stepped",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """Why nothing may be concluded about a scope from a producer's silence."""

    producer: str
    reason: Reason
    age_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshnessRule:
    """What one service demands of the producers it depends on.

    `started_at` is this process's start on the database's clock; `clock_is_steady` is false once the host's
    wall clock and monotonic clock have parted by more than two seconds.
    """

    consumer: str
    topics: Sequence[str]
    max_age: timedelta
    started_at: datetime
    clock_is_steady: Callable[[], bool]


_KNOWN = Sql(
    "SELECT clock_timestamp(), false, topic, closed_at, applied_at, state FROM producer_position"
    " WHERE consumer = $1 AND partition IN ($2, $3)"
    " UNION ALL SELECT DISTINCT clock_timestamp(), true, producer, NULL::timestamptz, NULL::timestamptz, state"
    " FROM parked_event WHERE consumer = $1 AND state = 'parked' AND partition_key IN ($4, $5)",
    "SELECT NULL, 0, topic, closed_at, applied_at, state FROM producer_position"
    " WHERE consumer = $1 AND partition IN ($2, $3)"
    " UNION ALL SELECT DISTINCT NULL, 1, producer, NULL, NULL, state"
    " FROM parked_event WHERE consumer = $1 AND state = 'parked' AND partition_key IN ($4, $5)",
)
"""The clock, whether it is about a parked event, topic or producer, and the position's times and state."""


async def first_stale(tx: Tx, rule: FreshnessRule, scope: str) -> Stale | None:
    """The first producer whose silence means nothing for this scope, or None when all are fresh.

    Call it inside the transaction that relies on it, after that transaction holds its locks: the store then
    refuses a commit that comes too long after this check.
    """
    wanted = sorted(scope_partitions(scope))
    known = await tx.fetch(_KNOWN, rule.consumer, wanted[0], wanted[-1], scope, NETWORK)
    now = read_optional_instant(known[0][0]) if known else None
    now = now or await database_clock(tx)
    parked = {row[2] for row in known if row[1]}
    tx.rely_on_guard()
    for topic in rule.topics:
        producer = topic.partition(".")[0]
        mine = [row for row in known if row[2] == topic and not row[1]]
        if len(mine) < len(wanted):
            return Stale(producer=producer, reason="never_heard", age_seconds=None)
        for row in mine:
            closed_at, applied_at = read_optional_instant(row[3]), read_optional_instant(row[4])
            reason = _why_stale(rule, closed_at, applied_at, row[5], now)
            if reason is not None:
                age = None if closed_at is None else (now - closed_at).total_seconds()
                return Stale(producer=producer, reason=reason, age_seconds=age)
        if producer in parked:
            return Stale(producer=producer, reason="event_parked", age_seconds=None)
    return None


def _why_stale(
    rule: FreshnessRule, closed_at: datetime | None, applied_at: datetime | None, state: str, now: datetime
) -> Reason | None:
    if state in ("incomplete", "clock_skew", "rewound", "rebuilding"):
        return state  # type: ignore[return-value]
    if closed_at is None or applied_at is None:
        return "never_heard"
    if applied_at < rule.started_at:
        return "not_heard_since_start"
    if not rule.clock_is_steady() or now < applied_at - AHEAD_TOLERANCE:
        return "own_clock_stepped"
    if now - closed_at > rule.max_age:
        return "too_old"
    if closed_at - now > AHEAD_TOLERANCE:
        return "ahead_of_our_clock"
    return None

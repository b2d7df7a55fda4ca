"""Each aggregate's place in its own sequence, per consumer: 1, 2, 3 ... proved, never assumed.

The fast path moves every aggregate of a batch whose events continue exactly where it stood, in one statement.
Whatever does not fit (a hole, a repeated number, a parked predecessor) is left to the slow path of the inbox.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.database import Sql, Tx, instant_parameter, listed, read_optional_instant
from shared.envelope import Envelope


class Sequenced(Protocol):
    @property
    def event(self) -> Envelope: ...

    problem: str | None


@dataclass(slots=True, kw_only=True)
class Place:
    """Where an aggregate stands for one consumer.

    `gap_since`: a later event waits for an earlier one, which heals it. `parked_since`: an event could not be
    applied, which only a person (or a new version of the software) can end.
    """

    consumer: str
    producer: str
    aggregate_id: str
    last: int
    parked_since: datetime | None
    gap_since: datetime | None


async def advance_in_order(
    tx: Tx, consumer: str, producer: str, by_aggregate: Mapping[str, Sequence[Sequenced]]
) -> frozenset[str]:
    """Move the aggregates whose events are readable, gapless and next; return which they are."""
    runs: list[tuple[str, int, int]] = []
    for aggregate_id, readings in by_aggregate.items():
        first = readings[0].event.sequence
        gapless = all(reading.event.sequence == first + i for i, reading in enumerate(readings))
        if gapless and all(reading.problem is None for reading in readings):
            runs.append((aggregate_id, first, first + len(readings) - 1))
    if not runs:
        return frozenset()
    runs.sort()
    if tx.dialect == "postgresql":
        aggregates, firsts, lasts = zip(*runs, strict=True)
        rows = await tx.fetch(_ADVANCE, consumer, producer, aggregates, listed(firsts), listed(lasts))
    else:
        rows = await tx.fetch(_ADVANCE, consumer, producer, json.dumps(runs))
    return frozenset(row[0] for row in rows)


async def lock_place(tx: Tx, consumer: str, producer: str, aggregate_id: str) -> Place:
    rows = await tx.fetch(_PLACE, consumer, producer, aggregate_id)
    last, parked_since, gap_since = rows[0] if rows else (0, None, None)
    return Place(
        consumer=consumer,
        producer=producer,
        aggregate_id=aggregate_id,
        last=last,
        parked_since=read_optional_instant(parked_since),
        gap_since=read_optional_instant(gap_since),
    )


async def save_place(tx: Tx, place: Place) -> None:
    def instant(value: datetime | None) -> datetime | str | None:
        return None if value is None else instant_parameter(tx, value)

    await tx.fetch(
        _SAVE,
        place.consumer,
        place.producer,
        place.aggregate_id,
        place.last,
        instant(place.parked_since),
        instant(place.gap_since),
    )


_ON_CONFLICT = (
    " ON CONFLICT (consumer, producer, aggregate_id) DO UPDATE"
    " SET last_sequence = excluded.last_sequence, batch_first = excluded.batch_first"
    " WHERE p.parked_since IS NULL AND p.gap_since IS NULL AND p.last_sequence = excluded.batch_first - 1"
    " RETURNING aggregate_id"
)
_ADVANCE = Sql(
    "INSERT INTO aggregate_position AS p (consumer, producer, aggregate_id, last_sequence, batch_first)"
    " SELECT $1, $2, u.id, u.last, u.first FROM unnest($3::text[], string_to_array($4, ',')::bigint[],"
    "  string_to_array($5, ',')::bigint[]) AS u(id, first, last)"
    " WHERE u.first = 1 OR EXISTS (SELECT 1 FROM aggregate_position q WHERE q.consumer = $1 AND q.producer = $2"
    "  AND q.aggregate_id = u.id)" + _ON_CONFLICT,
    "INSERT INTO aggregate_position AS p (consumer, producer, aggregate_id, last_sequence, batch_first)"
    " SELECT $1, $2, json_extract(u.value, '$[0]'), json_extract(u.value, '$[2]'), json_extract(u.value, '$[1]')"
    " FROM json_each($3) AS u"
    " WHERE json_extract(u.value, '$[1]') = 1 OR EXISTS (SELECT 1 FROM aggregate_position q WHERE q.consumer = $1"
    "  AND q.producer = $2 AND q.aggregate_id = json_extract(u.value, '$[0]'))" + _ON_CONFLICT,
)
_PLACE = Sql(
    "SELECT last_sequence, parked_since, gap_since FROM aggregate_position WHERE consumer = $1 AND producer = $2"
    " AND aggregate_id = $3 FOR UPDATE"
)
_SAVE = Sql(
    "INSERT INTO aggregate_position (consumer, producer, aggregate_id, last_sequence, parked_since, gap_since)"
    " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (consumer, producer, aggregate_id) DO UPDATE"
    " SET last_sequence = excluded.last_sequence, parked_since = excluded.parked_since,"
    " gap_since = excluded.gap_since"
)

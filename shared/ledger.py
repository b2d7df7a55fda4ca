"""The books of delivery: what was published, what was taken in, what it left behind, for outside comparison.

Nothing here is assumed: whoever reads both ends can count what was lost and what took effect twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import MetaData, select

from shared.database import Sql, Tx, read_instant
from shared.tables import canonical_json
from shared.timers import ran_until
from shared.topics import topic_of_service
from shared.watermarks import all_positions

PAGE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedEntry:
    """One published event as the ledger lists it."""

    pub_seq: int
    event_id: str
    type: str
    partition: int
    aggregate_id: str
    aggregate_version: int
    causation_id: str | None
    stored_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenPartition:
    """How many events of a partition were taken, and what is held of its producer."""

    n: int
    state: str
    closed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnblindedState:
    """The topic beside the main one, by counts alone: `published` by partition."""

    unsent: int
    published: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryState:
    """How far a service's voice and ears are: the figures by which quiet is recognised.

    `published` is by partition of its own topic, `taken` by topic and partition of the others'.
    """

    service: str
    unsent: int
    parked: int
    published: Mapping[str, int]
    taken: Mapping[str, Mapping[str, TakenPartition]]
    timers_ran_until: datetime | None
    unblinded: UnblindedState | None = None


async def published_entries(tx: Tx, topic: str, *, after: int) -> list[PublishedEntry]:
    """Published events after a `pub_seq`, in order, at most `PAGE`."""
    rows = await tx.fetch(_PUBLISHED, topic, after, PAGE)
    return [
        PublishedEntry(
            pub_seq=row[0],
            event_id=row[1],
            type=row[2],
            partition=row[3],
            aggregate_id=row[4],
            aggregate_version=row[5],
            causation_id=row[6],
            stored_at=read_instant(row[7]),
        )
        for row in rows
    ]


async def taken_ids(tx: Tx, consumer: str, topic: str, *, after: str) -> list[str]:
    """Ids of a topic's events in the inbox, ascending after an id, at most `PAGE`."""
    return [row[0] for row in await tx.fetch(_TAKEN, consumer, topic, after, PAGE)]


async def delivery_state(tx: Tx, service: str, unblinded_topic: str | None = None) -> DeliveryState:
    """The state of a service's delivery as its store tells it now."""
    topic = topic_of_service(service)
    taken: dict[str, dict[str, TakenPartition]] = {}
    for position in await all_positions(tx, service):
        taken.setdefault(position.topic, {})[str(position.partition)] = TakenPartition(
            n=position.n, state=position.state, closed_at=position.closed_at
        )
    return DeliveryState(
        service=service,
        unsent=(await tx.fetch(_UNSENT, topic))[0][0],
        parked=(await tx.fetch(_PARKED, service))[0][0],
        published={str(row[0]): row[1] for row in await tx.fetch(_STATE, topic)},
        taken=taken,
        timers_ran_until=await ran_until(tx, service),
        unblinded=await _unblinded_state(tx, unblinded_topic) if unblinded_topic else None,
    )


async def _unblinded_state(tx: Tx, topic: str) -> UnblindedState:
    return UnblindedState(
        unsent=(await tx.fetch(_UNSENT, topic))[0][0],
        published={str(row[0]): row[1] for row in await tx.fetch(_STATE, topic)},
    )


async def table_rows(tx: Tx, metadata: MetaData, tables: Sequence[str]) -> dict[str, list[str]]:
    """Every row of the named tables as canonical JSON, sorted: equal contents give equal lists."""
    contents: dict[str, list[str]] = {}
    for name in tables:
        result = await tx.execute(select(metadata.tables[name]))
        contents[name] = sorted(_canonical(row._mapping) for row in result.all())
    return contents


def _canonical(row: Mapping[Any, Any]) -> str:
    return canonical_json({str(key): _plain(value) for key, value in row.items()})


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if value is None or isinstance(value, bool | int | str | list | dict):
        return value
    return str(value)


_PUBLISHED = Sql(
    "SELECT pub_seq, event_id, type, partition, aggregate_id, aggregate_version, causation_id, created_at"
    " FROM outbox WHERE topic = $1 AND pub_seq > $2 ORDER BY pub_seq LIMIT $3"
)
_TAKEN = Sql(
    "SELECT event_id FROM inbox WHERE consumer = $1 AND topic = $2 AND event_id > $3 ORDER BY event_id LIMIT $4"
)
_STATE = Sql("SELECT partition, n FROM relay_state WHERE topic = $1")
_UNSENT = Sql("SELECT count(*) FROM outbox WHERE topic = $1 AND sent_at IS NULL")
_PARKED = Sql("SELECT count(*) FROM parked_event WHERE consumer = $1 AND state = 'parked'")

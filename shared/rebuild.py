"""Rebuilding a consumer's copies from its producers' events: for real, or beside the living ones to compare.

A rebuild clears the copies, the inbox and the positions in one transaction and asks for everything again;
until counts and digests agree the copies are `rebuilding`, and nobody may rely on them. A check does the same
in a scratch store and changes nothing.
"""

import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import structlog
from sqlalchemy import MetaData

from shared.consumer import Consumer, Projections
from shared.database import Database, Sql, Tx
from shared.domain_clock import RealDomainClock
from shared.envelope import Record
from shared.ids import new_id
from shared.inbox import Inbox
from shared.ledger import table_rows
from shared.metrics import create_metrics
from shared.sqlite_store import SqliteDatabase, sqlite_engine
from shared.watermarks import Position, all_positions

log = structlog.get_logger(__name__)

History = Callable[[str], AsyncIterator[Sequence[Record]]]
"""Every event of a topic from its beginning, in batches, in the order of each partition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How one copied table differs from the same table built anew."""

    table: str
    rows: int
    only_living: int
    only_rebuilt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildCheck:
    """The living copies against a rebuild of exactly the same events."""

    comparable: bool
    events: int
    differences: tuple[Difference, ...]

    @property
    def differing_rows(self) -> int:
        return sum(one.only_living + one.only_rebuilt for one in self.differences)


async def begin_rebuild(tx: Tx, consumer: str, projections: Projections) -> None:
    """Clear the copies and everything known of their producers; deliveries from the start must follow."""
    for table in projections.tables:
        await tx.fetch(Sql(f"DELETE FROM {table}"))  # names come from the service's own definition
    for statement in _FORGET:
        await tx.fetch(statement, consumer)


async def check_rebuild(
    database: Database,
    metadata: MetaData,
    consumers: Sequence[Consumer],
    projections: Projections,
    history: History,
) -> RebuildCheck:
    """Build the copies anew in a scratch store from as many events as the living ones have taken, and compare.

    Args:
        database: the living store.
        metadata: the service's tables.
        consumers: its tables of effects.
        projections: which tables are copies.
        history: where the producers' events come from.
    """

    async def living(tx: Tx) -> tuple[dict[str, list[str]], list[Position]]:
        copies = await table_rows(tx, metadata, projections.tables)
        return copies, await all_positions(tx, consumers[0].consumer)

    copies, positions = await database.read(living)
    wanted = {(position.topic, position.partition): position for position in positions}
    with tempfile.TemporaryDirectory(prefix="trialops-rebuild-") as folder:
        scratch = await _scratch_store(Path(folder), metadata)
        try:
            for consumer in consumers:
                await _feed(scratch, _without_reactions(consumer), projections, history, wanted)
            rebuilt, reached = await scratch.read(living)
        finally:
            await scratch.stop()
    counts = {(place.topic, place.partition): (place.n, place.h) for place in reached}
    comparable = all(counts.get(key) == (place.n, place.h) for key, place in wanted.items())
    return RebuildCheck(
        comparable=comparable,
        events=sum(place.n for place in reached),
        differences=tuple(_compare(copies, rebuilt)),
    )


def _compare(living: Mapping[str, list[str]], rebuilt: Mapping[str, list[str]]) -> list[Difference]:
    found = []
    for table, rows in living.items():
        left, right = list(rows), list(rebuilt[table])
        only_living = [row for row in left if not _took(right, row)]
        found.append(
            Difference(table=table, rows=len(rows), only_living=len(only_living), only_rebuilt=len(right))
        )
    return found


def _took(rows: list[str], row: str) -> bool:
    """Remove one equal row, so that a doubled row is found and not matched twice."""
    try:
        rows.remove(row)
    except ValueError:
        return False
    return True


async def _scratch_store(folder: Path, metadata: MetaData) -> SqliteDatabase:
    path = folder / "scratch.sqlite3"
    engine = sqlite_engine(path)
    with engine.connect() as connection:
        metadata.create_all(connection)
    engine.dispose()
    scratch = SqliteDatabase(path)
    await scratch.start()
    return scratch


async def _feed(
    scratch: SqliteDatabase,
    consumer: Consumer,
    projections: Projections,
    history: History,
    wanted: Mapping[tuple[str, int], Position],
) -> None:
    inbox = Inbox(
        consumer=consumer,
        projections=Projections(tables=projections.tables),
        database=scratch,
        domain_clock=RealDomainClock(),
        new_id=new_id,
        metrics=create_metrics(),
    )
    await inbox.prepare()
    left = {partition: place.n for (topic, partition), place in wanted.items() if topic == consumer.topic}
    async for batch in history(consumer.topic):
        taken = []
        for record in batch:
            if left.get(record.partition, 0) > 0:
                left[record.partition] -= 1
                taken.append(record)
        await inbox.receive(taken)
        if not any(left.values()):
            return


def _without_reactions(consumer: Consumer) -> Consumer:
    effects = {name: replace(effect, react=None) for name, effect in consumer.effects.items()}
    return replace(consumer, effects=effects)


_FORGET = (
    Sql("DELETE FROM inbox WHERE consumer = $1"),
    Sql("DELETE FROM aggregate_position WHERE consumer = $1"),
    Sql("DELETE FROM parked_event WHERE consumer = $1"),
    Sql("DELETE FROM delivery_position WHERE consumer = $1"),
    Sql(
        "UPDATE producer_position SET n = 0, h = 0, pub_seq = 0, epoch = 0, matched_pub_seq = 0, matched_n = 0,"
        " closed_at = NULL, applied_at = NULL, incomplete_since = NULL, state = 'rebuilding' WHERE consumer = $1"
    ),
)

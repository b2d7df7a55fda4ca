"""A handler with moods, an inbox around it, and what the applying tests read from its store."""

from collections.abc import Sequence
from typing import Any

from shared import ordering, parked
from shared.act import Act
from shared.consumer import Consumer, Effect, Parked, Projections, Received
from shared.database import Database, Tx
from shared.inbox import Inbox
from shared.parked import ParkedRow
from shared.testing.delivery import toy_inbox
from shared.testing.toy import COUNTERS, CounterMoved, copy_counter, totals
from shared.watermarks import all_positions


class Mood:
    """What the handler cannot do today."""

    def __init__(self) -> None:
        self.broken: set[str] = set()
        self.told: list[Parked] = []

    async def project(self, tx: Tx, events: Sequence[Received[Any]]) -> None:
        for event in events:
            if f"{event.envelope.subject}{event.envelope.sequence}" in self.broken:
                raise ValueError("not today")
        await copy_counter(tx, events)

    async def on_parked(self, tx: Tx, act: Act, told: Parked) -> None:
        self.told.append(told)

    def reasons(self) -> list[str]:
        return [told.reason for told in self.told]


def make_inbox(database: Database, mood: Mood, *, known: Sequence[str] = ()) -> Inbox:
    effect = Effect(model=CounterMoved, project=mood.project)
    types = ("alpha.counter.moved.v1", *known)
    spec = Consumer(
        consumer="beta", producer="alpha", effects=dict.fromkeys(types, effect), ignored=COUNTERS.ignored
    )
    projections = Projections(tables=("counter_copy",), on_parked=mood.on_parked)
    return toy_inbox(database, consumer=spec, projections=projections)


async def copies(database: Database) -> dict[str, str]:
    found = await database.read(lambda tx: totals(tx, "counter_copy"))
    return {name: steps for name, (_, steps) in found.items()}


async def waiting(database: Database) -> list[ParkedRow]:
    return await database.read(lambda tx: parked.list_parked(tx, "beta", limit=1000))


async def place(database: Database, aggregate_id: str) -> ordering.Place:
    return await database.write(lambda tx: ordering.lock_place(tx, "beta", "alpha", aggregate_id))


async def states(database: Database) -> set[str]:
    return {position.state for position in await database.read(lambda tx: all_positions(tx, "beta"))}


def steps(*numbers: int) -> str:
    return "".join(f"{number}," for number in numbers)

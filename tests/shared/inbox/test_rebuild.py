"""Copies cleared and built again from their producers' events."""

import asyncio
from functools import partial
from typing import Any

import pytest

from shared.act import Act
from shared.clock import server_now
from shared.consumer import Consumer, Effect, Projections, Received
from shared.database import Database, Sql, Tx
from shared.inbox import Inbox
from shared.rebuild import begin_rebuild
from shared.testing.delivery import toy_inbox
from shared.testing.records import RecordMaker
from shared.testing.toy import CounterMoved, copy_counter, totals
from tests.shared.inbox.reading import PARKED, copies, count, positions


class Rebuilding:
    """A consumer of two producers whose copies were cleared, with its reactions written down."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.reacted: list[str] = []
        self.settled: list[dict[str, tuple[int, str]]] = []
        self.inboxes = {name: self._inbox(name) for name in ("alpha", "gamma")}
        self.makers = {name: RecordMaker(name, f"{name}.events.v1") for name in ("alpha", "gamma")}

    def _inbox(self, producer: str) -> Inbox:
        effect = Effect(model=CounterMoved, project=copy_counter, react=self._react)
        spec = Consumer(consumer="beta", producer=producer, effects={f"{producer}.counter.moved.v1": effect})
        return toy_inbox(
            self.database,
            consumer=spec,
            projections=Projections(tables=("counter_copy",), settle=self._settle),
        )

    async def _react(self, tx: Tx, act: Act, event: Received[Any]) -> None:
        tx.after_commit(partial(self.reacted.append, f"{event.envelope.subject}{event.envelope.sequence}"))

    async def _settle(self, tx: Tx, act: Act) -> None:
        self.settled.append(await totals(tx, "counter_copy"))

    def events(self, producer: str, aggregate_id: str, first: int, last: int) -> list[Any]:
        records = [
            self.makers[producer].event(aggregate_id, n, event_type=f"{producer}.counter.moved.v1")
            for n in range(first, last + 1)
        ]
        for record in records:
            self.makers[producer].count(record)
        return records

    async def speak(self, producer: str) -> None:
        await self.inboxes[producer].receive(self.makers[producer].watermarks(server_now()))


@pytest.fixture
async def rebuilding(consumer_store: Database) -> Rebuilding:
    made = Rebuilding(consumer_store)
    for inbox in made.inboxes.values():
        await inbox.prepare()
    return made


async def test_a_rebuild_replays_without_reactions_and_settles_once_at_its_end(
    rebuilding: Rebuilding, consumer_store: Database
) -> None:
    old = {name: rebuilding.events(name, f"{name}-c", 1, 4) for name in ("alpha", "gamma")}
    for name, records in old.items():
        await rebuilding.inboxes[name].receive(records)
        await rebuilding.speak(name)
    assert len(rebuilding.reacted) == 8
    before = await copies(consumer_store)
    rebuilding.reacted.clear()

    await consumer_store.write(lambda tx: begin_rebuild(tx, "beta", Projections(tables=("counter_copy",))))
    assert await copies(consumer_store) == {}
    await rebuilding.inboxes["alpha"].receive(old["alpha"][:2])
    await rebuilding.speak("alpha")
    await rebuilding.inboxes["alpha"].receive(old["alpha"][2:])
    await rebuilding.speak("alpha")  # alpha is done, gamma is not

    live = rebuilding.events("alpha", "alpha-c", 5, 5)
    await rebuilding.inboxes["alpha"].receive(live)
    assert (rebuilding.reacted, rebuilding.settled) == ([], [])

    await rebuilding.inboxes["gamma"].receive(old["gamma"])
    await rebuilding.speak("gamma")

    after = await copies(consumer_store)
    assert rebuilding.settled == [after]
    assert rebuilding.reacted == []
    assert after == before | {"alpha-c": (5, "1,1,1,1,1,")}
    assert {position.state for position in await positions(consumer_store)} == {"ok"}

    for name in ("alpha", "gamma"):
        await rebuilding.speak(name)
    await rebuilding.inboxes["gamma"].receive(rebuilding.events("gamma", "gamma-c", 5, 5))
    assert rebuilding.reacted == ["gamma-c5"]
    assert len(rebuilding.settled) == 1


async def test_two_producers_that_finish_a_rebuild_at_once_settle_it_once_and_completely(
    rebuilding: Rebuilding, consumer_store: Database
) -> None:
    old = {name: rebuilding.events(name, f"{name}-c", 1, 6) for name in ("alpha", "gamma")}
    await consumer_store.write(lambda tx: begin_rebuild(tx, "beta", Projections(tables=("counter_copy",))))

    async def replay(name: str) -> None:
        for record in old[name]:
            await rebuilding.inboxes[name].receive([record])
        await rebuilding.speak(name)

    await asyncio.gather(replay("alpha"), replay("gamma"))

    expected = {f"{name}-c": (6, "1,1,1,1,1,1,") for name in ("alpha", "gamma")}
    assert rebuilding.settled == [expected]
    assert rebuilding.reacted == []


async def test_an_event_that_cannot_be_applied_waits_again_after_a_rebuild(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    """The parked row of an earlier life must not make the event vanish in this one."""
    poison, follower = make.event("a", 1, step=-1), make.event("a", 2)
    await inbox.receive([poison, follower])

    async def forget(tx: Tx) -> None:
        await tx.fetch(Sql("UPDATE parked_event SET state = 'discarded'"))
        await tx.fetch(Sql("DELETE FROM inbox"))
        await tx.fetch(Sql("DELETE FROM aggregate_position"))

    await consumer_store.write(forget)
    await inbox.receive([poison, follower])

    assert await count(consumer_store, PARKED) == 2

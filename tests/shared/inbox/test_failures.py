"""A store that goes away in mid batch parks nothing: the transport is told and delivers again."""

import asyncio
from typing import Any

import pytest

from shared.act import Act
from shared.consumer import Received
from shared.database import Database, Sql, StoreConflict, StoreFull, StoreUnavailable, Tx, Work
from shared.inbox import Inbox
from shared.testing.delivery import toy_inbox
from shared.testing.records import RecordMaker
from shared.testing.stores import wait_until
from tests.shared.inbox.reading import PARKED, copies, count, with_react


class Faulty:
    """A store that fails the next writes in the given ways."""

    def __init__(self, database: Database, *faults: Exception) -> None:
        self._database = database
        self._faults = list(faults)
        self.on_announced = database.on_announced
        self.writes = 0

    @property
    def dialect(self) -> Any:
        return self._database.dialect

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def write(self, work: Work[Any]) -> Any:
        self.writes += 1
        if self._faults:
            raise self._faults.pop(0)
        return await self._database.write(work)

    async def read(self, work: Work[Any]) -> Any:
        return await self._database.read(work)


async def test_a_store_that_comes_back_in_time_costs_nothing(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    faulty = Faulty(consumer_store, StoreUnavailable("1"), StoreConflict("2"), StoreUnavailable("3"))

    await toy_inbox(faulty).receive(make.run("a", 2))

    assert await copies(consumer_store) == {"a": (3, "1,2,")}
    assert faulty.writes == 4


async def test_a_store_that_stays_away_is_told_to_the_transport_and_nothing_is_kept(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    records = make.run("a", 2)
    faulty = Faulty(consumer_store, *[StoreUnavailable("away")] * 50)

    with pytest.raises(StoreUnavailable):
        await toy_inbox(faulty, retry_seconds=0.25).receive(records)

    assert 2 <= faulty.writes <= 4
    assert await copies(consumer_store) == {}
    await inbox.receive(records)
    assert await copies(consumer_store) == {"a": (3, "1,2,")}


async def test_a_full_store_is_told_at_once_and_parks_nothing(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    faulty = Faulty(consumer_store, StoreFull("full"))

    with pytest.raises(StoreFull):
        await toy_inbox(faulty).receive(make.run("a", 2))

    assert faulty.writes == 1
    assert await count(consumer_store, PARKED) == 0


@pytest.mark.parametrize("fault", [StoreUnavailable("connection lost"), StoreConflict("deadlock")])
@pytest.mark.parametrize("also_poison", [False, True])
async def test_a_store_that_fails_inside_an_effect_parks_nothing(
    consumer_store: Database, make: RecordMaker, fault: Exception, also_poison: bool
) -> None:
    """Neither on the fast path nor while a bad neighbour is being searched for."""
    left = 3

    async def unlucky(tx: Tx, act: Act, event: Received[Any]) -> None:
        nonlocal left
        if event.envelope.subject == "b" and left:
            left -= 1
            raise fault

    inbox = toy_inbox(consumer_store, consumer=with_react(unlucky))
    await inbox.prepare()
    poison = [make.event("p", 1, step=-1)] if also_poison else []

    await inbox.receive([*make.run("a", 2), *poison, *make.run("b", 2)])

    assert left == 0
    assert await copies(consumer_store) == {"a": (3, "1,2,"), "b": (3, "1,2,")}
    assert await count(consumer_store, PARKED) == len(poison)


@pytest.mark.postgres
@pytest.mark.parametrize("store_kind", ["postgresql"])
async def test_a_lock_that_an_effect_does_not_get_in_time_parks_nothing(
    consumer_store: Database, make: RecordMaker
) -> None:
    await consumer_store.write(lambda tx: tx.fetch(Sql("INSERT INTO counter (id, total) VALUES ('gate', 0)")))
    held, gate, attempts = asyncio.Event(), asyncio.Event(), 0

    async def hold(tx: Tx) -> None:
        await tx.fetch(Sql("UPDATE counter SET total = 1 WHERE id = 'gate'"))
        held.set()
        await gate.wait()

    async def impatient(tx: Tx, act: Act, event: Received[Any]) -> None:
        nonlocal attempts
        attempts += 1
        await tx.fetch(Sql("SET LOCAL lock_timeout = '20ms'"))
        await tx.fetch(Sql("UPDATE counter SET total = 2 WHERE id = 'gate'"))

    inbox = toy_inbox(consumer_store, consumer=with_react(impatient), retry_seconds=5)
    await inbox.prepare()
    holding = asyncio.create_task(consumer_store.write(hold))
    await held.wait()
    receiving = asyncio.create_task(inbox.receive([make.event("p", 1, step=-1), make.event("a", 1)]))
    await wait_until(lambda: attempts >= 3, what="its third attempt")

    assert not receiving.done()
    gate.set()
    await asyncio.gather(holding, receiving)
    assert await copies(consumer_store) == {"a": (1, "1,")}
    assert await count(consumer_store, PARKED) == 1  # the poison alone

"""Epochs, fences, and a relay that runs, is woken, meets a bad store, and stops."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from shared.database import Database, Sql, StoreUnavailable, Work
from shared.leadership import LeadershipLost
from shared.relay import Relay, wake_all
from shared.testing.delivery import toy_inbox, toy_relay
from shared.testing.stores import wait_until
from shared.testing.toy import TOPIC, totals
from tests.shared.relay.broker import STATE, Broker, move, outbox

LEADER = Sql("SELECT epoch, pub_seq, holder FROM relay_leader WHERE topic = $1")


async def test_each_leader_has_a_higher_epoch(producer_store: Database, broker: Broker) -> None:
    for number in (1, 2, 3):
        relay = toy_relay(producer_store, broker, holder=f"h{number}")
        await relay.lead_once()

        (leader,) = await producer_store.read(lambda tx: tx.fetch(LEADER, TOPIC))
        assert (leader[0], leader[2]) == (number, f"h{number}")


async def test_a_leader_that_was_overtaken_looks_at_nothing_more(
    producer_store: Database, relay: Relay, broker: Broker
) -> None:
    await move(producer_store, "a")
    await toy_relay(producer_store, broker).lead_once()

    with pytest.raises(LeadershipLost):
        await relay.turn()

    assert broker.everything(TOPIC) == []


async def test_the_mark_of_a_paused_leader_is_refused(
    producer_store: Database, consumer_store: Database, relay: Relay, broker: Broker
) -> None:
    """Stopped between send and mark while another takes over, marks and goes on; then it wakes up."""
    await move(producer_store, "a", "b")
    successor = toy_relay(producer_store, broker, holder="successor")

    async def overtaken() -> None:
        broker.before_answer = None
        await successor.lead_once()
        await successor.turn()
        await move(producer_store, "a", "c")
        await successor.turn()

    broker.before_answer = overtaken
    with pytest.raises(LeadershipLost):
        await relay.turn()

    assert [row[3] for row in await outbox(producer_store)] == [1, 2, 3, 4]
    state = await producer_store.read(lambda tx: tx.fetch(STATE, TOPIC))
    assert sum(row[1] for row in state) == 4
    inbox = toy_inbox(consumer_store)
    await inbox.prepare()
    await broker.deliver_all("beta", inbox, TOPIC)
    assert await consumer_store.read(lambda tx: totals(tx, "counter_copy")) == {
        "a": (2, "1,1,"),
        "b": (1, "1,"),
        "c": (1, "1,"),
    }


async def test_a_running_relay_publishes_on_the_commit_and_not_by_looking_now_and_then(
    producer_store: Database, broker: Broker
) -> None:
    # Its watermarks, too, would find the rows.
    relay = toy_relay(producer_store, broker, watermark_seconds=60.0, poll_seconds=60.0)
    producer_store.on_announced = wake_all([relay])
    running = asyncio.create_task(relay.run())
    await wait_until(lambda: relay.leads and broker.marks(), what="leading")

    for number in range(3):
        await move(producer_store, "a")
        await wait_until(lambda number=number: len(broker.events()) == number + 1, what="publication")  # type: ignore[misc]

    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert not relay.leads


class Flaky:
    """A store that cannot be reached every few commands, and now and then loses the answer of a commit."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.calls = 0
        self.on_announced: Callable[[], None] = lambda: None

    @property
    def dialect(self) -> Any:
        return self._database.dialect

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def write(self, work: Work[Any]) -> Any:
        self.calls += 1
        if self.calls % 5 == 4:
            raise StoreUnavailable("planted")
        value = await self._database.write(work)
        if self.calls % 7 == 6:
            raise StoreUnavailable("the answer was lost")
        return value

    async def read(self, work: Work[Any]) -> Any:
        return await self._database.read(work)


async def test_a_relay_lives_through_a_store_that_comes_and_goes(
    producer_store: Database, consumer_store: Database, broker: Broker
) -> None:
    flaky = Flaky(producer_store)
    relay = toy_relay(flaky, broker)
    running = asyncio.create_task(relay.run())
    for _ in range(15):
        await move(producer_store, "a", "b")
        calls = flaky.calls
        relay.wake()
        await wait_until(lambda calls=calls: flaky.calls > calls, what="the relay's next call")  # type: ignore[misc]

    async def all_marked() -> bool:
        relay.wake()
        return all(row[3] is not None for row in await outbox(producer_store))

    await wait_until(all_marked, what="every mark")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    inbox = toy_inbox(consumer_store)
    await inbox.prepare()
    await broker.deliver_all("beta", inbox, TOPIC)
    assert sorted(row[3] for row in await outbox(producer_store)) == list(range(1, 31))
    assert await consumer_store.read(lambda tx: totals(tx, "counter_copy")) == await producer_store.read(
        totals
    )


async def test_a_relay_that_is_woken_and_stopped_at_the_same_moment_stops(
    producer_store: Database, broker: Broker
) -> None:
    """`asyncio.wait_for` of Python 3.11 loses a cancellation that meets an answer; a service would never end."""
    for _ in range(3):
        relay = toy_relay(producer_store, broker, watermark_seconds=60.0)
        running = asyncio.create_task(relay.run())
        await wait_until(lambda relay=relay: relay.leads and relay._wakeup._waiters, what="waiting")  # type: ignore[misc]

        relay.wake()
        running.cancel()

        done, _ = await asyncio.wait([running], timeout=3)
        assert running in done

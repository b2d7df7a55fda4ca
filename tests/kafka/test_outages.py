"""The broker pauses, stops and dies; consumers die, stall and share: nothing lost, nothing twice, nothing reordered."""

import asyncio
import signal
import sys
import threading
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from shared.act import Act
from shared.consumer import Received
from shared.database import Database, Sql, Tx
from shared.envelope import read_envelope
from shared.failpoints import FAILPOINT_VARIABLE
from shared.inbox import FaultIsOurs
from shared.testing.kafka_server import KafkaServer
from shared.testing.stores import PostgresServer, from_metadata, postgres_store, sqlite_store, wait_until
from shared.testing.toy import toy_metadata
from tests.kafka.conftest import Line

_ROOT = Path(__file__).resolve().parents[2]
_TAKEN = Sql("SELECT count(*), count(DISTINCT event_id) FROM inbox")
Outage = Callable[[KafkaServer], Awaitable[None]]


async def paused(kafka: KafkaServer) -> None:
    await kafka.pause()
    await asyncio.sleep(6.5)  # longer than a batch may stay unanswered
    await kafka.unpause()


async def stopped(kafka: KafkaServer) -> None:
    await kafka.stop()
    await asyncio.sleep(1)
    await kafka.start()


async def killed(kafka: KafkaServer) -> None:
    await kafka.kill()
    await asyncio.sleep(1)
    await kafka.start()


async def write_until(line: Line, done: asyncio.Event) -> None:
    number = 0
    while not done.is_set():
        await line.move(f"c{number % 9}")
        number += 1
        await asyncio.sleep(0.005)


@pytest.mark.slow
@pytest.mark.parametrize("outage", [paused, stopped, killed])
async def test_an_outage_of_the_broker_loses_nothing_and_inverts_nothing(
    kafka: KafkaServer, line: Line, outage: Outage
) -> None:
    await line.start_feed()
    await line.start_relay()
    done = asyncio.Event()
    writing = asyncio.create_task(write_until(line, done))
    await asyncio.sleep(1)

    await outage(kafka)
    await asyncio.sleep(1)
    done.set()
    await writing
    await line.arrived(seconds=60)
    await line.in_state("ok", seconds=30)

    total = sum(count for count, _ in (await line.written()).values())
    taken = (await line.consumer_store.read(lambda tx: tx.fetch(_TAKEN)))[0]
    assert tuple(taken) == (total, total)
    assert await line.waiting() == []
    await assert_first_records_in_order(line, total)


async def assert_first_records_in_order(line: Line, total: int) -> None:
    """The log itself: every event is there, and first appearances are in the order of their aggregate."""
    last: dict[str, int] = defaultdict(int)
    seen: set[str] = set()
    for raw in await line.log():
        if b"watermark" in dict(raw.headers)["ce_type"]:
            continue
        envelope = read_envelope(raw.headers)
        if envelope.id not in seen:
            seen.add(envelope.id)
            assert envelope.sequence == last[envelope.subject] + 1
            last[envelope.subject] = envelope.sequence
    assert len(seen) == total


async def test_a_start_without_a_broker_waits_for_it(kafka: KafkaServer, line: Line) -> None:
    await kafka.pause()
    feeding = asyncio.create_task(line.start_feed())
    await line.start_relay()
    await line.move("c", 3)
    await asyncio.sleep(1)
    assert not feeding.done()

    await kafka.unpause()
    await asyncio.wait_for(feeding, 60)

    await line.arrived(seconds=30)


# -- consumers ----------------------------------------------------------------------------------------------

_CONSUMER = """
import asyncio, sys
from pathlib import Path
from shared.broker import KafkaFeed, build_broker
from shared.consumer import Consumer, Effect
from shared.kafka_transport import KafkaConnection
from shared.sqlite_store import SqliteDatabase
from shared.testing.delivery import toy_inbox
from shared.testing.toy import CounterMoved, copy_counter

async def main(servers, producer, event_type, group, path):
    database = SqliteDatabase(Path(path))
    await database.start()
    effect = Effect(model=CounterMoved, project=copy_counter)
    inbox = toy_inbox(database, consumer=Consumer(consumer="beta", producer=producer, effects={event_type: effect}))
    await inbox.prepare()
    broker = build_broker(KafkaConnection(bootstrap_servers=servers, client_id="doomed"))
    KafkaFeed(broker, inbox, group_id=group)
    await broker.start()
    print("started", flush=True)
    await asyncio.sleep(60)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.slow
@pytest.mark.crash
async def test_a_consumer_killed_between_commit_and_offset_repeats_and_applies_once(line: Line) -> None:
    await line.start_relay()
    await line.consumer_store.stop()  # the other process owns it until it dies
    path = line.consumer_store.path  # type: ignore[attr-defined]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _CONSUMER, line.kafka.connection().bootstrap_servers),
        *(line.producer, line.event_type, line.group, str(path)),
        env={"PYTHONPATH": str(_ROOT), FAILPOINT_VARIABLE: "inbox_after_commit:2"},
    )
    for number in range(40):
        await line.move(f"c{number % 5}")
    assert await asyncio.wait_for(process.wait(), 60) == -signal.SIGKILL

    await line.consumer_store.start()
    before = (await line.consumer_store.read(lambda tx: tx.fetch(_TAKEN)))[0][0]
    assert before > 0
    await line.start_feed()  # the group gives the dead member ten seconds
    await line.arrived(seconds=60)
    await line.in_state("ok", seconds=30)

    assert tuple((await line.consumer_store.read(lambda tx: tx.fetch(_TAKEN)))[0]) == (40, 40)


async def test_a_graceful_stop_in_the_middle_of_a_batch_loses_nothing_and_doubles_nothing(line: Line) -> None:
    entered, gate = threading.Event(), threading.Event()

    async def slow(tx: Tx, act: Act, event: Received[Any]) -> None:
        entered.set()
        gate.wait(10)

    for number in range(20):
        await line.move(f"c{number % 3}")
    await line.start_relay()
    _, broker = await line.start_feed(line.inbox(slow))
    await wait_until(entered.is_set, what="the batch")

    stopping = asyncio.create_task(broker.stop())
    await asyncio.sleep(0.2)
    gate.set()
    await asyncio.wait_for(stopping, 20)

    await line.move("c0", 3)
    await line.start_feed()
    await line.arrived(seconds=30)
    await line.in_state("ok")
    assert tuple((await line.consumer_store.read(lambda tx: tx.fetch(_TAKEN)))[0]) == (23, 23)


async def test_a_batch_that_fails_is_delivered_again_on_all_of_its_partitions(line: Line) -> None:
    """The offset moves for none of them, and the pause keeps a lasting fault from spinning."""
    inbox, calls = line.inbox(), 0
    plain = inbox.receive

    async def failing(records: Any, *, delivered: int | None = None) -> None:
        nonlocal calls
        calls += 1
        if calls <= 2:
            raise FaultIsOurs("planted")
        await plain(records, delivered=delivered)

    inbox.receive = failing  # type: ignore[method-assign]
    for number in range(30):
        await line.move(f"c{number}", scope=f"scope-{number}")
    await line.relay.lead_once()
    await line.relay.turn()

    await line.start_feed(inbox)
    await line.arrived()
    await line.start_relay()
    await line.in_state("ok")

    assert calls < 60


@pytest.fixture
async def shared_store(postgres_server: PostgresServer) -> AsyncIterator[Database]:
    async with postgres_store(postgres_server, "toy", from_metadata(toy_metadata())) as database:
        yield database


@pytest.mark.slow
@pytest.mark.postgres
async def test_members_that_join_and_leave_apply_everything_once(
    kafka: KafkaServer, shared_store: Database, tmp_path: Path
) -> None:
    async with sqlite_store(tmp_path, from_metadata(toy_metadata())) as producer:
        line = Line(kafka, producer, shared_store)
        await kafka.create_topics([line.topic])
        try:
            await _rebalance(line)
        finally:
            await line.close()


async def _rebalance(line: Line) -> None:
    await line.start_relay()
    _, first = await line.start_feed()
    done = asyncio.Event()
    writing = asyncio.create_task(write_until(line, done))

    _, second = await line.start_feed()
    await asyncio.sleep(1)
    await first.stop()
    _, _third = await line.start_feed()
    await asyncio.sleep(1)
    await second.stop()
    done.set()
    await writing

    await line.arrived(seconds=60)
    await line.in_state("ok", seconds=30)
    total = sum(count for count, _ in (await line.written()).values())
    assert tuple((await line.consumer_store.read(lambda tx: tx.fetch(_TAKEN)))[0]) == (total, total)
    assert await line.waiting() == []


async def test_a_consumer_that_stands_still_is_noticed_and_rebuilt(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alive, in the group, and fetching nothing: only its positions show it."""
    monkeypatch.setattr("shared.broker.WATCH_EVERY_SECONDS", 0.2)
    monkeypatch.setattr("shared.broker.STALLED_SECONDS", 1.0)
    beats: list[int] = []
    feed, _ = await line.start_feed()
    await line.start_relay()
    await line.move("c", 3)
    await line.arrived()
    line.during_test(asyncio.create_task(feed.watch(beat=partial(beats.append, 1))))
    await wait_until(lambda: len(beats) > 2, what="beats")

    stuck = feed._subscriber.consumer
    assert stuck is not None
    stuck.pause(*stuck.assignment())
    await asyncio.sleep(0.2)
    await line.move("c", 3)

    await line.arrived(seconds=30)
    assert feed._subscriber.consumer is not stuck
    await line.in_state("ok")

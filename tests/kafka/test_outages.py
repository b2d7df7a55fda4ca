"""The broker pauses, stops and dies; consumers die, stall and share: nothing lost, nothing twice, nothing reordered."""

import asyncio
import signal
import sys
import threading
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from shared.act import Act
from shared.broker import KafkaFeed, Patience
from shared.consumer import Received
from shared.database import Database, Tx
from shared.envelope import Record, read_envelope
from shared.failpoints import FAILPOINT_VARIABLE
from shared.inbox import FaultIsOurs, Inbox
from shared.partitions import PARTITIONS
from shared.testing.kafka_server import KafkaServer
from shared.testing.stores import PostgresServer, from_metadata, postgres_store, sqlite_store, wait_until
from shared.testing.toy import toy_metadata
from tests.kafka.conftest import Line

_ROOT = Path(__file__).resolve().parents[2]
Change = Callable[[KafkaServer], Awaitable[None]]
OUTAGES = {
    "paused": (KafkaServer.pause, KafkaServer.unpause),
    "stopped": (KafkaServer.stop, KafkaServer.start),
    "killed": (KafkaServer.kill, KafkaServer.start),
}


async def write_until(line: Line, done: asyncio.Event) -> None:
    number = 0
    while not done.is_set():
        await line.move(f"c{number % 9}")
        number += 1
        await asyncio.sleep(0.005)  # the load's pace; nobody waits for it


@pytest.mark.slow
@pytest.mark.parametrize(("begin", "end"), OUTAGES.values(), ids=OUTAGES)
async def test_an_outage_of_the_broker_loses_nothing_and_inverts_nothing(
    kafka: KafkaServer, line: Line, begin: Change, end: Change
) -> None:
    await line.start_feed()
    await line.start_relay()
    done = asyncio.Event()
    writing = asyncio.create_task(write_until(line, done))
    await line.more_arrived(50)

    failures = await line.failures()
    await begin(kafka)
    await line.failing(beyond=failures)
    await end(kafka)
    await line.more_arrived(50, seconds=60)
    done.set()
    await writing
    await line.arrived(seconds=60)
    await line.in_state("ok", seconds=30)

    total = sum(count for count, _ in (await line.written()).values())
    assert await line.taken() == (total, total)
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


@pytest.mark.slow
@pytest.mark.parametrize("outage", ["paused", "killed"])
async def test_a_start_without_a_broker_waits_for_it(kafka: KafkaServer, line: Line, outage: str) -> None:
    """Paused it answers nothing, killed it refuses at once."""
    begin, end = OUTAGES[outage]
    await begin(kafka)
    feeding = asyncio.create_task(line.start_feed())
    await line.start_relay()
    await line.move("c", 3)
    await line.failing()
    assert not feeding.done()

    await end(kafka)
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
    assert (await line.taken())[0] > 0
    await line.start_feed()  # the group gives the dead member ten seconds
    await line.arrived(seconds=60)
    await line.in_state("ok", seconds=30)

    assert await line.taken() == (40, 40)


async def test_a_graceful_stop_in_the_middle_of_a_batch_loses_nothing_and_doubles_nothing(line: Line) -> None:
    entered, gate = threading.Event(), threading.Event()

    async def slow(tx: Tx, act: Act, event: Received[Any]) -> None:
        entered.set()
        gate.wait(10)

    for number in range(20):
        await line.move(f"c{number % 3}")
    await line.start_relay()
    feed, broker = await line.start_feed(line.inbox(slow))
    await wait_until(entered.is_set, what="the batch")

    stopping = asyncio.create_task(broker.stop())
    await wait_until(lambda: not feed._subscriber.running, what="the beginning of the stop")
    assert not stopping.done()
    gate.set()
    await asyncio.wait_for(stopping, 20)

    await line.move("c0", 3)
    await line.start_feed()
    await line.arrived(seconds=30)
    await line.in_state("ok")
    assert await line.taken() == (23, 23)


class FailsTwice:
    """An inbox whose first two batches fail for a reason of this process."""

    def __init__(self, inbox: Inbox) -> None:
        self.topic = inbox.topic
        self.prepare = inbox.prepare
        self.calls = 0
        self._inbox = inbox

    async def receive(self, records: Sequence[Record], *, delivered: int | None = None) -> None:
        self.calls += 1
        if self.calls <= 2:
            raise FaultIsOurs("planted")
        await self._inbox.receive(records, delivered=delivered)


async def test_a_batch_that_fails_is_delivered_again_on_all_of_its_partitions(line: Line) -> None:
    """The offset moves for none of them, and the pause keeps a lasting fault from spinning."""
    inbox = FailsTwice(line.inbox())
    for number in range(30):
        await line.move(f"c{number}", scope=f"scope-{number}")
    await line.relay.lead_once()
    await line.relay.turn()

    await line.start_feed(inbox)  # type: ignore[arg-type]
    await line.arrived()
    await line.start_relay()
    await line.in_state("ok")

    assert 2 < inbox.calls < 60


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


async def shared_by(*feeds: KafkaFeed) -> None:
    """Wait until these members have all partitions between them, and each at least one."""

    def shared() -> bool:
        held = [len(feed._subscriber.consumer.assignment()) for feed in feeds if feed._subscriber.consumer]
        return len(held) == len(feeds) and min(held) > 0 and sum(held) == PARTITIONS

    await wait_until(shared, seconds=60, what="the partitions' assignment")


async def _rebalance(line: Line) -> None:
    await line.start_relay()
    first, first_broker = await line.start_feed()
    done = asyncio.Event()
    writing = asyncio.create_task(write_until(line, done))

    second, second_broker = await line.start_feed()
    await shared_by(first, second)
    await line.more_arrived(50)
    await first_broker.stop()
    third, _ = await line.start_feed()
    await shared_by(second, third)
    await line.more_arrived(50)
    await second_broker.stop()
    done.set()
    await writing

    await line.arrived(seconds=60)
    await line.in_state("ok", seconds=30)
    total = sum(count for count, _ in (await line.written()).values())
    assert await line.taken() == (total, total)
    assert await line.waiting() == []


async def test_a_consumer_that_stands_still_is_noticed_and_rebuilt(line: Line) -> None:
    """Alive, in the group, and fetching nothing: only its positions show it."""
    beats: list[int] = []
    feed, _ = await line.start_feed(patience=Patience(look_every_seconds=0.2, rebuild_after_seconds=1.0))
    await line.start_relay()
    await line.move("c", 3)
    await line.arrived()
    line.during_test(asyncio.create_task(feed.watch(beat=partial(beats.append, 1))))
    await wait_until(lambda: len(beats) > 2, what="beats")

    stuck = feed._subscriber.consumer
    assert stuck is not None
    stuck.pause(*stuck.assignment())
    looks = len(beats)
    await wait_until(lambda: len(beats) > looks + 1, what="the end of a fetch that was under way")
    await line.move("c", 3)

    await line.arrived(seconds=30)
    assert feed._subscriber.consumer is not stuck
    await line.in_state("ok")

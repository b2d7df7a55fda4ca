"""Consuming, without a broker: the watchdog's judgement, the pause after a failure, the settings."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import ConsumerRecord, TopicPartition
from faststream import AckPolicy

from shared.broker import (
    ConsumerStalled,
    KafkaFeed,
    Patience,
    Progress,
    build_broker,
    start_when_reachable,
    to_record,
)
from shared.inbox import FaultIsOurs
from shared.kafka_transport import KafkaConnection
from shared.testing.stores import wait_until
from shared.testing.toy import TOPIC

ZERO, ONE = TopicPartition(TOPIC, 0), TopicPartition(TOPIC, 1)
PATIENCE = Patience()
NOWHERE = KafkaConnection(bootstrap_servers="127.0.0.1:1", client_id="test")


def raw(offset: int = 0, **changes: Any) -> Any:
    return ConsumerRecord(
        **{
            "topic": TOPIC,
            "partition": 0,
            "offset": offset,
            "timestamp": 0,
            "timestamp_type": 0,
            "key": None,
            "value": b"{}",
            "checksum": None,
            "serialized_key_size": -1,
            "serialized_value_size": 2,
            "headers": (("ce_id", b"\xff"), ("x", None)),
        }
        | changes
    )


# -- progress ---------------------------------------------------------------------------------------------


class Watched:
    """A feed that is looked at in the usual intervals of a clock that only the test moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.progress = Progress(now=0.0)

    def look(
        self, seen: tuple[dict[TopicPartition, int], int] | None, *, seconds: float, busy: bool = False
    ) -> list[str]:
        """The verdicts over so many seconds in which nothing changes."""
        verdicts: list[str] = []
        end = self.now + seconds
        while self.now < end:
            self.now += PATIENCE.look_every_seconds
            verdicts.append(self.progress.verdict(seen, busy=busy, now=self.now))
        return verdicts


def test_a_feed_with_nothing_to_do_is_well() -> None:
    assert set(Watched().look(({ZERO: 7}, 0), seconds=600)) == {"well"}


def test_a_feed_that_moves_is_well_however_much_waits() -> None:
    watched = Watched()

    for position in range(100):
        assert watched.look(({ZERO: position, ONE: 3}, 10_000), seconds=5) == ["well"]


def test_a_feed_that_stands_while_records_wait_is_rebuilt_once_and_then_given_up() -> None:
    watched = Watched()
    watched.look(({ZERO: 7}, 0), seconds=5)

    verdicts = watched.look(({ZERO: 7}, 3), seconds=90)

    assert verdicts.count("rebuild") == 1
    assert verdicts.index("rebuild") == PATIENCE.rebuild_after_seconds / PATIENCE.look_every_seconds - 1
    assert verdicts.index("give_up") == PATIENCE.give_up_after_seconds / PATIENCE.look_every_seconds


def test_a_rebuilt_feed_that_moves_is_well_and_may_be_rebuilt_again_later() -> None:
    watched = Watched()
    for start in (0, 100):
        watched.look(({ZERO: start}, 3), seconds=5)
        assert "rebuild" in watched.look(({ZERO: start}, 3), seconds=PATIENCE.rebuild_after_seconds + 5)
        assert set(watched.look(({ZERO: start + 1}, 3), seconds=5)) == {"well"}


def test_a_handler_at_work_is_no_standstill() -> None:
    """Its database may be away for minutes; to leave the group would not bring it back."""
    assert set(Watched().look(({ZERO: 7}, 3), seconds=600, busy=True)) == {"well"}


def test_a_broker_that_does_not_answer_is_tried_with_new_clients_and_never_given_up() -> None:
    verdicts = Watched().look(None, seconds=300)

    assert "give_up" not in verdicts
    assert 5 <= verdicts.count("rebuild") <= 300 / PATIENCE.rebuild_after_seconds


def test_a_feed_that_stands_after_an_outage_has_its_own_chance() -> None:
    watched = Watched()
    watched.look(({ZERO: 7}, 0), seconds=5)
    watched.look(None, seconds=200)

    verdicts = watched.look(({ZERO: 7}, 3), seconds=PATIENCE.rebuild_after_seconds)

    assert set(verdicts) == {"well"}


# -- taking -----------------------------------------------------------------------------------------------


class FakeInbox:
    """An inbox that fails as often as it is told to."""

    topic = TOPIC

    def __init__(self) -> None:
        self.faults: list[Exception] = []
        self.taken: list[Any] = []

    async def receive(self, records: list[Any]) -> None:
        if self.faults:
            raise self.faults.pop(0)
        self.taken.extend(records)


def feed_of(inbox: FakeInbox, patience: Patience = PATIENCE) -> KafkaFeed:
    return KafkaFeed(build_broker(NOWHERE), inbox, group_id="beta", patience=patience)  # type: ignore[arg-type]


async def test_records_reach_the_inbox_with_their_bytes_single_or_in_batches() -> None:
    inbox = FakeInbox()
    feed = feed_of(inbox)

    await feed._take(SimpleNamespace(raw_message=(raw(4), raw(5, value=None))))  # type: ignore[arg-type]
    await feed._take(SimpleNamespace(raw_message=raw(6)))  # type: ignore[arg-type]

    assert inbox.taken == [to_record(raw(4)), to_record(raw(5, value=None)), to_record(raw(6))]
    assert inbox.taken[0].headers == (("ce_id", b"\xff"), ("x", None))
    assert [record.position for record in inbox.taken] == [4, 5, 6]


async def test_a_header_that_is_not_text_costs_no_batch() -> None:
    """The library decodes headers before any handler runs, and drops the whole batch when it cannot."""
    subscriber: Any = feed_of(FakeInbox())._subscriber
    parse, decode = subscriber._get_parser_and_decoder()
    batch = (raw(4), raw(5))
    with pytest.raises(UnicodeDecodeError):
        await subscriber._parser(batch)

    message = await parse(batch)

    assert message.raw_message == batch
    assert await decode(message) == message.body


async def test_a_failure_is_raised_after_a_pause_that_grows_until_it_works_again() -> None:
    """The library rewinds and delivers again at once: without the pause a lasting fault would spin."""
    inbox = FakeInbox()
    feed = feed_of(inbox)
    loop = asyncio.get_running_loop()
    spent: list[float] = []

    for fault in (FaultIsOurs("1"), RuntimeError("2")):
        inbox.faults = [fault]
        began = loop.time()
        with pytest.raises(type(fault)):
            await feed._take(SimpleNamespace(raw_message=raw()))  # type: ignore[arg-type]
        spent.append(loop.time() - began)

    assert spent[0] >= 0.19
    assert spent[1] >= 2 * 0.19
    await feed._take(SimpleNamespace(raw_message=raw()))  # type: ignore[arg-type]
    assert feed._pause == 0.0
    assert not feed._taking


# -- watching ---------------------------------------------------------------------------------------------


class FakeSubscriber:
    """A subscription to a broker that answers or does not, and counts how often it was made anew."""

    def __init__(self) -> None:
        self.consumer: Any = None
        self.calls: list[str] = []

    async def stop(self) -> None:
        self.calls.append("stop")

    async def start(self) -> None:
        self.calls.append("start")


async def test_the_watch_beats_while_all_is_well_rebuilds_and_gives_up() -> None:
    hasty = Patience(look_every_seconds=0.01, rebuild_after_seconds=0.1, give_up_after_seconds=0.2)
    feed, subscriber, beats = feed_of(FakeInbox(), hasty), FakeSubscriber(), 0
    feed._subscriber = subscriber  # type: ignore[assignment]

    async def end_offsets(partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 9)

    async def position(partition: TopicPartition) -> int:
        return 5

    subscriber.consumer = SimpleNamespace(
        assignment=lambda: {ZERO}, end_offsets=end_offsets, position=position
    )

    def beat() -> None:
        nonlocal beats
        beats += 1

    with pytest.raises(ConsumerStalled):
        await asyncio.wait_for(feed.watch(beat=beat), 5)

    assert subscriber.calls == ["stop", "start"]
    assert beats >= 3


async def test_the_watch_lives_through_a_broker_that_hangs() -> None:
    hasty = Patience(look_every_seconds=0.01, rebuild_after_seconds=0.05)
    feed, subscriber = feed_of(FakeInbox(), hasty), FakeSubscriber()
    feed._subscriber = subscriber  # type: ignore[assignment]

    watching = asyncio.create_task(feed.watch(beat=lambda: None))
    await wait_until(lambda: subscriber.calls.count("start") >= 3, what="new clients")

    assert not watching.done()
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


async def test_a_broker_that_is_not_up_yet_is_waited_for() -> None:
    calls = 0

    async def start() -> None:
        nonlocal calls
        calls += 1
        if calls < 2:
            raise OSError

    await asyncio.wait_for(start_when_reachable(start, what="test"), 5)

    assert calls == 2


def test_the_broker_acknowledges_after_the_handler_and_starts_at_the_oldest() -> None:
    feed = feed_of(FakeInbox())
    subscriber: Any = feed._subscriber

    assert subscriber.ack_policy is AckPolicy.NACK_ON_ERROR
    assert subscriber._connection_args["auto_offset_reset"] == "earliest"
    assert subscriber._connection_args["enable_auto_commit"] is False
    assert subscriber.max_records == 1000
    assert (subscriber.batch_timeout_ms, subscriber._connection_args["fetch_max_wait_ms"]) == (5, 20)

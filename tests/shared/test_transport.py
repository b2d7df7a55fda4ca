"""Direct delivery: the outbox as the log, a loop and a position per consumer, watermarks in their place."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from shared.clock import server_now
from shared.database import Database, Sql, Tx, instant_parameter
from shared.envelope import Record
from shared.outbox_log import OutboxLog
from shared.relay import Relay
from shared.testing.delivery import toy_inbox, toy_relay
from shared.testing.stores import wait_until
from shared.testing.toy import COUNTERS, TOPIC, move_counter, totals, toy_act
from shared.transport import BATCH, DirectTransport, OutgoingRecord, TransportFailed
from shared.watermarks import Watermark, all_positions, from_record, to_record


class Log:
    """A producer's log in memory: records with positions 1, 2, 3 ..."""

    def __init__(self, count: int = 0) -> None:
        self.last = count
        self.reads: list[tuple[int, int | None]] = []

    async def published_after(self, topic: str, pub_seq: int, until: int | None) -> list[Record]:
        self.reads.append((pub_seq, until))
        end = min(self.last, until if until is not None else self.last, pub_seq + BATCH)
        return [_record(topic, number) for number in range(pub_seq + 1, end + 1)]

    async def last_pub_seq(self, topic: str) -> int:
        return self.last


def _record(topic: str, number: int) -> Record:
    return Record(topic=topic, partition=0, position=number, headers=[("n", str(number).encode())], value=b"")


class Target:
    """A consumer that writes down what it gets, and fails when told to."""

    def __init__(self, consumer: str = "beta", position: int = 0) -> None:
        self.consumer = consumer
        self.position = position
        self.batches: list[tuple[list[str], int | None]] = []
        self.failing = False
        self.failures = 0

    async def delivery_position(self, topic: str) -> int:
        return self.position

    async def rewind_delivery(self, topic: str) -> None:
        self.position = 0

    async def receive(self, records: Sequence[Record], *, delivered: int | None = None) -> None:
        if self.failing:
            self.failures += 1
            raise RuntimeError("planted")
        self.batches.append(([_name(record) for record in records], delivered))
        self.position = self.position if delivered is None else delivered

    def got(self) -> list[str]:
        return [name for names, _ in self.batches for name in names]

    def events(self) -> int:
        return sum(not name.startswith("w") for name in self.got())


def _name(record: Record) -> str:
    return next((f"{value.decode()}" for name, value in record.headers if name == "n"), "") or (
        f"w{from_record(record).pub_seq}"
    )


def marks_at(pub_seq: int, partitions: int = 1) -> list[Watermark]:
    return [
        Watermark(topic=TOPIC, partition=p, closed_at=server_now(), pub_seq=pub_seq, epoch=1, n=0, h=0)
        for p in range(partitions)
    ]


def names(first: int, last: int) -> list[str]:
    return [str(number) for number in range(first, last + 1)]


@asynccontextmanager
async def delivering(log: Log, *targets: Target) -> AsyncIterator[DirectTransport]:
    transport = DirectTransport(to_record)
    for target in targets:
        transport.connect(TOPIC, log, target)
    transport.start()
    try:
        yield transport
    finally:
        await transport.close()


async def test_published_rows_are_delivered_in_order_and_the_position_moves() -> None:
    log, target = Log(3), Target()
    async with delivering(log, target) as transport:
        await wait_until(lambda: target.events() == 3)
        log.last = 5
        transport.marked(TOPIC)
        await wait_until(lambda: target.events() == 5)

    assert target.batches == [(names(1, 3), 3), (names(4, 5), 5)]


async def test_a_long_log_comes_in_bounded_batches() -> None:
    log, target = Log(2 * BATCH + 7), Target()
    async with delivering(log, target):
        await wait_until(lambda: target.events() == log.last)

    assert [len(batch) for batch, _ in target.batches] == [BATCH, BATCH, 7]


async def test_delivery_goes_on_from_the_stored_position() -> None:
    target = Target(position=7)
    async with delivering(Log(9), target):
        await wait_until(lambda: target.events() == 2)

    assert target.got() == names(8, 9)


async def test_a_producer_behind_the_stored_position_is_read_from_its_beginning() -> None:
    """Its store was restored: with the old position its new rows would be skipped for ever."""
    target = Target(position=7)
    async with delivering(Log(4), target):
        await wait_until(lambda: target.events() == 4)

    assert target.got() == names(1, 4)
    assert target.position == 4


async def test_a_consumer_that_is_stopped_gets_what_it_missed_once_it_is_started_again() -> None:
    log, stopped, well = Log(3), Target("gamma"), Target("beta")
    async with delivering(log, stopped, well) as transport:
        await wait_until(lambda: stopped.events() == well.events() == 3)
        await transport.stop("gamma")
        log.last = 6
        transport.marked(TOPIC)
        await wait_until(lambda: well.events() == 6)
        assert stopped.events() == 3

        transport.start("gamma")
        await wait_until(lambda: stopped.events() == 6, what="its return")

    assert stopped.got() == well.got() == names(1, 6)


async def test_a_failing_consumer_delays_itself_only() -> None:
    log, broken, well = Log(3), Target("gamma"), Target("beta")
    broken.failing = True
    async with delivering(log, broken, well) as transport:
        await wait_until(lambda: well.events() == 3 and broken.failures >= 2)
        log.last = 6
        transport.marked(TOPIC)
        await wait_until(lambda: well.events() == 6)
        assert broken.batches == []

        broken.failing = False
        await wait_until(lambda: broken.events() == 6, what="its return")

    assert broken.got() == names(1, 6)


async def test_a_producer_that_cannot_be_read_is_tried_again() -> None:
    log, target = Log(2), Target()
    calls = 0
    plain = log.published_after

    async def flaky(topic: str, pub_seq: int, until: int | None) -> list[Record]:
        nonlocal calls
        calls += 1
        if calls < 3:
            raise ConnectionError
        return await plain(topic, pub_seq, until)

    log.published_after = flaky  # type: ignore[method-assign]
    async with delivering(log, target):
        await wait_until(lambda: target.events() == 2)


# -- watermarks -------------------------------------------------------------------------------------------


async def test_a_watermark_comes_after_the_rows_it_speaks_of_and_before_any_later_one() -> None:
    log, target = Log(8), Target()
    async with delivering(log, target) as transport:
        target.failing = True
        await wait_until(lambda: target.failures > 0)
        await transport.watermark("alpha", marks_at(5))  # three later rows lie in the same batch
        target.failing = False
        await wait_until(lambda: target.events() == 8)

    assert target.batches == [([*names(1, 5), "w5"], 5), (names(6, 8), 8)]


async def test_a_watermark_at_the_position_is_delivered_at_once() -> None:
    log, target = Log(3), Target()
    async with delivering(log, target) as transport:
        await wait_until(lambda: target.events() == 3)
        await transport.watermark("alpha", marks_at(3, partitions=6))
        await wait_until(lambda: len(target.got()) == 9)

    assert target.batches[-1] == (["w3"] * 6, 3)


async def test_a_watermark_that_was_passed_is_dropped() -> None:
    """Later rows went out first: with them its counts are no longer the partition's."""
    log, target = Log(5), Target()
    async with delivering(log, target) as transport:
        await wait_until(lambda: target.events() == 5)
        await transport.watermark("alpha", marks_at(4))
        await transport.watermark("alpha", marks_at(5))
        await wait_until(lambda: len(target.got()) == 6)

    assert target.got() == [*names(1, 5), "w5"]


async def test_of_the_watermarks_that_cannot_be_reached_yet_the_next_and_the_newest_are_kept() -> None:
    log, target = Log(9), Target()
    async with delivering(log, target) as transport:
        target.failing = True
        await wait_until(lambda: target.failures > 0)
        for pub_seq in (2, 4, 6, 8):
            await transport.watermark("alpha", marks_at(pub_seq))
        target.failing = False
        await wait_until(lambda: target.events() == 9)

    assert target.got() == [*names(1, 2), "w2", *names(3, 8), "w8", "9"]


async def test_watermarks_of_an_idle_producer_go_on() -> None:
    log, target = Log(0), Target()
    async with delivering(log, target) as transport:
        for count in (1, 2, 3):
            await transport.watermark("alpha", marks_at(0))
            await wait_until(lambda count=count: len(target.got()) == count)  # type: ignore[misc]

    assert target.got() == ["w0"] * 3


async def test_no_watermarks_are_no_work() -> None:
    async with delivering(Log(0), Target()) as transport:
        await transport.watermark("alpha", [])


# -- replays ----------------------------------------------------------------------------------------------


def outgoing(*numbers: int) -> list[OutgoingRecord]:
    return [OutgoingRecord(seq=n, aggregate_id="a", record=_record(TOPIC, n)) for n in numbers]


async def test_a_replay_reaches_the_named_consumer_and_moves_no_position() -> None:
    log, named, other = Log(2), Target("beta"), Target("gamma")
    async with delivering(log, named, other) as transport:
        await wait_until(lambda: named.events() == other.events() == 2)
        await transport.republish(outgoing(1), "beta")
        await wait_until(lambda: named.events() == 3)
        await transport.republish(outgoing(2), None)
        await wait_until(lambda: named.events() == 4 and other.events() == 3)

    assert named.batches[1:] == [(["1"], None), (["2"], None)]


async def test_new_rows_go_before_a_replay_that_waits() -> None:
    log, target = Log(2), Target()
    async with delivering(log, target) as transport:
        await wait_until(lambda: target.events() == 2)
        target.failing = True
        await transport.republish(outgoing(1), None)
        await wait_until(lambda: target.failures > 0)
        log.last = 3
        transport.marked(TOPIC)
        target.failing = False
        await wait_until(lambda: target.events() == 4)

    assert target.got() == ["1", "2", "3", "1"]


async def test_a_consumer_that_takes_no_replays_is_not_waited_for() -> None:
    log, target = Log(1), Target()
    async with delivering(log, target) as transport:
        await wait_until(lambda: target.events() == 1)
        target.failing = True

        for _ in range(2):
            await asyncio.wait_for(transport.republish(outgoing(1), None), 1)
        with pytest.raises(TransportFailed):
            await asyncio.wait_for(transport.republish(outgoing(1), None), 1)


async def test_a_cleared_position_is_read_from_the_beginning_again() -> None:
    log, target = Log(4), Target()
    async with delivering(log, target) as transport:
        await wait_until(lambda: target.events() == 4)
        transport.rewind(TOPIC, "gamma")
        transport.rewind(TOPIC, "beta")
        await wait_until(lambda: target.events() == 8)

    assert target.got() == names(1, 4) * 2


async def test_closing_ends_every_loop() -> None:
    log, target = Log(1), Target()
    transport = DirectTransport(to_record)
    transport.connect(TOPIC, log, target)
    transport.start()
    await wait_until(lambda: target.events() == 1)

    await transport.close()
    log.last = 2
    transport.marked(TOPIC)
    await asyncio.sleep(0.01)

    assert target.events() == 1


# -- with stores ------------------------------------------------------------------------------------------


@asynccontextmanager
async def joined(
    producer: Database, *consumers: tuple[str, Database]
) -> AsyncIterator[tuple[DirectTransport, Relay]]:
    """A producer and its consumers, put together as one process does it."""
    transport = DirectTransport(to_record)
    relay = toy_relay(producer, transport)
    for name, database in consumers:
        inbox = toy_inbox(database, consumer=replace(COUNTERS, consumer=name))
        await inbox.prepare()
        transport.connect(TOPIC, OutboxLog(producer), inbox)
    await relay.lead_once()
    transport.start()
    try:
        yield transport, relay
    finally:
        await transport.close()


async def move(database: Database, count: int) -> None:
    async def command(tx: Tx) -> None:
        for number in range(count):
            await move_counter(tx, toy_act(), f"c{number % 5}", 1, scope=f"scope-{number % 3}")

    await database.write(command)


async def copy_of(database: Database) -> dict[str, Any]:
    return await database.read(lambda tx: totals(tx, "counter_copy"))


async def has_all(producer: Database, consumer: Database) -> bool:
    return await copy_of(consumer) == await producer.read(totals)


async def states(database: Database, consumer: str = "beta") -> set[str]:
    return {position.state for position in await database.read(lambda tx: all_positions(tx, consumer))}


async def test_events_and_watermarks_arrive_and_agree(
    producer_store: Database, consumer_store: Database
) -> None:
    async with joined(producer_store, ("beta", consumer_store)) as (_, relay):
        for _ in range(4):
            await move(producer_store, 30)
            await relay.turn()
        await wait_until(lambda: has_all(producer_store, consumer_store))
        await relay.turn()

        async def all_ok() -> bool:
            return await states(consumer_store) == {"ok"}

        await wait_until(all_ok)


async def test_a_restart_goes_on_where_the_consumers_transaction_stopped(
    producer_store: Database, consumer_store: Database
) -> None:
    async with joined(producer_store, ("beta", consumer_store)) as (_, relay):
        await move(producer_store, 20)
        await relay.turn()
        await wait_until(lambda: has_all(producer_store, consumer_store))
    await move(producer_store, 5)

    async with joined(producer_store, ("beta", consumer_store)) as (_, relay):
        await relay.turn()
        await wait_until(lambda: has_all(producer_store, consumer_store))

    inbox = await consumer_store.read(lambda tx: tx.fetch(Sql("SELECT count(*), max(position) FROM inbox")))
    assert tuple(inbox[0]) == (25, 25)


async def test_two_consumers_get_everything_each(producer_store: Database, consumer_store: Database) -> None:
    """Both live in one store here; their inboxes and positions are their own."""
    async with joined(producer_store, ("beta", consumer_store), ("gamma", consumer_store)) as (_, relay):
        await move(producer_store, 15)
        await relay.turn()

        async def both() -> bool:
            rows = await consumer_store.read(
                lambda tx: tx.fetch(
                    Sql("SELECT consumer, count(*) FROM inbox GROUP BY consumer ORDER BY consumer")
                )
            )
            return [tuple(row) for row in rows] == [("beta", 15), ("gamma", 15)]

        await wait_until(both)


async def test_a_restored_producer_is_rewound_and_says_so(
    producer_store: Database, consumer_store: Database
) -> None:
    async with joined(producer_store, ("beta", consumer_store)) as (_, relay):
        await move(producer_store, 20)
        await relay.turn()
        await wait_until(lambda: has_all(producer_store, consumer_store))
        await wait_until(lambda: _is(consumer_store, {"ok"}))

    async def forget(tx: Tx) -> None:
        await tx.fetch(Sql("DELETE FROM outbox WHERE pub_seq > 8"))
        await tx.fetch(Sql("UPDATE relay_leader SET pub_seq = 8"))
        await tx.fetch(Sql("DELETE FROM relay_state"))

    await producer_store.write(forget)
    async with joined(producer_store, ("beta", consumer_store)) as (_, relay):
        await relay.turn()
        await wait_until(lambda: _is(consumer_store, {"rewound"}))

    position = await toy_inbox(consumer_store).delivery_position(TOPIC)
    assert position == 8
    assert await copy_of(consumer_store) == await producer_store.read(totals)  # nothing was applied twice


async def _is(database: Database, wanted: set[str]) -> bool:
    return await states(database) == wanted


async def test_a_lost_event_comes_again_by_a_replay_request(
    producer_store: Database, consumer_store: Database
) -> None:
    async with joined(producer_store, ("beta", consumer_store)) as (_, relay):
        await move(producer_store, 12)
        await relay.turn()
        await wait_until(lambda: has_all(producer_store, consumer_store))
        await consumer_store.write(_lose_everything)
        await relay.turn()
        await wait_until(lambda: _contains(consumer_store, "incomplete"))

        await producer_store.write(_ask_replay)
        await relay.turn()
        await wait_until(lambda: has_all(producer_store, consumer_store))
        await relay.turn()
        await wait_until(lambda: _is(consumer_store, {"ok"}))


async def _contains(database: Database, state: str) -> bool:
    return state in await states(database)


async def _lose_everything(tx: Tx) -> None:
    for table in ("inbox", "aggregate_position", "counter_copy"):
        await tx.fetch(Sql(f"DELETE FROM {table}"))
    await tx.fetch(
        Sql("UPDATE producer_position SET n = 0, h = 0, matched_n = 0, matched_pub_seq = 0, state = 'none'")
    )


async def _ask_replay(tx: Tx) -> None:
    await tx.fetch(
        Sql(
            "INSERT INTO replay_request (topic, consumer, after_pub_seq, until_pub_seq, requested_at, requested_by)"
            " VALUES ($1, 'beta', 0, 1000000, $2, 'test')"
        ),
        TOPIC,
        instant_parameter(tx, server_now()),
    )

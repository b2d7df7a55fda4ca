"""The relay, turn by turn: order, marks, fences, watermarks, replays."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from random import Random
from typing import Any

import pytest

from shared.clock import server_now
from shared.database import Database, Sql, StoreUnavailable, Tx, Work, instant_parameter
from shared.envelope import Record, read_envelope
from shared.leadership import LeadershipLost
from shared.metrics import create_metrics
from shared.outbox_log import OutboxLog
from shared.partitions import PARTITIONS, partition_of
from shared.relay import Relay, wake_all
from shared.testing.delivery import toy_inbox, toy_relay
from shared.testing.sim_broker import SendFailed, SimBroker
from shared.testing.stores import wait_until
from shared.testing.toy import TOPIC, move_counter, totals, toy_act
from shared.transport import BATCH, OutgoingRecord
from shared.watermarks import event_digest, from_record

_OUTBOX = Sql(
    "SELECT seq, aggregate_id, aggregate_version, pub_seq, attempts, last_error, sent_at, event_id, payload, partition"
    " FROM outbox ORDER BY seq"
)
_STATE = Sql("SELECT partition, n, h FROM relay_state WHERE topic = $1 ORDER BY partition")
_LEADER = Sql("SELECT epoch, pub_seq, holder FROM relay_leader WHERE topic = $1")
_ASK = Sql(
    "INSERT INTO replay_request (topic, partition, partition_key, consumer, after_pub_seq, until_pub_seq,"
    " requested_at, requested_by) VALUES ($1, $2, $3, $4, $5, $6, $7, 'test')"
)


class Broker(SimBroker):
    """A broker whose answers are chosen by the test."""

    def __init__(self) -> None:
        super().__init__(Random(1))
        self.refused: set[str] = set()
        self.before_answer: Callable[[], Awaitable[None]] | None = None
        self.replayed: list[tuple[str | None, list[str]]] = []
        self.republish_error: Exception | None = None

    async def publish(self, batch: Sequence[OutgoingRecord]) -> list[BaseException | None]:
        answers: list[BaseException | None] = []
        for outgoing in batch:
            if outgoing.aggregate_id in self.refused:
                answers.append(SendFailed())
            else:
                self.append(outgoing.record)
                answers.append(None)
        if self.before_answer is not None:
            await self.before_answer()
        return answers

    async def republish(self, batch: Sequence[OutgoingRecord], consumer: str | None) -> None:
        if self.republish_error is not None:
            raise self.republish_error
        self.replayed.append((consumer, [read_envelope(one.record.headers).id for one in batch]))
        await super().republish(batch, consumer)

    def events(self) -> list[Record]:
        return [one for one in self.everything(TOPIC) if b"watermark" not in dict(one.headers)["ce_type"]]

    def marks(self) -> list[Record]:
        return [one for one in self.everything(TOPIC) if b"watermark" in dict(one.headers)["ce_type"]]


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
async def relay(producer_store: Database, broker: Broker) -> Relay:
    relay = toy_relay(producer_store, broker)
    await relay.lead_once()
    return relay


async def move(database: Database, *names: str, scope: str = "scope-1") -> None:
    for name in names:
        await database.write(lambda tx, name=name: move_counter(tx, toy_act(), name, 1, scope=scope))  # type: ignore[misc]


async def move_many(database: Database, count: int) -> None:
    async def command(tx: Tx) -> None:
        for number in range(count):
            await move_counter(tx, toy_act(), f"c{number % 7}", 1, scope=f"scope-{number % 5}")

    await database.write(command)


async def outbox(database: Database) -> list[Any]:
    return list(await database.read(lambda tx: tx.fetch(_OUTBOX)))


async def until_drained(relay: Relay) -> None:
    while (await relay.turn())[0]:
        pass


# -- publishing and marking -------------------------------------------------------------------------------


async def test_events_are_published_with_their_exact_bytes_and_marked(
    producer_store: Database, relay: Relay, broker: Broker
) -> None:
    await move(producer_store, "a", "b", "a")

    assert await relay.turn() == (False, True)

    rows = await outbox(producer_store)
    assert [row[3] for row in rows] == [1, 2, 3]
    assert all(row[6] is not None for row in rows)
    sent = {read_envelope(record.headers).id: record for record in broker.events()}
    for row in rows:
        envelope = read_envelope(sent[row[7]].headers)
        assert sent[row[7]].value == bytes(row[8])
        assert (envelope.subject, envelope.sequence, sent[row[7]].partition) == (row[1], row[2], row[9])


async def test_counts_and_digests_state_exactly_what_was_marked(
    producer_store: Database, relay: Relay
) -> None:
    await move_many(producer_store, 40)
    await relay.turn()
    await move_many(producer_store, 3)
    await relay.turn()

    expected: dict[int, tuple[int, int]] = {}
    for row in await outbox(producer_store):
        n, h = expected.get(row[9], (0, 0))
        expected[row[9]] = (n + 1, h ^ event_digest(row[7], bytes(row[8])))
    state = await producer_store.read(lambda tx: tx.fetch(_STATE, TOPIC))
    assert {row[0]: (row[1], row[2]) for row in state} == expected


async def test_nothing_is_sent_twice_when_all_is_acknowledged(
    producer_store: Database, relay: Relay, broker: Broker
) -> None:
    await move_many(producer_store, 20)

    for _ in range(4):
        await relay.turn()

    assert len(broker.events()) == 20


async def test_after_a_failed_event_the_later_ones_of_its_aggregate_stay_and_others_go(
    producer_store: Database, relay: Relay, broker: Broker
) -> None:
    await move(producer_store, "a", "b", "a", "c", "b")
    broker.refused = {"b"}

    assert await relay.turn() == (True, False)

    rows = await outbox(producer_store)
    assert [(row[1], row[3], row[4], row[5]) for row in rows] == [
        ("a", 1, 0, None),
        ("b", None, 1, "SendFailed"),
        ("a", 2, 0, None),
        ("c", 3, 0, None),
        ("b", None, 1, "SendFailed"),
    ]
    assert broker.marks() == []  # something was left behind

    broker.refused = set()
    assert await relay.turn() == (False, True)
    assert [row[3] for row in await outbox(producer_store)] == [1, 4, 2, 3, 5]
    assert len(broker.marks()) == PARTITIONS


async def test_a_later_event_that_was_acknowledged_is_not_marked_before_the_failed_one(
    producer_store: Database, relay: Relay, broker: Broker
) -> None:
    """The broker took the second of two, not the first: marking it would publish 2 without 1 for ever."""
    await move(producer_store, "a", "a", "a")
    acknowledged: Iterator[BaseException | None] = iter([SendFailed(), None, None])
    plain = broker.publish

    async def first_refused(batch: Sequence[OutgoingRecord]) -> list[BaseException | None]:
        answers = [next(acknowledged) for _ in batch]
        await plain([one for one, answer in zip(batch, answers, strict=True) if answer is None])
        return answers

    broker.publish = first_refused  # type: ignore[method-assign]
    await relay.turn()
    assert [row[3] for row in await outbox(producer_store)] == [None, None, None]

    broker.publish = plain  # type: ignore[method-assign]
    await relay.turn()
    assert [row[3] for row in await outbox(producer_store)] == [1, 2, 3]


async def test_a_broker_that_is_away_costs_attempts_and_nothing_else(
    producer_store: Database, relay: Relay, broker: Broker
) -> None:
    await move(producer_store, "a", "b")
    broker.refused = {"a", "b"}

    for _ in range(3):
        assert await relay.turn() == (True, False)

    rows = await outbox(producer_store)
    assert [(row[3], row[4]) for row in rows] == [(None, 3), (None, 3)]
    assert (await producer_store.read(lambda tx: tx.fetch(_STATE, TOPIC))) == []
    broker.refused = set()
    assert await relay.turn() == (False, True)
    assert [row[3] for row in await outbox(producer_store)] == [1, 2]


async def test_a_crash_between_send_and_mark_repeats_and_loses_nothing(
    producer_store: Database, consumer_store: Database, relay: Relay, broker: Broker
) -> None:
    await move(producer_store, "a", "b", "a")

    async def crash() -> None:
        raise ConnectionAbortedError

    broker.before_answer = crash
    with pytest.raises(ConnectionAbortedError):
        await relay.turn()
    assert [row[3] for row in await outbox(producer_store)] == [None, None, None]

    broker.before_answer = None
    successor = toy_relay(producer_store, broker, holder="successor")
    await successor.lead_once()
    await successor.turn()

    inbox = toy_inbox(consumer_store)
    await inbox.prepare()
    await broker.deliver_all("beta", inbox, TOPIC)
    assert len(broker.events()) == 6
    assert await consumer_store.read(lambda tx: totals(tx, "counter_copy")) == {
        "a": (2, "1,1,"),
        "b": (1, "1,"),
    }
    assert [row[3] for row in await outbox(producer_store)] == [1, 2, 3]


# -- watermarks -------------------------------------------------------------------------------------------


async def test_a_drained_turn_states_every_partition(
    producer_store: Database, relay: Relay, broker: Broker
) -> None:
    before = server_now()
    await move_many(producer_store, 12)
    await relay.turn()

    marks = [from_record(record) for record in broker.marks()]
    state = {
        row[0]: (row[1], row[2]) for row in await producer_store.read(lambda tx: tx.fetch(_STATE, TOPIC))
    }
    assert [mark.partition for mark in marks] == list(range(PARTITIONS))
    assert {(mark.pub_seq, mark.epoch) for mark in marks} == {(12, 1)}
    assert all((mark.n, mark.h) == state.get(mark.partition, (0, 0)) for mark in marks)
    assert all(before <= mark.closed_at <= server_now() for mark in marks)


async def test_a_full_look_promises_nothing(producer_store: Database, relay: Relay, broker: Broker) -> None:
    """More rows may wait behind a full batch, accepted long before the clock of this look."""
    await move_many(producer_store, BATCH + 10)

    assert await relay.turn() == (True, True)
    assert broker.marks() == []

    assert await relay.turn() == (False, True)
    assert {from_record(mark).pub_seq for mark in broker.marks()} == {BATCH + 10}


async def test_watermarks_come_at_their_pace_and_not_at_every_turn(
    producer_store: Database, broker: Broker
) -> None:
    relay = Relay(
        service="alpha",
        topic=TOPIC,
        database=producer_store,
        transport=broker,
        holder="test",
        metrics=create_metrics(),
        busy_seconds=3600,
        idle_seconds=3600,
    )
    await relay.lead_once()

    for _ in range(5):
        await move(producer_store, "a")
        await relay.turn()

    assert len(broker.marks()) == PARTITIONS


async def test_closed_time_never_goes_back(producer_store: Database, relay: Relay, broker: Broker) -> None:
    for _ in range(5):
        await relay.turn()

    closed = [from_record(mark).closed_at for mark in broker.marks() if mark.partition == 0]
    assert closed == sorted(closed)
    assert len(set(closed)) == len(closed) == 5


# -- leading ----------------------------------------------------------------------------------------------


async def test_each_leader_has_a_higher_epoch(producer_store: Database, broker: Broker) -> None:
    for number in (1, 2, 3):
        relay = toy_relay(producer_store, broker, holder=f"h{number}")
        await relay.lead_once()

        (leader,) = await producer_store.read(lambda tx: tx.fetch(_LEADER, TOPIC))
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
    state = await producer_store.read(lambda tx: tx.fetch(_STATE, TOPIC))
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
    producer_store: Database, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.relay.POLL_SECONDS", 60.0)
    relay = toy_relay(producer_store, broker)
    relay._busy_seconds = relay._idle_seconds = 60.0  # otherwise its watermarks would find the rows
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
        self._calls = 0
        self.on_announced: Callable[[], None] = lambda: None

    @property
    def dialect(self) -> Any:
        return self._database.dialect

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def write(self, work: Work[Any]) -> Any:
        self._calls += 1
        if self._calls % 5 == 4:
            raise StoreUnavailable("planted")
        value = await self._database.write(work)
        if self._calls % 7 == 6:
            raise StoreUnavailable("the answer was lost")
        return value

    async def read(self, work: Work[Any]) -> Any:
        return await self._database.read(work)


async def test_a_relay_lives_through_a_store_that_comes_and_goes(
    producer_store: Database, consumer_store: Database, broker: Broker
) -> None:
    relay = toy_relay(Flaky(producer_store), broker)
    running = asyncio.create_task(relay.run())
    for _ in range(15):
        await move(producer_store, "a", "b")
        relay.wake()
        await asyncio.sleep(0.02)

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


# -- replaying --------------------------------------------------------------------------------------------


async def ask_replay(
    database: Database,
    *,
    after: int = 0,
    until: int = 10**9,
    partition: int | None = None,
    scope: str | None = None,
    consumer: str | None = None,
) -> None:
    async def ask(tx: Tx) -> None:
        now = instant_parameter(tx, server_now())
        await tx.fetch(_ASK, TOPIC, partition, scope, consumer, after, until, now)

    await database.write(ask)


async def open_replays(database: Database) -> int:
    rows = await database.read(
        lambda tx: tx.fetch(Sql("SELECT count(*) FROM replay_request WHERE finished_at IS NULL"))
    )
    return int(rows[0][0])


async def test_a_replay_hands_over_what_was_asked_for_with_the_same_ids(
    producer_store: Database, relay: Relay, broker: Broker
) -> None:
    for number in range(12):
        await move(producer_store, f"c{number % 3}", scope=f"scope-{number % 4}")
    await until_drained(relay)
    rows = {row[3]: row for row in await outbox(producer_store)}
    first = broker.events()

    await ask_replay(producer_store, after=4, until=9)
    await ask_replay(producer_store, scope="scope-2", consumer="beta")
    await ask_replay(producer_store, partition=partition_of("scope-3"), after=2)
    await until_drained(relay)

    whole, scoped, partial_ = broker.replayed
    assert whole == (None, [rows[n][7] for n in range(5, 10)])
    assert scoped == ("beta", [rows[n][7] for n in (3, 7, 11)])
    assert partial_[1] == [rows[n][7] for n in range(3, 13) if rows[n][9] == partition_of("scope-3")]
    bytes_of = {read_envelope(one.headers).id: (list(one.headers), one.value) for one in first}
    for record in broker.events():
        assert (list(record.headers), record.value) == bytes_of[read_envelope(record.headers).id]
    assert await open_replays(producer_store) == 0


async def test_a_replay_changes_no_count_and_no_mark(
    producer_store: Database, relay: Relay, broker: Broker
) -> None:
    await move_many(producer_store, 30)
    await until_drained(relay)
    before = await outbox(producer_store), await producer_store.read(lambda tx: tx.fetch(_STATE, TOPIC))

    await ask_replay(producer_store)
    await until_drained(relay)

    after = await outbox(producer_store), await producer_store.read(lambda tx: tx.fetch(_STATE, TOPIC))
    assert after == before
    assert len(broker.events()) == 60


async def test_a_long_replay_goes_in_batches_and_resumes_where_it_stopped(
    producer_store: Database, relay: Relay, broker: Broker
) -> None:
    await move_many(producer_store, 2 * BATCH + 5)
    await until_drained(relay)
    await ask_replay(producer_store)

    await relay.turn()
    successor = toy_relay(producer_store, broker)
    await successor.lead_once()
    await until_drained(successor)

    assert [len(ids) for _, ids in broker.replayed] == [BATCH, BATCH, 5]
    assert len({one for _, ids in broker.replayed for one in ids}) == 2 * BATCH + 5


async def test_new_events_go_before_old_ones_and_watermarks_do_not_stop_for_a_replay(
    producer_store: Database, relay: Relay, broker: Broker
) -> None:
    await move_many(producer_store, 3 * BATCH)
    await until_drained(relay)
    await ask_replay(producer_store)
    broker.logs.clear()

    for _ in range(3):
        await move(producer_store, "new")
        await relay.turn()

    assert len(broker.marks()) == 3 * PARTITIONS
    assert [row[3] for row in (await outbox(producer_store))[-3:]] == [3 * BATCH + n for n in (1, 2, 3)]


async def test_a_steady_stream_of_new_events_does_not_starve_a_replay(
    producer_store: Database, relay: Relay, broker: Broker
) -> None:
    await move(producer_store, "a")
    await until_drained(relay)
    await ask_replay(producer_store)

    async def replayed() -> bool:
        await move(producer_store, "a")
        await relay.turn()
        return bool(broker.replayed)

    await wait_until(replayed, seconds=2, what="the replay")


async def test_a_consumer_that_cannot_take_old_events_does_not_stop_the_new_ones(
    producer_store: Database, relay: Relay, broker: Broker
) -> None:
    await move(producer_store, "a")
    await until_drained(relay)
    await ask_replay(producer_store, consumer="beta")
    broker.republish_error = RuntimeError("beta is broken")
    broker.logs.clear()

    for _ in range(3):
        await move(producer_store, "a")
        assert await relay.turn() == (False, True)

    assert len(broker.events()) == 3
    assert len(broker.marks()) == 3 * PARTITIONS
    assert await open_replays(producer_store) == 1

    broker.republish_error = None
    await wait_until(partial(_replayed, relay, broker), what="the replay")


async def _replayed(relay: Relay, broker: Broker) -> bool:
    await relay.turn()
    return bool(broker.replayed)


# -- the outbox as a log ----------------------------------------------------------------------------------


async def test_the_log_shows_published_rows_in_their_order_up_to_a_limit(
    producer_store: Database, relay: Relay
) -> None:
    log = OutboxLog(producer_store)
    assert await log.last_pub_seq(TOPIC) == 0
    await move_many(producer_store, 10)
    assert await log.published_after(TOPIC, 0, None) == []

    await relay.turn()

    assert await log.last_pub_seq(TOPIC) == 10
    assert [record.position for record in await log.published_after(TOPIC, 3, 7)] == [4, 5, 6, 7]
    assert [record.position for record in await log.published_after(TOPIC, 8, None)] == [9, 10]
    assert await log.published_after("other.events.v1", 0, None) == []


async def test_a_relay_that_is_woken_and_stopped_at_the_same_moment_stops(
    producer_store: Database, broker: Broker
) -> None:
    """`asyncio.wait_for` of Python 3.11 loses a cancellation that meets an answer; a service would never end."""
    for _ in range(3):
        relay = toy_relay(producer_store, broker)
        relay._busy_seconds = relay._idle_seconds = 60.0
        running = asyncio.create_task(relay.run())
        await wait_until(lambda relay=relay: relay.leads and relay._wakeup._waiters, what="waiting")  # type: ignore[misc]

        relay.wake()
        running.cancel()

        done, _ = await asyncio.wait([running], timeout=3)
        assert running in done

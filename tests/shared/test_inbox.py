"""Receiving: each event once, counted once, whatever comes twice, late, or to two members at a time."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any

import pytest

from shared.act import Act
from shared.clock import server_now
from shared.consumer import Consumer, Effect, Projections, Received
from shared.database import Database, Sql, StoreConflict, StoreFull, StoreUnavailable, Tx, Work
from shared.inbox import FaultIsOurs, Inbox
from shared.partitions import PARTITIONS, partition_of
from shared.rebuild import begin_rebuild
from shared.testing.delivery import toy_inbox
from shared.testing.records import RecordMaker
from shared.testing.sim_broker import SimBroker
from shared.testing.toy import COUNTERS, TOPIC, CounterMoved, copy_counter, move_counter, totals
from shared.watermarks import Position, all_positions

_INBOX = Sql("SELECT count(*) FROM inbox")
_PARKED = Sql("SELECT count(*) FROM parked_event WHERE state = 'parked'")
_REPLY = Sql("SELECT aggregate_id, causation_id, correlation_id FROM outbox ORDER BY seq")


@pytest.fixture
async def inbox(consumer_store: Database) -> Inbox:
    inbox = toy_inbox(consumer_store)
    await inbox.prepare()
    return inbox


@pytest.fixture
def make() -> RecordMaker:
    return RecordMaker()


async def copies(database: Database) -> dict[str, tuple[int, str]]:
    return await database.read(lambda tx: totals(tx, "counter_copy"))


async def count(database: Database, statement: Sql) -> int:
    return int((await database.read(lambda tx: tx.fetch(statement)))[0][0])


async def positions(database: Database) -> list[Position]:
    return await database.read(lambda tx: all_positions(tx, "beta"))


# -- once -------------------------------------------------------------------------------------------------


async def test_events_take_effect_in_order_and_are_counted(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    await inbox.receive([*make.run("a", 3), *make.run("b", 2), *make.watermarks(server_now())])

    assert await copies(consumer_store) == {"a": (6, "1,2,3,"), "b": (3, "1,2,")}
    assert {position.state for position in await positions(consumer_store)} == {"ok"}
    assert (await positions(consumer_store))[partition_of("scope-1")].n == 5


async def test_a_duplicate_in_one_batch_is_a_repeat(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    one, two, three = make.run("a", 3)

    await inbox.receive([one, one, two, one, three, two, *make.watermarks(server_now())])

    assert await copies(consumer_store) == {"a": (6, "1,2,3,")}
    assert {position.state for position in await positions(consumer_store)} == {"ok"}


async def test_a_duplicate_in_a_later_batch_is_a_repeat(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    records = make.run("a", 3)

    for _ in range(3):
        await inbox.receive(records)
    await inbox.receive([records[2], make.event("a", 4, step=4), records[0]])

    assert await copies(consumer_store) == {"a": (10, "1,2,3,4,")}
    assert await count(consumer_store, _INBOX) == 4
    assert await count(consumer_store, _PARKED) == 0


async def test_the_same_record_at_another_place_is_a_repeat(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    (record,) = make.run("a", 1)

    await inbox.receive([record, replace(record, position=77)])
    await inbox.receive([replace(record, position=99)])

    assert await copies(consumer_store) == {"a": (1, "1,")}
    metric = inbox._metrics.inbox_repeats_total.labels("beta")
    assert metric._value.get() == 2


async def test_two_members_that_receive_the_same_events_at_once_apply_them_once(
    consumer_store: Database, make: RecordMaker
) -> None:
    """A rebalance in which the old member still works: both hold overlapping batches."""
    members = [toy_inbox(consumer_store) for _ in range(3)]
    await members[0].prepare()
    records = [record for n in range(6) for record in make.run(f"c{n}", 10, scope=f"scope-{n}")]
    batches = [records[start : start + 20] for start in range(0, 60, 10)]

    async def take(member: Inbox, rng: Random) -> None:
        for batch in rng.sample(batches, k=len(batches)):
            await member.receive(batch)

    await asyncio.gather(*(take(member, Random(n)) for n, member in enumerate(members)))
    await members[0].receive(make.watermarks(server_now()))

    assert await copies(consumer_store) == {f"c{n}": (55, "1,2,3,4,5,6,7,8,9,10,") for n in range(6)}
    assert await count(consumer_store, _INBOX) == 60
    assert await count(consumer_store, _PARKED) == 0
    assert {position.state for position in await positions(consumer_store)} == {"ok"}


async def test_a_crash_between_effect_and_offset_delivers_again_and_applies_once(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    broker = SimBroker(Random(1))
    for record in [*make.run("a", 30), *make.run("b", 30, scope="scope-2"), *make.watermarks(server_now())]:
        broker.append(record)

    for limit in (7, 13, 500):
        await broker.deliver("beta", inbox, TOPIC, limit=limit, commit=False)
    await broker.deliver("beta", inbox, TOPIC, limit=10)
    await broker.deliver("beta", inbox, TOPIC, commit=False)
    await broker.deliver_all("beta", inbox, TOPIC)

    assert {total for total, _ in (await copies(consumer_store)).values()} == {465}
    assert {position.state for position in await positions(consumer_store)} == {"ok"}


async def test_two_consumers_in_one_store_do_not_share_anything(
    consumer_store: Database, make: RecordMaker
) -> None:
    mine = toy_inbox(consumer_store)
    theirs = toy_inbox(consumer_store, consumer=replace(COUNTERS, consumer="gamma"))
    for inbox in (mine, theirs):
        await inbox.prepare()
    records = make.run("a", 2)

    await mine.receive(records)
    await theirs.receive(records)

    assert await copies(consumer_store) == {"a": (6, "1,2,1,2,")}


async def test_ignored_events_are_counted_and_keep_their_place(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    named = make.event("a", 2, event_type="alpha.counter.named.v1", value=b"whatever")
    records = [make.event("a", 1), named, make.event("a", 3)]
    for record in records:
        make.count(record)

    await inbox.receive([*records, *make.watermarks(server_now())])

    assert await copies(consumer_store) == {"a": (2, "1,1,")}
    assert {position.state for position in await positions(consumer_store)} == {"ok"}


async def test_an_empty_batch_is_nothing(inbox: Inbox, consumer_store: Database) -> None:
    await inbox.receive([])
    await inbox.receive([], delivered=5)

    assert await inbox.delivery_position(TOPIC) == 5


async def test_the_delivery_position_moves_with_the_batch_or_not_at_all(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    await inbox.receive(make.run("a", 2), delivered=2)
    assert await inbox.delivery_position(TOPIC) == 2

    broken = toy_inbox(consumer_store, consumer=_with_react(_always_unavailable), retry_seconds=0)
    with pytest.raises(StoreUnavailable):
        await broken.receive([make.event("a", 3)], delivered=3)
    assert await inbox.delivery_position(TOPIC) == 2

    await inbox.rewind_delivery(TOPIC)
    assert await inbox.delivery_position(TOPIC) == 0


async def test_a_watermark_counts_the_events_before_it_and_not_those_behind_it(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    first = make.run("a", 2)
    early = make.watermarks(server_now())
    later = make.event("a", 3)
    make.count(later)

    await inbox.receive([*first, *early, later])

    position = (await positions(consumer_store))[partition_of("scope-1")]
    assert (position.state, position.matched_n, position.n) == ("ok", 2, 3)


async def test_records_of_a_partition_that_does_not_exist_are_harmless(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    stray = replace(make.watermarks(server_now())[0], partition=PARTITIONS + 3)

    await inbox.receive([stray, replace(make.event("a", 1), partition=PARTITIONS)])

    assert await copies(consumer_store) == {}


async def test_preparing_again_changes_nothing(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    await inbox.receive([*make.run("a", 2), *make.watermarks(server_now())])
    before = await positions(consumer_store)

    await inbox.prepare()

    assert await positions(consumer_store) == before


# -- reacting ---------------------------------------------------------------------------------------------


def _with_react(react: Any, project: Any = copy_counter) -> Consumer:
    effect = Effect(model=CounterMoved, project=project, react=react)
    return Consumer(consumer="beta", producer="alpha", effects={"alpha.counter.moved.v1": effect})


async def _always_unavailable(tx: Tx, act: Act, event: Received[Any]) -> None:
    raise StoreUnavailable("planted")


async def answer(tx: Tx, act: Act, event: Received[Any]) -> None:
    """A consequence of its own: an event that is caused by the one received."""
    await move_counter(tx, act, f"reply-{event.envelope.subject}", 1)


async def test_consequences_are_announced_in_the_same_transaction_and_name_their_cause(
    consumer_store: Database, make: RecordMaker
) -> None:
    inbox = toy_inbox(consumer_store, consumer=_with_react(answer))
    await inbox.prepare()
    first, second = make.event("a", 1, event_id="cause-1"), make.event("a", 2, event_id="cause-2")

    await inbox.receive([first, second])
    await inbox.receive([first, second])

    replies = await consumer_store.read(lambda tx: tx.fetch(_REPLY))
    assert [tuple(row) for row in replies] == [
        ("reply-a", "cause-1", "story"),
        ("reply-a", "cause-2", "story"),
    ]


async def test_neighbours_of_one_type_reach_their_projection_together(
    consumer_store: Database, make: RecordMaker
) -> None:
    runs: list[list[str]] = []

    async def project(tx: Tx, events: Sequence[Received[Any]]) -> None:
        runs.append([f"{one.envelope.subject}{one.envelope.sequence}" for one in events])

    inbox = toy_inbox(consumer_store, consumer=_with_react(None, project))
    await inbox.prepare()

    await inbox.receive([make.event("a", 1), make.event("b", 1), make.event("a", 2)])

    assert runs == [["a1", "b1", "a2"]]


# -- transient failures -----------------------------------------------------------------------------------


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
    assert await count(consumer_store, _PARKED) == 0


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

    inbox = toy_inbox(consumer_store, consumer=_with_react(unlucky))
    await inbox.prepare()
    poison = [make.event("p", 1, step=-1)] if also_poison else []

    await inbox.receive([*make.run("a", 2), *poison, *make.run("b", 2)])

    assert left == 0
    assert await copies(consumer_store) == {"a": (3, "1,2,"), "b": (3, "1,2,")}
    assert await count(consumer_store, _PARKED) == len(poison)


@pytest.mark.postgres
@pytest.mark.parametrize("store_kind", ["postgresql"])
async def test_a_lock_that_an_effect_does_not_get_in_time_parks_nothing(
    consumer_store: Database, make: RecordMaker
) -> None:
    await consumer_store.write(lambda tx: tx.fetch(Sql("INSERT INTO counter (id, total) VALUES ('gate', 0)")))
    held, gate = asyncio.Event(), asyncio.Event()

    async def hold(tx: Tx) -> None:
        await tx.fetch(Sql("UPDATE counter SET total = 1 WHERE id = 'gate'"))
        held.set()
        await gate.wait()

    async def impatient(tx: Tx, act: Act, event: Received[Any]) -> None:
        await tx.fetch(Sql("SET LOCAL lock_timeout = '20ms'"))
        await tx.fetch(Sql("UPDATE counter SET total = 2 WHERE id = 'gate'"))

    inbox = toy_inbox(consumer_store, consumer=_with_react(impatient), retry_seconds=5)
    await inbox.prepare()
    holding = asyncio.create_task(consumer_store.write(hold))
    await held.wait()
    receiving = asyncio.create_task(inbox.receive([make.event("p", 1, step=-1), make.event("a", 1)]))
    await asyncio.sleep(0.15)

    assert not receiving.done()
    gate.set()
    await asyncio.gather(holding, receiving)
    assert await copies(consumer_store) == {"a": (1, "1,")}
    assert await count(consumer_store, _PARKED) == 1  # the poison alone


# -- our own fault ----------------------------------------------------------------------------------------


async def test_when_most_events_fail_the_fault_is_ours_and_nothing_is_parked(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    records = [make.event(f"c{n}", 1, step=-1 if n % 3 else 1) for n in range(12)]

    for _ in range(2):
        with pytest.raises(FaultIsOurs):
            await inbox.receive(records)

    assert await copies(consumer_store) == {}
    assert await count(consumer_store, _PARKED) == 0
    assert await count(consumer_store, _INBOX) == 0


async def test_a_few_bad_events_alone_are_not_our_fault(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    await inbox.receive([make.event(f"c{n}", 1, step=-1) for n in range(9)])

    assert await count(consumer_store, _PARKED) == 9


async def test_events_of_a_newer_producer_are_not_our_fault(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    """Many of an unknown type and one poison: each parks for its own reason, and the rest flows."""
    unknown = [make.event(f"u{n}", 1, event_type="alpha.counter.moved.v2") for n in range(20)]

    await inbox.receive([*unknown, make.event("p", 1, step=-1), make.event("good", 1)])

    assert await count(consumer_store, _PARKED) == 21
    assert await copies(consumer_store) == {"good": (1, "1,")}


async def test_one_poison_in_five_hundred_is_found_by_halves(
    consumer_store: Database, make: RecordMaker
) -> None:
    tried = 0

    async def project(tx: Tx, events: Sequence[Received[Any]]) -> None:
        nonlocal tried
        tried += 1
        await copy_counter(tx, events)

    inbox = toy_inbox(consumer_store, consumer=_with_react(None, project))
    await inbox.prepare()
    records = [make.event(f"c{n:03d}", 1, step=-1 if n == 317 else n) for n in range(500)]

    await inbox.receive(records)

    kept = await copies(consumer_store)
    assert len(kept) == 499
    assert "c317" not in kept
    assert await count(consumer_store, _PARKED) == 1
    assert await count(consumer_store, _INBOX) == 500
    assert tried < 40  # twice per halving, not once per record


async def test_a_poison_and_its_batch_move_the_position_and_the_watermark(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    records = [make.event("p", 1, step=-1), *make.run("a", 3)]
    make.count(records[0])

    await inbox.receive([*records, *make.watermarks(server_now())], delivered=4)

    assert await inbox.delivery_position(TOPIC) == 4
    assert {position.state for position in await positions(consumer_store)} == {"ok"}


async def test_a_cancelled_reception_leaves_nothing_half_done(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    records = make.run("a", 20)
    for step in range(10):
        task = asyncio.create_task(inbox.receive(records))
        await asyncio.sleep(step * 0.001)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    await inbox.receive([*records, *make.watermarks(server_now())])

    assert await copies(consumer_store) == {"a": (210, "".join(f"{n}," for n in range(1, 21)))}
    assert {position.state for position in await positions(consumer_store)} == {"ok"}


# -- rebuilding -------------------------------------------------------------------------------------------


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

    assert await count(consumer_store, _PARKED) == 2

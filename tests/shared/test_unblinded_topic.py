"""The topic beside the main one has aggregates, relay, watermarks, anchor and readers of its own."""

import json
from collections.abc import Callable
from random import Random
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel
from sqlalchemy import MetaData

from shared import ledger
from shared.audit import anchor_hash
from shared.audit_verify import verify
from shared.consumer import Consumer, Effect, Projections
from shared.database import Database, Sql, Tx
from shared.domain_clock import RealDomainClock
from shared.envelope import read_envelope
from shared.ids import new_id
from shared.metrics import Metrics, create_metrics
from shared.outbox import NewEvent, put
from shared.relay import Relay
from shared.service import Definition, Published, Service
from shared.testing.delivery import toy_inbox, toy_relay
from shared.testing.records import with_header
from shared.testing.running import settings_for_tests
from shared.testing.sim_broker import SimBroker
from shared.testing.toy import (
    TOPIC,
    CounterMoved,
    CounterMovedV1,
    copy_counter,
    move_counter,
    totals,
    toy_act,
)
from shared.topics import WrongAggregate, blinding_of, topic_of_service
from shared.upkeep import Upkeep
from shared.watermarks import all_positions
from tests.shared.relay.broker import Broker

UNBLINDED = "alpha.unblinded.v1"


class CounterWeighedV1(BaseModel):
    event_type: ClassVar[str] = "alpha.counter.weighed.v1"
    blinding: ClassVar[str] = "unblinded"

    step: int


def definition(*events: Any) -> Definition:
    return Definition(
        name="alpha",
        title="Alpha",
        metadata=MetaData(),
        consumers=(),
        projections=Projections(),
        routers=(),
        published=Published(events=events),
    )


async def weigh(tx: Tx, name: str = "unblinded:c", step: int = 1) -> None:
    await put(tx, toy_act(), NewEvent(aggregate_id=name, scope="scope-1", body=CounterWeighedV1(step=step)))


async def move_and_weigh(database: Database, times: int = 3) -> None:
    async def command(tx: Tx) -> None:
        for _ in range(times):
            await move_counter(tx, toy_act(), "c", 1)
            await weigh(tx)

    await database.write(command)


def relay_beside(database: Database, broker: Any) -> Relay:
    return Relay(
        service="alpha",
        topic=UNBLINDED,
        database=database,
        transport=broker,
        holder="test",
        metrics=create_metrics(),
        busy_seconds=0.0,
        idle_seconds=0.0,
    )


async def turn(*relays: Relay) -> None:
    for relay in relays:
        await relay.lead_once()
        await relay.turn()


def marks(broker: SimBroker, topic: str) -> list[dict[str, int]]:
    return [
        json.loads(record.value or b"")
        for record in broker.everything(topic)
        if b"watermark" in dict(record.headers)["ce_type"]
    ]


# -- which topic --------------------------------------------------------------------------------------------


def test_a_class_that_says_nothing_is_for_everybody_and_an_unknown_word_for_nobody() -> None:
    class Odd(CounterMovedV1):
        blinding: ClassVar[str] = "half"

    assert (blinding_of(CounterMovedV1), blinding_of(CounterWeighedV1), blinding_of(Odd)) == (
        *("blinded", "unblinded"),
        "unblinded",
    )
    assert (topic_of_service("alpha"), topic_of_service("alpha", "unblinded")) == (TOPIC, UNBLINDED)


def test_a_service_has_the_second_topic_when_one_of_its_events_needs_it() -> None:
    assert definition(CounterMovedV1).topics == (TOPIC,)
    assert definition(CounterMovedV1).unblinded_topic is None
    assert definition(CounterMovedV1, CounterWeighedV1).topics == (TOPIC, UNBLINDED)


async def test_an_unblinded_event_is_stored_for_its_own_topic_with_a_gapless_sequence(
    producer_store: Database,
) -> None:
    await move_and_weigh(producer_store, 2)

    rows = await producer_store.read(
        lambda tx: tx.fetch(
            Sql("SELECT topic, blinding, aggregate_id, aggregate_version FROM outbox ORDER BY seq")
        )
    )

    assert [tuple(row) for row in rows] == [
        (TOPIC, "blinded", "c", 1),
        (UNBLINDED, "unblinded", "unblinded:c", 1),
        (TOPIC, "blinded", "c", 2),
        (UNBLINDED, "unblinded", "unblinded:c", 2),
    ]


@pytest.mark.parametrize(
    ("aggregate", "body"),
    [("c", CounterWeighedV1(step=1)), ("unblinded:c", CounterMovedV1(step=1))],
    ids=["unblinded in a blinded aggregate", "blinded in an unblinded aggregate"],
)
async def test_an_aggregate_is_told_on_one_topic_alone(
    producer_store: Database, aggregate: str, body: Any
) -> None:
    with pytest.raises(WrongAggregate):
        await producer_store.write(
            lambda tx: put(tx, toy_act(), NewEvent(aggregate_id=aggregate, scope="scope-1", body=body))
        )

    assert (await producer_store.read(lambda tx: tx.fetch(Sql("SELECT count(*) FROM outbox"))))[0][0] == 0


# -- relay and watermarks -----------------------------------------------------------------------------------


async def test_each_topic_has_its_own_relay_numbers_and_closed_time(producer_store: Database) -> None:
    broker = SimBroker(Random(1))
    await move_and_weigh(producer_store)

    await turn(toy_relay(producer_store, broker), relay_beside(producer_store, broker))

    for topic, blinding in ((TOPIC, "blinded"), (UNBLINDED, "unblinded")):
        events = [one for one in broker.everything(topic) if b"watermark" not in dict(one.headers)["ce_type"]]
        read = [read_envelope(one.headers) for one in events]
        assert [one.sequence for one in read] == [1, 2, 3]
        assert {one.blinding for one in read} == {blinding}
        assert {mark["pub_seq"] for mark in marks(broker, topic)} == {3}
        assert sum(mark["n"] for mark in marks(broker, topic)) == 3
    leaders = await producer_store.read(
        lambda tx: tx.fetch(Sql("SELECT topic, epoch, pub_seq FROM relay_leader ORDER BY topic"))
    )
    assert [tuple(row) for row in leaders] == [(TOPIC, 1, 3), (UNBLINDED, 1, 3)]


async def test_an_unblinded_topic_that_takes_nothing_holds_nothing_else_up(producer_store: Database) -> None:
    good, bad = SimBroker(Random(1)), Broker()
    bad.refused.add("unblinded:c")
    await move_and_weigh(producer_store)
    main, beside = toy_relay(producer_store, good), relay_beside(producer_store, bad)

    await turn(beside, main)

    assert (await beside.turn(), marks(bad, UNBLINDED)) == ((True, False), [])
    assert len(marks(good, TOPIC)) == 6
    state = await producer_store.read(lambda tx: ledger.delivery_state(tx, "alpha", UNBLINDED))
    assert (state.unsent, sum(state.published.values())) == (0, 3)
    assert state.unblinded == ledger.UnblindedState(unsent=3, published={})


async def test_the_books_of_the_main_topic_leave_the_other_out(producer_store: Database) -> None:
    broker = SimBroker(Random(1))
    await move_and_weigh(producer_store)
    await turn(toy_relay(producer_store, broker), relay_beside(producer_store, broker))

    entries = await producer_store.read(lambda tx: ledger.published_entries(tx, TOPIC, after=0))

    assert [entry.type for entry in entries] == ["alpha.counter.moved.v1"] * 3


# -- readers ------------------------------------------------------------------------------------------------


def reader() -> Consumer:
    return Consumer(
        consumer="beta",
        producer="alpha",
        effects={"alpha.counter.weighed.v1": Effect(model=CounterMoved, project=copy_counter)},
        blinding="unblinded",
    )


async def test_a_reader_of_the_unblinded_topic_takes_it_and_agrees(
    producer_store: Database, consumer_store: Database
) -> None:
    broker = SimBroker(Random(1))
    inbox = toy_inbox(consumer_store, consumer=reader())
    await inbox.prepare()
    await move_and_weigh(producer_store)
    await turn(relay_beside(producer_store, broker))

    await inbox.receive(broker.everything(UNBLINDED))

    assert inbox.topic == UNBLINDED
    assert await consumer_store.read(lambda tx: totals(tx, "counter_copy")) == {"unblinded:c": (3, "1,1,1,")}
    assert {one.state for one in await consumer_store.read(lambda tx: all_positions(tx, "beta"))} == {"ok"}


@pytest.mark.parametrize("word", [b"blinded", b"half"])
async def test_anything_else_on_the_unblinded_topic_is_quarantined(
    producer_store: Database, consumer_store: Database, word: bytes
) -> None:
    broker = SimBroker(Random(1))
    inbox = toy_inbox(consumer_store, consumer=reader())
    await inbox.prepare()
    await producer_store.write(weigh)
    await turn(relay_beside(producer_store, broker))
    (event,) = [one for one in broker.everything(UNBLINDED) if b"ce_subject" in str(one.headers).encode()]

    await inbox.receive([with_header(event, "ce_blinding", word)])

    rows = await consumer_store.read(lambda tx: tx.fetch(Sql("SELECT reason, event_id FROM parked_event")))
    assert [tuple(row) for row in rows] == [("blinded_on_unblinded_topic", None)]
    assert await consumer_store.read(lambda tx: totals(tx, "counter_copy")) == {}


# -- audit --------------------------------------------------------------------------------------------------


def upkeep(database: Database, metrics: Metrics | None = None) -> Upkeep:
    return Upkeep(
        service="alpha",
        unblinded_topic=UNBLINDED,
        database=database,
        domain_clock=RealDomainClock(),
        new_id=new_id,
        metrics=metrics or create_metrics(),
    )


async def test_the_published_head_binds_the_unblinded_topic_too(producer_store: Database) -> None:
    broker = SimBroker(Random(1))
    relays = toy_relay(producer_store, broker), relay_beside(producer_store, broker)
    await move_and_weigh(producer_store)
    await turn(*relays)

    assert await producer_store.write(upkeep(producer_store).publish_head)
    await turn(*relays)

    (head,) = [
        json.loads(one.value or b"")
        for one in broker.everything(TOPIC)
        if b"audit-head" in dict(one.headers)["ce_type"]
    ]
    (anchor,) = await producer_store.read(
        lambda tx: tx.fetch(Sql("SELECT pub_seq, anchor_hash FROM relay_leader WHERE topic = $1"), UNBLINDED)
    )
    assert (head["unblinded_pub_seq"], head["unblinded_head"]) == (3, bytes(anchor[1]).hex())
    assert not await producer_store.write(upkeep(producer_store).publish_head)  # no news but the head itself
    await producer_store.write(weigh)
    await turn(*relays)
    assert await producer_store.write(upkeep(producer_store).publish_head)
    report = await producer_store.read(lambda tx: verify(tx, TOPIC, unblinded_topic=UNBLINDED))
    assert report.ok


async def _forge_anchor(tx: Tx) -> None:
    await tx.fetch(Sql("UPDATE relay_leader SET anchor_hash = $2 WHERE topic = $1"), UNBLINDED, b"\x00" * 32)


async def _lose_tail(tx: Tx) -> None:
    await tx.fetch(Sql("UPDATE relay_leader SET pub_seq = 2 WHERE topic = $1"), UNBLINDED)


async def _forge_head(tx: Tx) -> None:
    """The anchor agrees with the rows; the head that was published does not."""
    rows = await tx.fetch(Sql("SELECT payload FROM outbox WHERE type LIKE '%audit-head%'"))
    body = json.loads(bytes(rows[0][0])) | {"unblinded_head": "00" * 32}
    await tx.fetch(
        Sql("UPDATE outbox SET payload = $1 WHERE type LIKE '%audit-head%'"), json.dumps(body).encode()
    )


async def _reorder(tx: Tx) -> None:
    """Rows in another order with an anchor that fits them: only the head that was published tells."""
    seqs = [
        row[0]
        for row in await tx.fetch(Sql("SELECT seq FROM outbox WHERE topic = $1 ORDER BY seq"), UNBLINDED)
    ]
    anchor = b""
    for pub_seq, seq in enumerate(reversed(seqs), start=1):
        rows = await tx.fetch(
            Sql("UPDATE outbox SET pub_seq = $2 WHERE seq = $1 RETURNING audit_hash"), seq, pub_seq
        )
        anchor = anchor_hash(anchor, bytes(rows[0][0]))
    await tx.fetch(Sql("UPDATE relay_leader SET anchor_hash = $2 WHERE topic = $1"), UNBLINDED, anchor)


@pytest.mark.parametrize("forge", [_forge_anchor, _lose_tail, _forge_head, _reorder])
async def test_a_changed_unblinded_trail_is_found(
    producer_store: Database, forge: Callable[[Tx], Any]
) -> None:
    broker = SimBroker(Random(1))
    relays = toy_relay(producer_store, broker), relay_beside(producer_store, broker)
    await move_and_weigh(producer_store)
    await turn(*relays)
    await producer_store.write(upkeep(producer_store).publish_head)
    await turn(*relays)

    await producer_store.write(forge)

    report = await producer_store.read(lambda tx: verify(tx, TOPIC, unblinded_topic=UNBLINDED))
    assert not report.ok


async def test_what_waits_is_measured_by_topic(producer_store: Database) -> None:
    metrics = create_metrics()
    broker = SimBroker(Random(1))
    await move_and_weigh(producer_store)
    await turn(toy_relay(producer_store, broker))

    await upkeep(producer_store, metrics).turn()

    value = metrics.registry.get_sample_value
    assert (value("outbox_unsent"), value("unblinded_unsent")) == (0, 3)
    assert (value("unblinded_oldest_unsent_seconds") or 0) > 0
    assert value("outbox_oldest_unsent_seconds") == 0


# -- a service ----------------------------------------------------------------------------------------------


def running(store: Database, *events: Any, beside: Any = None) -> Service:
    return Service(
        definition(*events),
        settings=settings_for_tests("alpha"),
        database=store,
        transport=SimBroker(Random(1)),
        unblinded_transport=beside,
    )


async def test_a_worker_leads_both_topics_and_wakes_both(producer_store: Database) -> None:
    beside = SimBroker(Random(1))
    service = running(producer_store, CounterMovedV1, CounterWeighedV1, beside=beside)

    assert set(service.relays) == {"relay", "relay-unblinded"}
    assert service.relays["relay"] is service.relay
    await service.start(worker=False, open_store=False)
    try:
        await move_and_weigh(producer_store)
        await turn(*service.relays.values())
    finally:
        await service.stop(close_store=False)
    assert beside.everything(TOPIC) == []
    assert len(beside.everything(UNBLINDED)) == 9
    service.wake_relays()
    assert all(relay._wakeup.is_set() for relay in service.relays.values())
    assert set(running(producer_store, CounterMovedV1).relays) == {"relay"}

"""The relay, turn by turn: order and marks, and the outbox as a log."""

import asyncio

import pytest

from shared.database import Database, Tx
from shared.envelope import read_envelope
from shared.outbox_log import OutboxLog
from shared.partitions import PARTITIONS
from shared.relay import Relay
from shared.testing.delivery import toy_inbox, toy_relay
from shared.testing.toy import TOPIC, move_counter, totals, toy_act
from shared.transport import BATCH
from shared.watermarks import event_digest
from tests.shared.relay.broker import STATE, Broker, move, move_many, outbox

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
    state = await producer_store.read(lambda tx: tx.fetch(STATE, TOPIC))
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
    broker.refused_seqs = {(await outbox(producer_store))[0][0]}

    await relay.turn()
    assert [read_envelope(record.headers).sequence for record in broker.events()] == [2, 3]
    assert [row[3] for row in await outbox(producer_store)] == [None, None, None]

    broker.refused_seqs = set()
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
    assert (await producer_store.read(lambda tx: tx.fetch(STATE, TOPIC))) == []
    broker.refused = set()
    assert await relay.turn() == (False, True)
    assert [row[3] for row in await outbox(producer_store)] == [1, 2]


async def test_a_row_that_comes_to_light_late_is_not_overtaken_within_its_aggregate(
    producer_store: Database, relay: Relay, broker: Broker
) -> None:
    """Its number is smaller than those of the batch that is being marked, its commit later."""
    if producer_store.dialect == "sqlite":
        pytest.skip("SQLite has one writer: rows come to light in the order of their numbers")
    numbered, may_commit = asyncio.Event(), asyncio.Event()

    async def slow(tx: Tx) -> None:
        await move_counter(tx, toy_act(), "slow", 1)
        numbered.set()
        await may_commit.wait()

    committing = asyncio.create_task(producer_store.write(slow))
    await numbered.wait()
    await move_many(producer_store, BATCH)

    async def comes_to_light() -> None:
        broker.before_answer = None
        may_commit.set()
        await committing
        await move(producer_store, "slow")

    broker.before_answer = comes_to_light

    assert await relay.turn() == (False, True)

    told = [read_envelope(record.headers) for record in broker.events()]
    assert [one.sequence for one in told if one.subject == "slow"] == [1, 2]
    assert len(told) == BATCH + 2


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

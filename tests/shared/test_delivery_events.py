"""Events about delivery itself: a replay that is asked for and obeyed, heads that others keep."""

import json
from random import Random
from typing import Any

import pytest

from shared.consumer import Consumer
from shared.database import Database, Sql, Tx
from shared.delivery_events import audit_head_published, delivery_effects, event_parked, replay_requested
from shared.envelope import Record
from shared.inbox import Inbox
from shared.partitions import partition_of
from shared.testing.delivery import toy_inbox, toy_relay
from shared.testing.records import RecordMaker
from shared.testing.sim_broker import SimBroker
from shared.testing.toy import move_counter, toy_act

_REQUESTS = Sql(
    "SELECT topic, partition, consumer, after_pub_seq, until_pub_seq, finished_at FROM replay_request ORDER BY id"
)
_HEADS = Sql(
    "SELECT producer, pub_seq, head, audit_rows, audit_last_id FROM peer_audit_head ORDER BY pub_seq"
)


@pytest.fixture
async def inbox(consumer_store: Database) -> Inbox:
    """The inbox of beta for what gamma says about delivery."""
    spec = Consumer(
        consumer="beta", producer="gamma", effects=delivery_effects(service="beta", producer="gamma")
    )
    inbox = toy_inbox(consumer_store, consumer=spec)
    await inbox.prepare()
    return inbox


def said(sequence: int, kind: str, **body: Any) -> Record:
    make = RecordMaker("gamma", "gamma.events.v1")
    return make.event("delivery", sequence, event_type=f"gamma.{kind}.v1", value=json.dumps(body).encode())


async def publish_something(database: Database) -> None:
    """Beta itself has published three events."""
    for _ in range(3):
        await database.write(lambda tx: move_counter(tx, toy_act(), "c", 1))

    async def as_beta(tx: Tx) -> None:
        await tx.fetch(Sql("UPDATE outbox SET topic = 'beta.events.v1'"))
        await tx.fetch(
            Sql(
                "INSERT INTO relay_leader (topic, epoch, pub_seq, anchor_hash) VALUES ('beta.events.v1', 1, 3, $1)"
            ),
            b"",
        )

    await database.write(as_beta)


async def test_a_request_for_our_topic_is_noted_up_to_what_was_published_until_now(
    inbox: Inbox, consumer_store: Database
) -> None:
    await publish_something(consumer_store)
    woken: list[int] = []
    consumer_store.on_announced = lambda: woken.append(1)

    request = said(1, "replay.requested", topic="beta.events.v1", partition=4, after_pub_seq=2)
    await inbox.receive([request])
    await inbox.receive([request])

    requests = await consumer_store.read(lambda tx: tx.fetch(_REQUESTS))
    assert [tuple(row) for row in requests] == [("beta.events.v1", 4, "gamma", 2, 3, None)]
    assert woken == [1]


async def test_a_request_for_somebody_elses_topic_is_not_ours(inbox: Inbox, consumer_store: Database) -> None:
    await publish_something(consumer_store)

    await inbox.receive([said(1, "replay.requested", topic="alpha.events.v1", partition=4, after_pub_seq=2)])

    assert await consumer_store.read(lambda tx: tx.fetch(_REQUESTS)) == []


async def test_a_request_to_one_that_never_published_is_nothing(
    inbox: Inbox, consumer_store: Database
) -> None:
    await inbox.receive([said(1, "replay.requested", topic="beta.events.v1", partition=0, after_pub_seq=0)])

    assert await consumer_store.read(lambda tx: tx.fetch(_REQUESTS)) == []


async def test_an_absurd_request_parks_and_harms_nobody(inbox: Inbox, consumer_store: Database) -> None:
    await publish_something(consumer_store)
    absurd = said(1, "replay.requested", topic="beta.events.v1", partition=0, after_pub_seq=10**40)

    await inbox.receive([absurd])

    assert await consumer_store.read(lambda tx: tx.fetch(_REQUESTS)) == []


async def test_heads_of_others_are_kept_and_the_first_of_each_place_stays(
    inbox: Inbox, consumer_store: Database
) -> None:
    await inbox.receive(
        [
            said(1, "audit-head.published", pub_seq=5, head="aa", audit_rows=7, audit_last_id=9),
            said(2, "audit-head.published", pub_seq=8, head="bb", audit_rows=11, audit_last_id=12),
            said(3, "audit-head.published", pub_seq=5, head="rewritten", audit_rows=7, audit_last_id=9),
        ]
    )

    heads = await consumer_store.read(lambda tx: tx.fetch(_HEADS))
    assert [tuple(row) for row in heads] == [("gamma", 5, "aa", 7, 9), ("gamma", 8, "bb", 11, 12)]


async def test_the_relay_obeys_the_request(inbox: Inbox, consumer_store: Database) -> None:
    broker = SimBroker(Random(1))
    relay = toy_relay(consumer_store, broker)
    relay._topic = "beta.events.v1"
    await publish_something(consumer_store)
    await consumer_store.write(
        lambda tx: tx.fetch(Sql("UPDATE relay_leader SET pub_seq = 0 WHERE topic = 'beta.events.v1'"))
    )
    await relay.lead_once()
    await relay.turn()
    broker.wipe()

    await inbox.receive(
        [
            said(
                1,
                "replay.requested",
                topic="beta.events.v1",
                partition=partition_of("scope-1"),
                after_pub_seq=1,
            )
        ]
    )
    while (await relay.turn())[0]:
        pass

    again = [r for r in broker.everything("beta.events.v1") if b"watermark" not in dict(r.headers)["ce_type"]]
    assert len(again) == 2
    (request,) = await consumer_store.read(lambda tx: tx.fetch(_REQUESTS))
    assert request[5] is not None


def test_each_service_has_its_own_types_of_the_same_classes() -> None:
    for make in (replay_requested, audit_head_published, event_parked):
        alpha, beta = make("alpha"), make("beta")
        assert alpha.event_type.startswith("alpha.")
        assert beta.event_type.startswith("beta.")
        assert alpha.model_fields.keys() == beta.model_fields.keys()

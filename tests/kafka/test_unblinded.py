"""A service's unblinded topic over a real broker: apart from the main one, in both directions."""

import asyncio
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel

from shared.broker import KafkaFeed, build_broker, start_when_reachable
from shared.consumer import Consumer, Effect
from shared.database import Sql
from shared.envelope import read_envelope
from shared.kafka_transport import KafkaTransport
from shared.metrics import create_metrics
from shared.outbox import NewEvent, put
from shared.relay import Relay
from shared.testing.delivery import toy_inbox
from shared.testing.stores import wait_until
from shared.testing.toy import CounterMoved, copy_counter, totals, toy_act
from tests.kafka.conftest import Line, read_topic


class _Weighed(BaseModel):
    event_type: ClassVar[str] = ""
    blinding: ClassVar[str] = "unblinded"

    step: int


class Beside:
    """The unblinded topic of a line's producer, with a relay and a transport of its own."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.topic = f"{line.producer}.unblinded.v1"
        self.event_type = f"{line.producer}.counter.weighed.v1"
        self._event = type("WeighedV1", (_Weighed,), {"event_type": self.event_type})
        self.transport = KafkaTransport(line.kafka.connection("producer-unblinded"))
        self.relay = Relay(
            service=line.producer,
            topic=self.topic,
            database=line.producer_store,
            transport=self.transport,
            holder="test",
            metrics=create_metrics(),
            busy_seconds=0.1,
            idle_seconds=0.1,
        )

    async def weigh(self, times: int = 1) -> None:
        for _ in range(times):
            body = self._event(step=1)
            event = NewEvent(aggregate_id="unblinded:c", scope="scope-1", body=body)
            await self.line.producer_store.write(lambda tx, event=event: put(tx, toy_act(), event))  # type: ignore[misc]

    def start(self) -> None:
        self.line.during_test(asyncio.create_task(self.relay.run()))

    async def read_by(self, consumer: str) -> None:
        """Somebody with the right to read it takes it in."""
        effect = Effect(model=CounterMoved, project=copy_counter)
        spec = Consumer(
            consumer=consumer,
            producer=self.line.producer,
            effects={self.event_type: effect},
            blinding="unblinded",
        )
        inbox = toy_inbox(self.line.consumer_store, consumer=spec)
        await inbox.prepare()
        broker = build_broker(self.line.kafka.connection("named-reader"))
        KafkaFeed(broker, inbox, group_id=f"{consumer}-from-{self.topic}")
        await start_when_reachable(broker.start, what="consumer")
        self.line._exits.push_async_callback(broker.stop)


@pytest.fixture
async def beside(line: Line) -> Any:
    made = Beside(line)
    yield made
    await made.transport.close()


async def test_unblinded_facts_reach_their_reader_and_never_the_main_topic(
    line: Line, beside: Beside
) -> None:
    await line.kafka.create_topics([beside.topic])
    await line.start_feed()
    await beside.read_by("gamma")
    await line.start_relay()
    beside.start()

    for _ in range(20):
        await line.move("c", scope="scope-1")
        await beside.weigh()
    await wait_until(lambda: _has(line, {"c": 20, "unblinded:c": 20}), what="both copies")
    await line.in_state("ok")

    for topic, blinding in ((line.topic, "blinded"), (beside.topic, "unblinded")):
        raw = await read_topic(line.kafka.connection(), topic)
        events = [
            read_envelope(one.headers) for one in raw if b"watermark" not in dict(one.headers)["ce_type"]
        ]
        assert [one.sequence for one in events] == list(range(1, 21))
        assert {one.blinding for one in events} == {blinding}


async def _has(line: Line, counts: dict[str, int]) -> bool:
    copied = await line.consumer_store.read(lambda tx: totals(tx, "counter_copy"))
    return {name: total for name, (total, _) in copied.items()} == counts


async def test_an_unblinded_topic_that_is_not_there_holds_up_nobody(line: Line, beside: Beside) -> None:
    await line.start_feed()
    await line.start_relay()
    beside.start()
    await beside.weigh(3)

    await line.move("c", 10, scope="scope-1")
    await line.arrived()
    await line.in_state("ok")

    await line.kafka.create_topics([beside.topic])
    await wait_until(lambda: _sent(line, beside), seconds=60.0, what="publication once it is there")


async def _sent(line: Line, beside: Beside) -> bool:
    raw = await read_topic(line.kafka.connection(), beside.topic)
    return len([one for one in raw if b"weighed" in dict(one.headers)["ce_type"]]) >= 3


async def test_what_belongs_on_the_other_topic_is_quarantined(line: Line, beside: Beside) -> None:
    await line.kafka.create_topics([beside.topic])
    await line.start_feed()
    await line.start_relay()
    beside.start()
    await beside.weigh()
    await wait_until(lambda: _published(line, beside), what="publication")
    (raw,) = [
        one
        for one in await read_topic(line.kafka.connection(), beside.topic)
        if b"weighed" in dict(one.headers)["ce_type"]
    ]

    await line.send_raw([{"value": raw.value, "headers": list(raw.headers), "partition": raw.partition}])

    await wait_until(lambda: _quarantined(line), what="quarantine")
    assert await line.copied() == {}


async def _published(line: Line, beside: Beside) -> bool:
    raw = await read_topic(line.kafka.connection(), beside.topic)
    return any(b"weighed" in dict(one.headers)["ce_type"] for one in raw)


async def _quarantined(line: Line) -> bool:
    rows = await line.consumer_store.read(lambda tx: tx.fetch(Sql("SELECT reason FROM parked_event")))
    return [row[0] for row in rows] == ["unblinded_on_main_topic"]

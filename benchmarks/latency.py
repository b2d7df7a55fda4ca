"""B6 and B7: from an event accepted at one service to the same event applied at another, 200 a second.

Two stores, a relay that is woken by the commit, a transport, an inbox: everything between the two services,
in one process. Accepted is when the command's call returns, so after its commit; applied is after the
consumer's commit. Events begin at set times, so a stall delays the figures of all that wait behind it.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from random import Random
from time import perf_counter
from typing import Any

from benchmarks import sample
from benchmarks.measure import centile
from benchmarks.surroundings import Surroundings
from shared.broker import KafkaFeed, build_broker
from shared.consumer import Received
from shared.database import Database, Tx
from shared.ids import new_id
from shared.inbox import Inbox
from shared.kafka_transport import KafkaTransport
from shared.metrics import create_metrics
from shared.outbox import NewEvent, put
from shared.outbox_log import OutboxLog
from shared.relay import Relay
from shared.testing.stores import wait_until
from shared.testing.toy import toy_act
from shared.transport import DirectTransport, Transport
from shared.watermarks import to_record

EVENTS_PER_SECOND = 200
_WARM_UP = 50
_AT = datetime(2026, 3, 2, 8, tzinfo=UTC)


class Stopwatch:
    """When each event was accepted and when it was applied; milliseconds between."""

    def __init__(self) -> None:
        self._accepted: dict[str, float] = {}
        self.applied: dict[str, float] = {}

    def accepted(self, event_id: str) -> None:
        self._accepted[event_id] = perf_counter()

    def told(self, tx: Tx, events: Sequence[Received[Any]]) -> None:
        ids = [event.envelope.id for event in events]
        tx.after_commit(lambda: self.applied.update(dict.fromkeys(ids, perf_counter())))

    def milliseconds(self, event_id: str) -> float:
        """Applied before the acceptance was back here counts as nothing."""
        return max(0.0, (self.applied[event_id] - self._accepted[event_id]) * 1000)


async def between_services(
    around: Surroundings, kind: str, *, kafka: bool, events: int
) -> tuple[float, float]:
    """Milliseconds from accepted to applied: half of the events took at most, and 99 of 100 took at most."""
    watch = Stopwatch()
    async with (
        around.store(kind, "sample", sample.make_tables) as producer,
        around.store(kind, "sample", sample.make_tables) as consumer,
    ):
        inbox = sample.make_inbox(consumer, watch.told)
        await inbox.prepare()
        way = over_kafka(around, inbox) if kafka else directly(producer, inbox)
        async with way as transport, relaying(producer, transport):
            ids = await _put_at_set_times(producer, watch, events + _WARM_UP)
            await wait_until(lambda: len(watch.applied) == len(ids), seconds=30, what="the last event")
    took = [watch.milliseconds(event_id) for event_id in ids[_WARM_UP:]]
    return centile(took, 0.5), centile(took, 0.99)


async def _put_at_set_times(producer: Database, watch: Stopwatch, events: int) -> list[str]:
    rng, began = Random(3), perf_counter()

    async def accept(n: int) -> str:
        series = n % sample.AGGREGATES
        body = sample.measurement(rng, series, _AT)
        event = NewEvent(aggregate_id=sample.series_id(series), scope=sample.scope_of(series), body=body)
        event_id = await producer.write(partial(_put, event))
        watch.accepted(event_id)
        return event_id

    tasks = []
    for n in range(events):
        await asyncio.sleep(max(0.0, began + n / EVENTS_PER_SECOND - perf_counter()))
        tasks.append(asyncio.create_task(accept(n)))
    return await asyncio.gather(*tasks)


async def _put(event: NewEvent, tx: Tx) -> str:
    return await put(tx, toy_act(), event)


@asynccontextmanager
async def relaying(producer: Database, transport: Transport) -> AsyncIterator[None]:
    """The producer's relay, as a service runs it."""
    relay = Relay(
        service=sample.PRODUCER,
        topic=sample.TOPIC,
        database=producer,
        transport=transport,
        holder="benchmark",
        metrics=create_metrics(),
    )
    producer.on_announced = relay.wake
    running = asyncio.create_task(relay.run())
    try:
        await wait_until(lambda: relay.leads, what="the relay's lead")
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@asynccontextmanager
async def directly(producer: Database, inbox: Inbox) -> AsyncIterator[Transport]:
    transport = DirectTransport(to_record)
    transport.connect(sample.TOPIC, OutboxLog(producer), inbox)
    transport.start()
    try:
        yield transport
    finally:
        await transport.close()


@asynccontextmanager
async def over_kafka(around: Surroundings, inbox: Inbox) -> AsyncIterator[Transport]:
    assert around.kafka is not None
    await around.empty_topics([sample.TOPIC])
    transport = KafkaTransport(around.kafka.connection("laboratory"))
    broker = build_broker(around.kafka.connection("ward"))
    KafkaFeed(broker, inbox, group_id=new_id())
    await broker.start()
    try:
        yield transport
    finally:
        await broker.stop()
        await transport.close()

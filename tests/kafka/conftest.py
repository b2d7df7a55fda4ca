"""A real Apache Kafka for the delivery core, and one line of delivery over it."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from pydantic import BaseModel

from shared import parked
from shared.broker import KafkaFeed, Patience, build_broker, start_when_reachable
from shared.consumer import Consumer, Effect, React
from shared.database import Database, Sql, Tx
from shared.inbox import Inbox
from shared.kafka_transport import KafkaConnection, KafkaTransport
from shared.metrics import create_metrics
from shared.outbox import NewEvent, put
from shared.relay import Relay
from shared.testing.delivery import toy_inbox
from shared.testing.kafka_server import KafkaServer
from shared.testing.stores import from_metadata, sqlite_store, wait_until
from shared.testing.toy import CounterMoved, copy_counter, totals, toy_act, toy_metadata
from shared.watermarks import Position, all_positions

_MOVE = Sql(
    "INSERT INTO counter (id, total, steps) VALUES ($1, 1, $2) ON CONFLICT (id)"
    " DO UPDATE SET total = counter.total + 1, steps = counter.steps || $2"
)
_TAKEN = Sql("SELECT count(*), count(DISTINCT event_id) FROM inbox")
_FAILED = Sql("SELECT coalesce(sum(attempts), 0) FROM outbox")
_PATIENCE = Patience()
_names = iter(range(1, 10_000))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.kafka)


@pytest.fixture(scope="session")
def kafka_container(docker_engine: None) -> Iterator[KafkaServer]:
    """One broker for the whole session, in a container that is removed afterwards."""
    server = KafkaServer()
    server.run()
    try:
        yield server
    finally:
        server.remove()


@pytest.fixture
async def kafka(kafka_container: KafkaServer) -> KafkaServer:
    await kafka_container.wait()
    return kafka_container


class Line:
    """One producer, its relay, a topic of its own, and one consumer: all real but the service around it."""

    def __init__(self, kafka: KafkaServer, producer_store: Database, consumer_store: Database) -> None:
        self.kafka = kafka
        self.producer = f"line{next(_names)}"
        self.topic = f"{self.producer}.events.v1"
        self.event_type = f"{self.producer}.counter.moved.v1"
        self.group = f"beta-from-{self.producer}"
        self.producer_store = producer_store
        self.consumer_store = consumer_store
        self.transport = KafkaTransport(kafka.connection("producer"))
        self.relay = Relay(
            service=self.producer,
            topic=self.topic,
            database=producer_store,
            transport=self.transport,
            holder="test",
            metrics=create_metrics(),
            busy_seconds=0.1,
            idle_seconds=0.1,
        )
        self._exits = AsyncExitStack()
        self._event = type("MovedV1", (_Moved,), {"event_type": self.event_type})

    def inbox(self, react: React | None = None, database: Database | None = None) -> Inbox:
        effect = Effect(model=CounterMoved, project=copy_counter, react=react)
        spec = Consumer(consumer="beta", producer=self.producer, effects={self.event_type: effect})
        return toy_inbox(database or self.consumer_store, consumer=spec, retry_seconds=60.0)

    async def move(self, name: str, count: int = 1, *, scope: str | None = None) -> None:
        for _ in range(count):
            await self.producer_store.write(partial(self._move, name, scope or f"scope-{name}"))

    async def _move(self, name: str, scope: str, tx: Tx) -> None:
        await tx.fetch(_MOVE, name, "1,")
        await put(tx, toy_act(), NewEvent(aggregate_id=name, scope=scope, body=self._event(step=1)))

    # -- running --------------------------------------------------------------------------------------

    async def start_relay(self) -> None:
        """Let the relay run until the end of the test."""
        self.producer_store.on_announced = self.relay.wake
        self.during_test(asyncio.create_task(self.relay.run()))

    def during_test(self, task: "asyncio.Task[Any]") -> None:
        async def end() -> None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        self._exits.push_async_callback(end)

    async def start_feed(
        self, inbox: Inbox | None = None, *, patience: Patience = _PATIENCE
    ) -> tuple[KafkaFeed, Any]:
        """A member of the consumer's group; it is stopped at the end of the test."""
        inbox = inbox or self.inbox()
        await inbox.prepare()
        broker = build_broker(self.kafka.connection("consumer"))
        feed = KafkaFeed(broker, inbox, group_id=self.group, patience=patience)
        await start_when_reachable(broker.start, what="consumer")
        self._exits.push_async_callback(broker.stop)
        return feed, broker

    async def close(self) -> None:
        await self._exits.aclose()
        await self.transport.close()

    # -- looking --------------------------------------------------------------------------------------

    async def written(self) -> dict[str, tuple[int, str]]:
        return await self.producer_store.read(totals)

    async def copied(self) -> dict[str, tuple[int, str]]:
        return await self.consumer_store.read(lambda tx: totals(tx, "counter_copy"))

    async def taken(self) -> tuple[int, int]:
        """How many events the inbox took, and how many different ones."""
        count, different = (await self.consumer_store.read(lambda tx: tx.fetch(_TAKEN)))[0]
        return int(count), int(different)

    async def more_arrived(self, count: int, *, seconds: float = 30.0) -> None:
        """Wait until the consumer has taken so many events more than now."""
        goal = (await self.taken())[0] + count

        async def reached() -> bool:
            await asyncio.sleep(0.02)
            return (await self.taken())[0] >= goal

        await wait_until(reached, seconds=seconds, what=f"the arrival of {count} more events")

    async def failures(self) -> int:
        """How often the relay has noted that an event could not be published."""
        return int((await self.producer_store.read(lambda tx: tx.fetch(_FAILED)))[0][0])

    async def failing(self, *, beyond: int = 0, seconds: float = 30.0) -> None:
        """Wait until the relay has noticed that the broker is away."""

        async def noticed() -> bool:
            await asyncio.sleep(0.02)
            return await self.failures() > beyond

        await wait_until(noticed, seconds=seconds, what="the relay's notice of the outage")

    async def arrived(self, *, seconds: float = 15.0) -> None:
        """Wait until the consumer has everything."""

        async def equal() -> bool:
            await asyncio.sleep(0.02)
            return await self.copied() == await self.written()

        await wait_until(equal, seconds=seconds, what="the arrival of everything")

    async def positions(self) -> list[Position]:
        return await self.consumer_store.read(lambda tx: all_positions(tx, "beta"))

    async def in_state(self, *states: str, seconds: float = 15.0) -> None:
        """Wait until the partitions are in exactly these states."""

        async def reached() -> bool:
            await asyncio.sleep(0.02)
            return {position.state for position in await self.positions()} == set(states)

        await wait_until(reached, seconds=seconds, what=f"the states {states}")

    async def waiting(self) -> list[parked.ParkedRow]:
        return await self.consumer_store.read(lambda tx: parked.list_parked(tx, "beta", limit=500))

    async def log(self) -> list[Any]:
        """Every raw record of the topic, by partition and offset."""
        return await read_topic(self.kafka.connection(), self.topic)

    async def send_raw(self, records: Sequence[dict[str, Any]]) -> None:
        """Write records past everything of ours, as anybody with access could."""
        producer = AIOKafkaProducer(**self.kafka.connection().arguments())
        await producer.start()
        try:
            for record in records:
                await producer.send_and_wait(self.topic, **record)
        finally:
            await producer.stop()


class _Moved(BaseModel):
    event_type: ClassVar[str] = ""

    step: int


async def read_topic(connection: KafkaConnection, topic: str) -> list[Any]:
    consumer = AIOKafkaConsumer(**connection.arguments(), auto_offset_reset="earliest")
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, number) for number in range(6)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        found: list[Any] = []
        left = [one for one in partitions if ends[one] > 0]
        while left:
            for records in (await consumer.getmany(*left, timeout_ms=1000)).values():
                found.extend(records)
            left = [one for one in left if await consumer.position(one) < ends[one]]
    finally:
        await consumer.stop()
    return sorted(found, key=lambda record: (record.partition, record.offset))


@pytest.fixture
async def line(kafka: KafkaServer, tmp_path: Path) -> AsyncIterator[Line]:
    """A line of delivery between two embedded stores; its topic exists."""
    build = from_metadata(toy_metadata())
    async with (
        sqlite_store(tmp_path / "producer", build) as producer,
        sqlite_store(tmp_path / "consumer", build) as consumer,
    ):
        made = Line(kafka, producer, consumer)
        await kafka.create_topics([made.topic])
        try:
            yield made
        finally:
            await made.close()

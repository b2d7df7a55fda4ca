"""Our consumer pipeline for B1 to B3: from delivered records to committed effects, nothing left out.

Validate the envelope and the body, record the id, prove the aggregate's order, look for parked predecessors,
copy, count, compare the digest, apply watermarks, move the position: the inbox as the services run it. The
time counts from the first delivery to the last commit, and each run's result is checked.
"""

import asyncio
from collections.abc import Sequence
from time import perf_counter
from typing import Any

from aiokafka import AIOKafkaProducer

from benchmarks import sample
from benchmarks.outboxes import published_outbox
from benchmarks.surroundings import SQLITE, Surroundings
from shared.broker import KafkaFeed, build_broker
from shared.database import Database
from shared.envelope import Record
from shared.ids import new_id
from shared.inbox import Inbox
from shared.kafka_transport import KafkaConnection
from shared.outbox_log import OutboxLog
from shared.partitions import PARTITIONS
from shared.transport import BATCH, DirectTransport
from shared.watermarks import all_positions, from_record, to_record


class WrongResult(Exception):
    """A run ended with something other than every event applied once and every partition confirmed."""


class TimedInbox(Inbox):
    """The inbox, with the time between its first delivery and its last commit."""

    def __init__(self, *, records: int, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._left = records
        self.began = self.ended = 0.0
        self.done = asyncio.Event()

    async def receive(self, records: Sequence[Record], *, delivered: int | None = None) -> None:
        self.began = self.began or perf_counter()
        await super().receive(records, delivered=delivered)
        self._left -= len(records)
        if self._left <= 0:
            self.ended = perf_counter()
            self.done.set()


async def load_topic(around: Surroundings, topic: str, records: Sequence[Record]) -> None:
    """Make the topic anew and write the records into their partitions, in order."""
    assert around.kafka is not None
    await around.empty_topics([topic])
    producer = AIOKafkaProducer(**around.kafka.connection("loader").arguments(), max_batch_size=131_072)
    await producer.start()
    try:
        waiting = [
            await producer.send(
                topic, value=record.value, partition=record.partition, headers=list(record.headers)
            )
            for record in records
        ]
        await asyncio.gather(*waiting)
    finally:
        await producer.stop()


async def from_kafka(around: Surroundings, kind: str, records: Sequence[Record]) -> float:
    """Events per second of the whole pipeline over a broker that already holds the records."""
    assert around.kafka is not None
    connection: KafkaConnection = around.kafka.connection("ward")
    async with around.store(kind, "sample", sample.make_tables) as database:
        inbox = TimedInbox(records=len(records), **sample.inbox_arguments(database))
        await inbox.prepare()
        broker = build_broker(connection)
        KafkaFeed(broker, inbox, group_id=new_id())
        await broker.start()
        try:
            await inbox.done.wait()
        finally:
            await broker.stop()
        return await _rate(inbox, database, records)


async def directly(around: Surroundings, records: Sequence[Record]) -> float:
    """Events per second of the direct transport on SQLite: read the producer's log, deliver, apply."""
    events = [record for record in records if sample.is_event(record)]
    async with (
        around.store(SQLITE, "published", published_outbox(events)) as producer,
        around.store(SQLITE, "sample", sample.make_tables) as database,
    ):
        inbox = TimedInbox(records=len(events) + PARTITIONS, **sample.inbox_arguments(database))
        await inbox.prepare()
        transport = DirectTransport(to_record)
        transport.connect(sample.TOPIC, OutboxLog(producer), inbox)
        await transport.watermark(sample.PRODUCER, [from_record(mark) for mark in records[-PARTITIONS:]])
        transport.start()
        try:
            await inbox.done.wait()
        finally:
            await transport.close()
        return await _rate(inbox, database, records)


async def handed_over(around: Surroundings, records: Sequence[Record]) -> float:
    """Events per second of the inbox alone on SQLite: the records are in memory, as a transport has them."""
    async with around.store(SQLITE, "sample", sample.make_tables) as database:
        inbox = TimedInbox(records=len(records), **sample.inbox_arguments(database))
        await inbox.prepare()
        for start in range(0, len(records), BATCH):
            batch = records[start : start + BATCH]
            await inbox.receive(batch, delivered=batch[-1].position)
        return await _rate(inbox, database, records)


async def _rate(inbox: TimedInbox, database: Database, records: Sequence[Record]) -> float:
    events = sum(map(sample.is_event, records))
    copied = (await database.read(lambda tx: tx.fetch(sample.COPIED)))[0][0]
    states = {place.state for place in await database.read(lambda tx: all_positions(tx, inbox.consumer))}
    if copied != events or states != {"ok"}:
        raise WrongResult(f"{copied} of {events} events applied, partitions {sorted(states)}")
    return events / (inbox.ended - inbox.began)

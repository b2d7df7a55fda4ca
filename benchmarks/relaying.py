"""B4: the relay draining a full outbox, against a bare producer that sends the same batches."""

import asyncio
import sqlite3
from collections.abc import Sequence
from time import perf_counter

from aiokafka import AIOKafkaProducer

from benchmarks import sample
from benchmarks.outboxes import unsent_outbox
from benchmarks.surroundings import SQLITE, Surroundings, plain_sqlite
from shared.database import Database, Sql
from shared.envelope import Record
from shared.ids import new_id
from shared.kafka_transport import KafkaTransport
from shared.metrics import create_metrics
from shared.relay import Relay
from shared.transport import BATCH, DirectTransport, Transport
from shared.watermarks import to_record

_UNMARKED = Sql("SELECT count(*) FROM outbox WHERE pub_seq IS NULL OR sent_at IS NULL")


class NotDrained(Exception):
    """The relay said that it was done and rows were left."""


async def drain_to_kafka(around: Surroundings, kind: str, records: Sequence[Record]) -> float:
    """Rows per second: look, send, wait for every ack, mark with `pub_seq`, digest and audit anchor."""
    assert around.kafka is not None
    transport = KafkaTransport(around.kafka.connection("relay"))
    try:
        await transport.watermark(sample.PRODUCER, [])  # connects, as a relay has long done
        return await _drain(around, kind, transport, records)
    finally:
        await transport.close()


async def drain_directly(around: Surroundings, records: Sequence[Record]) -> float:
    """As above on SQLite for the direct transport, to which the marked row itself is the delivery."""
    return await _drain(around, SQLITE, DirectTransport(to_record), records)


async def _drain(around: Surroundings, kind: str, transport: Transport, records: Sequence[Record]) -> float:
    async with around.store(kind, "unsent", unsent_outbox(records)) as database:
        relay = Relay(
            service=sample.PRODUCER,
            topic=sample.TOPIC,
            database=database,
            transport=transport,
            holder="benchmark",
            metrics=create_metrics(),
        )
        await relay.lead_once()
        began = perf_counter()
        while (await relay.turn())[0]:
            pass
        seconds = perf_counter() - began
        await _check(database)
    return len(records) / seconds


async def _check(database: Database) -> None:
    left = (await database.read(lambda tx: tx.fetch(_UNMARKED)))[0][0]
    if left:
        raise NotDrained(f"{left} rows were left")


async def bare_producer(around: Surroundings, records: Sequence[Record]) -> float:
    """Rows per second of a producer with our settings that sends from memory and waits for each 500 acks."""
    assert around.kafka is not None
    producer = AIOKafkaProducer(
        **around.kafka.connection("bare").arguments(),
        acks="all",
        enable_idempotence=True,
        linger_ms=0,
        max_batch_size=131_072,
    )
    await producer.start()
    try:
        await producer.client.force_metadata_update()
        began = perf_counter()
        for start in range(0, len(records), BATCH):
            await asyncio.gather(*[await _send(producer, one) for one in records[start : start + BATCH]])
        return len(records) / (perf_counter() - began)
    finally:
        await producer.stop()


async def _send(producer: AIOKafkaProducer, record: Record) -> "asyncio.Future[object]":
    answer: asyncio.Future[object] = await producer.send(
        record.topic, value=record.value, partition=record.partition, headers=list(record.headers)
    )
    return answer


async def bare_marking(around: Surroundings, records: Sequence[Record]) -> float:
    """Rows per second of plain sqlite3 that reads 500 unsent rows and marks them, one transaction per batch."""
    async with around.store_url(SQLITE, "unsent", unsent_outbox(records)) as url:
        store = plain_sqlite(url)
        seconds = await asyncio.to_thread(_mark_all, store)
        store.close()
    return len(records) / seconds


def _mark_all(store: sqlite3.Connection) -> float:
    began, published, holder = perf_counter(), 0, new_id()
    while True:
        rows = store.execute(_UNSENT, (sample.TOPIC, BATCH)).fetchall()
        if not rows:
            return perf_counter() - began
        store.execute("BEGIN IMMEDIATE")
        store.executemany(_MARK, [(published + n, holder, row[0]) for n, row in enumerate(rows, start=1)])
        store.execute("COMMIT")
        published += len(rows)


_UNSENT = "SELECT seq, payload FROM outbox WHERE topic = ? AND sent_at IS NULL ORDER BY seq LIMIT ?"
_MARK = "UPDATE outbox SET pub_seq = ?, sent_at = ? WHERE seq = ?"

"""What our consumer is measured against: the raw limit, the usual way, and plain SQLite.

None of these validates an envelope, finds repeats, proves an order or survives a bad record.
"""

import asyncio
import sqlite3
from collections.abc import Sequence
from time import perf_counter
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer
from faststream.kafka import KafkaBroker
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from benchmarks import sample
from benchmarks.surroundings import POSTGRESQL, SQLITE, Surroundings, plain_sqlite, plain_url
from shared.envelope import Record
from shared.ids import new_id
from shared.transport import BATCH

# -- B1: what aiokafka and COPY can do when nothing is checked ------------------------------------------------

_RAW_TABLE = (
    "CREATE TABLE raw_record (topic text, partition int, position bigint, payload bytea,"
    " PRIMARY KEY (topic, partition, position))"
)
_RAW_COLUMNS = ("topic", "partition", "position", "payload")


async def raw_copy(around: Surroundings, topic: str, records: int) -> float:
    """Records per second: getmany(500), COPY, one transaction per batch, then the offset."""
    assert around.kafka is not None
    async with around.store_url(POSTGRESQL, "raw", _make_raw_table) as url:
        store = await asyncpg.connect(plain_url(url))
        consumer = AIOKafkaConsumer(
            topic,
            **around.kafka.connection("raw").arguments(),
            group_id=new_id(),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        await consumer.start()
        try:
            return await _copy_all(consumer, store, records)
        finally:
            await consumer.stop()
            await store.close()


async def _copy_all(consumer: Any, store: Any, records: int) -> float:
    began, left = 0.0, records
    while left > 0:
        got = await consumer.getmany(timeout_ms=1000, max_records=BATCH)
        rows = [(one.topic, one.partition, one.offset, one.value) for raw in got.values() for one in raw]
        if not rows:
            continue
        began = began or perf_counter()
        async with store.transaction():
            await store.copy_records_to_table("raw_record", records=rows, columns=_RAW_COLUMNS)
        await consumer.commit()
        left -= len(rows)
    return records / (perf_counter() - began)


def _make_raw_table(connection: Any) -> None:
    connection.exec_driver_sql(_RAW_TABLE)


# -- B2: one message, one session, one commit ----------------------------------------------------------------


class NaiveTable(SQLModel, registry=registry(metadata=MetaData())):
    """Tables of its own, so that no other metadata knows them."""


class SeenMessage(NaiveTable, table=True):
    __tablename__ = "seen_message"

    id: str = Field(primary_key=True)


class MeasurementRow(NaiveTable, table=True):
    __tablename__ = "measurement_copy"

    measurement_id: str = Field(primary_key=True)
    series_id: str
    code: str
    value: float
    unit: str
    grade: int
    taken_at: str


async def naive(around: Surroundings, topic: str, events: int) -> float:
    """Events per second of FastStream's single-message handler with a SQLModel session per message."""
    assert around.kafka is not None
    async with around.store_url(POSTGRESQL, "naive", NaiveTable.metadata.create_all) as url:
        engine = create_async_engine(url)
        broker = KafkaBroker(around.kafka.connection().bootstrap_servers, logger=None)
        taken, began = 0, 0.0
        ended: asyncio.Future[float] = asyncio.get_running_loop().create_future()

        @broker.subscriber(topic, group_id=new_id(), auto_offset_reset="earliest")
        async def on_measurement(body: dict[str, Any]) -> None:
            nonlocal taken, began
            if "measurement_id" not in body:
                return  # a watermark
            began = began or perf_counter()
            async with AsyncSession(engine) as session:
                await _save(session, sample.Measurement.model_validate(body))
            taken += 1
            if taken == events:
                ended.set_result(perf_counter())

        await broker.start()
        try:
            return events / (await ended - began)
        finally:
            await broker.stop()
            await engine.dispose()


async def _save(session: AsyncSession, body: sample.Measurement) -> None:
    if await session.get(SeenMessage, body.measurement_id) is not None:
        return
    session.add(SeenMessage(id=body.measurement_id))
    session.add(MeasurementRow(**dict(zip(sample.COPY_COLUMNS, sample.copied_row(body), strict=True))))
    await session.commit()


# -- B3: the same three inserts, and nothing else ------------------------------------------------------------

_INBOX = "INSERT INTO inbox (consumer, event_id, topic, partition, position, received_at) VALUES (?, ?, ?, ?, ?, ?)"
_POSITION = (
    "INSERT INTO aggregate_position (consumer, producer, aggregate_id, last_sequence) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (consumer, producer, aggregate_id) DO UPDATE SET last_sequence = excluded.last_sequence"
)
_COPY = f"INSERT INTO measurement_copy ({', '.join(sample.COPY_COLUMNS)}) VALUES (?, ?, ?, ?, ?, ?, ?)"
_Rows = tuple[list[tuple[Any, ...]], list[tuple[Any, ...]], list[tuple[Any, ...]]]


async def executemany(around: Surroundings, records: Sequence[Record]) -> float:
    """Events per second of `executemany` of inbox, position and copy rows that are ready beforehand."""
    events = [record for record in records if sample.is_event(record)]
    batches = [_rows(events[start : start + BATCH]) for start in range(0, len(events), BATCH)]
    async with around.store_url(SQLITE, "sample", sample.make_tables) as url:
        store = plain_sqlite(url)
        seconds = await asyncio.to_thread(_insert_all, store, batches)
        store.close()
    return len(events) / seconds


def _rows(records: Sequence[Record]) -> _Rows:
    inbox, positions, copies = [], [], []
    for record in records:
        headers = {name: value.decode() for name, value in record.headers}
        place = (record.topic, record.partition, record.position, headers["ce_time"])
        inbox.append((sample.CONSUMER, headers["ce_id"], *place))
        positions.append(
            (sample.CONSUMER, sample.PRODUCER, headers["ce_subject"], int(headers["ce_sequence"]))
        )
        body = sample.body_of(record)
        copies.append(tuple(body[name] for name in sample.COPY_COLUMNS))
    return inbox, positions, copies


def _insert_all(store: sqlite3.Connection, batches: Sequence[_Rows]) -> float:
    began = perf_counter()
    for inbox, positions, copies in batches:
        store.execute("BEGIN IMMEDIATE")
        store.executemany(_INBOX, inbox)
        store.executemany(_POSITION, positions)
        store.executemany(_COPY, copies)
        store.execute("COMMIT")
    return perf_counter() - began

"""The sample that flows through B1 to B4, B6 and B7: a laboratory's measurements, copied by another service.

The event is a 691-byte JSON text, as large as a typical one of the services. The copy has one row per event,
written for a whole run of events in one statement, as the services' busiest copies are.
"""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Column, Float, Integer, MetaData, Table, Text

from shared.consumer import Consumer, Effect, Projections, Received
from shared.database import Sql, Tx, listed
from shared.domain_clock import RealDomainClock
from shared.envelope import Record
from shared.ids import new_id
from shared.inbox import Inbox
from shared.metrics import create_metrics
from shared.tables import add_delivery_tables
from shared.testing.fake_producer import FakeProducer

PRODUCER, CONSUMER = "laboratory", "ward"
TOPIC = f"{PRODUCER}.events.v1"
EVENT_TYPE = f"{PRODUCER}.measurement.recorded.v1"
AGGREGATES = 900
SCOPES = 60
VALUE_BYTES = 691
MARKS_EVERY = 5_000
"""A relay states its watermarks every second; at the rates measured here that is about every so many events."""

_CODES = ("neutrophils", "platelets", "haemoglobin", "creatinine", "bilirubin")


class MeasurementRecordedV1(BaseModel):
    """What the laboratory says."""

    event_type: ClassVar[str] = EVENT_TYPE

    measurement_id: str
    series_id: str
    code: str
    value: float
    unit: str
    grade: int
    taken_at: datetime
    remark: str


class Measurement(BaseModel):
    """What the ward reads of it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    measurement_id: str
    series_id: str
    code: str
    value: float
    unit: str
    grade: int
    taken_at: datetime


def metadata() -> MetaData:
    """Either side's tables: the delivery tables and the copy."""
    tables = MetaData()
    add_delivery_tables(tables)
    Table(
        "measurement_copy",
        tables,
        Column("measurement_id", Text, primary_key=True),
        Column("series_id", Text, nullable=False),
        Column("code", Text, nullable=False),
        Column("value", Float(53), nullable=False),
        Column("unit", Text, nullable=False),
        Column("grade", Integer, nullable=False),
        Column("taken_at", Text, nullable=False),
    )
    return tables


def make_tables(connection: Any) -> None:
    metadata().create_all(connection)


COPY_COLUMNS = ("measurement_id", "series_id", "code", "value", "unit", "grade", "taken_at")
_NAMES = ", ".join(COPY_COLUMNS)
_REPLACE = ", ".join(f"{name} = excluded.{name}" for name in COPY_COLUMNS[1:])
_COPY = Sql(
    f"INSERT INTO measurement_copy ({_NAMES})"
    " SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::float8[], $5::text[],"
    "  string_to_array($6, ',')::int[], $7::text[])"
    f" ON CONFLICT (measurement_id) DO UPDATE SET {_REPLACE}",
    f"INSERT INTO measurement_copy ({_NAMES}) VALUES ($1, $2, $3, $4, $5, $6, $7)"
    f" ON CONFLICT (measurement_id) DO UPDATE SET {_REPLACE}",
)
COPIED = Sql("SELECT count(*) FROM measurement_copy")


def copied_row(body: Measurement) -> tuple[Any, ...]:
    taken_at = body.taken_at.isoformat()
    return (body.measurement_id, body.series_id, body.code, body.value, body.unit, body.grade, taken_at)


async def copy_measurements(tx: Tx, events: Sequence[Received[Any]]) -> None:
    rows = [copied_row(event.body) for event in events]
    if tx.dialect == "postgresql":
        *texts, grades, taken = zip(*rows, strict=True)
        await tx.fetch(_COPY, *texts, listed(grades), taken)
    else:
        await tx.fetch_each(_COPY, rows)


Told = Callable[[Tx, Sequence[Received[Any]]], None]


def consumer(told: Told | None = None) -> Consumer:
    """The ward's table; `told` is called with every run of events that was copied."""

    async def project(tx: Tx, events: Sequence[Received[Any]]) -> None:
        await copy_measurements(tx, events)
        if told is not None:
            told(tx, events)

    return Consumer(
        consumer=CONSUMER, producer=PRODUCER, effects={EVENT_TYPE: Effect(model=Measurement, project=project)}
    )


def inbox_arguments(database: Any, told: Told | None = None) -> dict[str, Any]:
    """What the ward's inbox is made of."""
    return {
        "consumer": consumer(told),
        "projections": Projections(tables=("measurement_copy",)),
        "database": database,
        "domain_clock": RealDomainClock(),
        "new_id": new_id,
        "metrics": create_metrics(),
    }


def make_inbox(database: Any, told: Told | None = None) -> Inbox:
    return Inbox(**inbox_arguments(database, told))


def measurement(rng: Random, series: int, at: datetime) -> MeasurementRecordedV1:
    """One event body of exactly `VALUE_BYTES` bytes."""
    body = MeasurementRecordedV1(
        measurement_id=new_id(),
        series_id=series_id(series),
        code=rng.choice(_CODES),
        value=round(rng.uniform(0.1, 400.0), 2),
        unit="10^9/L",
        grade=rng.randint(0, 4),
        taken_at=at,
        remark="",
    )
    body.remark = "x" * (VALUE_BYTES - len(body.model_dump_json().encode()))
    return body


def series_id(series: int) -> str:
    return f"01993f6e-0000-7000-8000-{series:012d}"


def scope_of(series: int) -> str:
    return f"01993f6e-0000-7000-9000-{series % SCOPES:012d}"


def stream(events: int, *, seed: int = 1) -> list[Record]:
    """Events of 900 aggregates in mixed order, with true watermarks between them and at the end."""
    rng, producer = Random(seed), FakeProducer(PRODUCER)
    began = datetime(2026, 3, 2, 8, tzinfo=UTC)
    records: list[Record] = []
    for n in range(events):
        series = n if n < AGGREGATES else rng.randrange(AGGREGATES)
        body = measurement(rng, series, began + timedelta(seconds=n))
        records.append(producer.event(body, aggregate_id=series_id(series), scope=scope_of(series)))
        if (n + 1) % MARKS_EVERY == 0 and n + 1 < events:
            records.extend(producer.watermarks())
    records.extend(producer.watermarks())
    return records


def is_event(record: Record) -> bool:
    return any(name == "ce_id" for name, _ in record.headers)


def body_of(record: Record) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(record.value or b"")
    return body

"""A service in miniature for tests of the delivery core: counters that are moved, and a copy of them elsewhere."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from pydantic import BaseModel
from sqlalchemy import BigInteger, Column, MetaData, Table, Text

from shared.act import Act
from shared.consumer import Consumer, Effect, Projections, Received
from shared.database import Sql, Tx
from shared.ids import new_id
from shared.outbox import NewEvent, put
from shared.tables import add_delivery_tables

PRODUCER = "alpha"
CONSUMER = "beta"
TOPIC = "alpha.events.v1"


class CounterMovedV1(BaseModel):
    event_type: ClassVar[str] = "alpha.counter.moved.v1"

    step: int


class CounterMoved(BaseModel):
    """The consumer's own reader of the event."""

    step: int


def toy_metadata() -> MetaData:
    """Tables of either side: the delivery tables, a counter and the copy of a counter."""
    metadata = MetaData()
    add_delivery_tables(metadata)
    for name in ("counter", "counter_copy"):
        Table(
            name,
            metadata,
            Column("id", Text, primary_key=True),
            Column("total", BigInteger, nullable=False),
            Column("steps", Text, nullable=False, server_default=""),
        )
    return metadata


def toy_act(*, actor: str = "tester", correlation_id: str = "story", causation_id: str | None = None) -> Act:
    now = datetime.now(UTC)
    return Act(
        actor=actor,
        actor_role="operations",
        now=now,
        received_at=now,
        correlation_id=correlation_id,
        causation_id=causation_id,
        new_id=new_id,
    )


_MOVE = {
    table: Sql(
        f"INSERT INTO {table} (id, total, steps) VALUES ($1, $2, $3) ON CONFLICT (id)"
        f" DO UPDATE SET total = {table}.total + $2, steps = {table}.steps || $3"
    )
    for table in ("counter", "counter_copy")
}


async def move_counter(tx: Tx, act: Act, counter_id: str, step: int, *, scope: str = "scope-1") -> None:
    """The command of the toy: change a counter and announce it."""
    await tx.fetch(_MOVE["counter"], counter_id, step, f"{step},")
    await put(tx, act, NewEvent(aggregate_id=counter_id, scope=scope, body=CounterMovedV1(step=step)))


async def copy_counter(tx: Tx, events: Sequence[Received[Any]]) -> None:
    """The projection of the toy; a negative step cannot be applied."""
    for event in events:
        if event.body.step < 0:
            raise ValueError("a step cannot be negative")
        await tx.fetch(_MOVE["counter_copy"], event.envelope.subject, event.body.step, f"{event.body.step},")


COUNTERS = Consumer(
    consumer=CONSUMER,
    producer=PRODUCER,
    effects={"alpha.counter.moved.v1": Effect(model=CounterMoved, project=copy_counter)},
    ignored=frozenset({"alpha.counter.named.v1"}),
)
PROJECTIONS = Projections(tables=("counter_copy",))
_TOTALS = {table: Sql(f"SELECT id, total, steps FROM {table} ORDER BY id") for table in _MOVE}


async def totals(tx: Tx, table: str = "counter") -> dict[str, tuple[int, str]]:
    """Every counter's total and the steps in the order in which they were applied."""
    return {row[0]: (row[1], row[2]) for row in await tx.fetch(_TOTALS[table])}

"""What the inbox tests read from the consumer's store, and consumers of their own."""

from typing import Any

from shared.act import Act
from shared.consumer import Consumer, Effect, Received
from shared.database import Database, Sql, StoreUnavailable, Tx
from shared.testing.toy import CounterMoved, copy_counter, totals
from shared.watermarks import Position, all_positions

INBOX = Sql("SELECT count(*) FROM inbox")
PARKED = Sql("SELECT count(*) FROM parked_event WHERE state = 'parked'")


async def copies(database: Database) -> dict[str, tuple[int, str]]:
    return await database.read(lambda tx: totals(tx, "counter_copy"))


async def count(database: Database, statement: Sql) -> int:
    return int((await database.read(lambda tx: tx.fetch(statement)))[0][0])


async def positions(database: Database) -> list[Position]:
    return await database.read(lambda tx: all_positions(tx, "beta"))


def with_react(react: Any, project: Any = copy_counter) -> Consumer:
    effect = Effect(model=CounterMoved, project=project, react=react)
    return Consumer(consumer="beta", producer="alpha", effects={"alpha.counter.moved.v1": effect})


async def always_unavailable(tx: Tx, act: Act, event: Received[Any]) -> None:
    raise StoreUnavailable("planted")

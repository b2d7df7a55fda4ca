"""Commands for the server store, and a session beside it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from shared.database import Sql, Tx
from shared.postgres_store import PostgresDatabase

ADD = Sql("INSERT INTO counter (id, total, steps) VALUES ($1, 0, '')")
BUMP = Sql("UPDATE counter SET total = total + 1 WHERE id = $1")
IDS = Sql("SELECT id FROM counter ORDER BY id")
PID = Sql("SELECT pg_backend_pid()")


@asynccontextmanager
async def second_session(store: PostgresDatabase) -> AsyncIterator[Any]:
    connection = await store.dedicated_connection()
    try:
        yield connection
    finally:
        await connection.close()


async def add(name: str, tx: Tx) -> None:
    await tx.fetch(ADD, name)


async def ids(tx: Tx) -> list[str]:
    return [row[0] for row in await tx.fetch(IDS)]


async def raise_state(state: str, tx: Tx) -> None:
    await tx.fetch(Sql(f"DO $$ BEGIN RAISE EXCEPTION 'planted' USING ERRCODE = '{state}'; END $$"))

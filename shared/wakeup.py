"""Waking a worker from another process: the commit that gave it something to do says so, this process listens."""

import asyncio
from collections.abc import Callable
from typing import Any

import asyncpg
import structlog

from shared.database import Sql, Tx
from shared.postgres_store import OUTBOX_CHANNEL, PostgresDatabase

log = structlog.get_logger(__name__)

CHECK_SECONDS = 5.0
CLOCK_CHANNEL = "trialops_clock"
_CLOCK_MOVED = Sql(f"SELECT pg_notify('{CLOCK_CHANNEL}', '')")


async def announce_clock(tx: Tx) -> None:
    """Tell timers in other processes, with the commit, that domain time was moved."""
    if tx.dialect == "postgresql":
        await tx.fetch(_CLOCK_MOVED)


async def listen(
    database: PostgresDatabase, *, outbox: Callable[[], None], clock: Callable[[], None]
) -> None:
    """Call back at each announcement, for ever; a lost connection is made again, and wakes once."""
    while True:
        try:
            await _listen(database, outbox, clock)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("wakeup_lost", error=type(error).__name__)
        outbox()
        clock()
        await asyncio.sleep(1)


async def _listen(database: PostgresDatabase, outbox: Callable[[], None], clock: Callable[[], None]) -> None:
    connection: Any = await database.dedicated_connection()
    try:
        await connection.add_listener(OUTBOX_CHANNEL, lambda *_: outbox())
        await connection.add_listener(CLOCK_CHANNEL, lambda *_: clock())
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            await asyncio.wait_for(connection.fetchval("SELECT 1"), timeout=5)
    finally:
        connection.terminate()

"""Waking a relay in another process: the commit that stored events says so, this process listens."""

import asyncio
from collections.abc import Callable

import asyncpg
import structlog

from shared.postgres_store import OUTBOX_CHANNEL, PostgresDatabase

log = structlog.get_logger(__name__)

CHECK_SECONDS = 5.0


async def listen_for_outbox(database: PostgresDatabase, wake: Callable[[], None]) -> None:
    """Call `wake` at each announcement, for ever; a lost connection is made again, and wakes once."""
    while True:
        try:
            await _listen(database, wake)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("wakeup_lost", error=type(error).__name__)
        wake()
        await asyncio.sleep(1)


async def _listen(database: PostgresDatabase, wake: Callable[[], None]) -> None:
    connection = await database.dedicated_connection()
    try:
        await connection.add_listener(OUTBOX_CHANNEL, lambda *_: wake())
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            await asyncio.wait_for(connection.fetchval("SELECT 1"), timeout=5)
    finally:
        connection.terminate()

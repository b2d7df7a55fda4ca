"""Waking a worker from another process: one says by NOTIFY that there is something to do, the other listens.

Lost words cost a second: the relay looks by itself as often.
"""

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
_OUTBOX_HAS_NEWS = f"SELECT pg_notify('{OUTBOX_CHANNEL}', '')"
# A server that goes away in mid statement can also meet the driver in a state that it did not expect.
_CONNECTION_LOST = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
_CLOCK_MOVED = Sql(f"SELECT pg_notify('{CLOCK_CHANNEL}', '')")


class Announcer:
    """Says after commits that the outbox has news; many commits become one word.

    Never in the command's own transaction: a transaction with a NOTIFY takes a lock of the whole database until
    it is on disk, so that commands would be committed one after the other.
    """

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database
        self._news = asyncio.Event()

    def wake(self) -> None:
        """There is news; the store calls it after each commit that wrote an event."""
        self._news.set()

    async def run(self) -> None:
        """Say it, for ever; a lost connection is made again."""
        while True:
            await self._news.wait()
            try:
                await self._say()
            except _CONNECTION_LOST as error:
                log.warning("announcing_failed", error=type(error).__name__)
                self._news.set()  # what could not be said is said once there is a connection
                await asyncio.sleep(1)

    async def _say(self) -> None:
        connection: Any = await self._database.dedicated_connection()
        try:
            await connection.execute("SET synchronous_commit = off")  # there is nothing to keep
            while True:
                await self._news.wait()
                self._news.clear()
                await connection.execute(_OUTBOX_HAS_NEWS, timeout=5)
        finally:
            connection.terminate()


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
        except _CONNECTION_LOST as error:
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

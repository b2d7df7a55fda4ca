"""Who may run a job that must run once: the relay of a topic, the timers of a service.

On PostgreSQL the leader holds an advisory lock on a connection of its own; on SQLite the process itself is the
leader, because a second one cannot open the file. A lock says who may try; it does not stop a process that was
paused and woke up. So every leader also draws an `epoch` in a table, and each of its writes names it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from zlib import crc32

import asyncpg
import structlog

from shared.database import Database
from shared.postgres_store import PostgresDatabase

log = structlog.get_logger(__name__)

TRY_EVERY_SECONDS = 1.0
WAIT_SECONDS = 10.0
ANSWER_SECONDS = 5.0
_NAMESPACE = 0x7472_696F  # the lock's first half, so that ours never meet another application's


class LeadershipLost(Exception):
    """A newer leader has taken over; what this one was about to write was refused."""


@asynccontextmanager
async def leading(database: Database, name: str) -> AsyncIterator[asyncio.Event]:
    """Wait until this process leads `name`; the event is set when the lock is gone."""
    lost = asyncio.Event()
    if not isinstance(database, PostgresDatabase):
        yield lost
        return
    connection = await _connection_with_lock(database, name)
    connection.add_termination_listener(lambda _connection: lost.set())
    watch = asyncio.create_task(_watch(connection, lost))
    try:
        yield lost
    finally:
        watch.cancel()
        await asyncio.shield(_close(connection))
        await asyncio.gather(watch, return_exceptions=True)


async def _connection_with_lock(database: PostgresDatabase, name: str) -> asyncpg.Connection:
    key = crc32(name.encode()) - 2**31
    while True:
        connection = None
        try:
            connection = await database.dedicated_connection()
            await connection.execute(f"SET lock_timeout = '{WAIT_SECONDS:g}s'")
            while not await _got_lock(connection, key):
                log.debug("leadership_awaited", leader=name)
            return connection
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            log.warning("leadership_unavailable", leader=name, error=type(error).__name__)
            if connection is not None:
                await _close(connection)
            await asyncio.sleep(TRY_EVERY_SECONDS)
        except asyncio.CancelledError:
            if connection is not None:
                await _close(connection)
            raise


async def _got_lock(connection: asyncpg.Connection, key: int) -> bool:
    """Wait on the server until the present leader's session ends, but not for ever.

    A server that vanished closes no socket: whoever only waits would stand by for a lock that nobody holds.
    """
    try:
        await connection.fetchval(
            "SELECT pg_advisory_lock($1, $2)", _NAMESPACE, key, timeout=WAIT_SECONDS + ANSWER_SECONDS
        )
    except asyncpg.LockNotAvailableError:
        return False
    return True


async def _close(connection: asyncpg.Connection) -> None:
    try:
        await connection.close(timeout=2)
    except (
        OSError,
        TimeoutError,
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
        asyncpg.InternalClientError,
    ):
        connection.terminate()


async def _watch(connection: asyncpg.Connection, lost: asyncio.Event) -> None:
    """A dead server closes no socket by itself: ask now and then whether the session still lives."""
    with suppress(asyncio.CancelledError):
        while not lost.is_set():
            await asyncio.sleep(TRY_EVERY_SECONDS)
            try:
                await connection.fetchval("SELECT 1", timeout=ANSWER_SECONDS)
            except Exception:
                lost.set()

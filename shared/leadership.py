"""Who may run a job that must run once: the relay of a topic, the timers of a service.

On PostgreSQL the leader holds an advisory lock on a connection of its own; on SQLite the process itself is the
leader, because a second one cannot open the file. A lock says who may try; it does not stop a process that was
paused and woke up. So every leader also draws an `epoch` in a table, and each of its writes names it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from zlib import crc32

import asyncpg
import structlog

from shared.database import Database
from shared.postgres_store import PostgresDatabase

log = structlog.get_logger(__name__)

_NAMESPACE = 0x7472_696F  # the lock's first half, so that ours never meet another application's


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long each step of leading and of waiting for it takes, in seconds.

    `try_every_seconds`: between two tries to reach the server, and between two looks whether the session lives.
    `wait_seconds`: for the lock, before the wait is begun anew. `answer_seconds`: a server that owes an answer for
    longer is gone.
    """

    try_every_seconds: float = 1.0
    wait_seconds: float = 10.0
    answer_seconds: float = 5.0


class LeadershipLost(Exception):
    """A newer leader has taken over; what this one was about to write was refused."""


@asynccontextmanager
async def leading(database: Database, name: str, *, pace: Pace = Pace()) -> AsyncIterator[asyncio.Event]:
    """Wait until this process leads `name`; the event is set when the lock is gone."""
    lost = asyncio.Event()
    if not isinstance(database, PostgresDatabase):
        yield lost
        return
    connection = await _connection_with_lock(database, name, pace)
    connection.add_termination_listener(lambda _connection: lost.set())
    watch = asyncio.create_task(_watch(connection, lost, pace))
    try:
        yield lost
    finally:
        watch.cancel()
        await asyncio.shield(_close(connection))
        await asyncio.gather(watch, return_exceptions=True)


async def _connection_with_lock(database: PostgresDatabase, name: str, pace: Pace) -> asyncpg.Connection:
    key = crc32(name.encode()) - 2**31
    while True:
        connection = None
        try:
            connection = await database.dedicated_connection()
            await connection.execute(f"SET lock_timeout = '{pace.wait_seconds:g}s'")
            while not await _got_lock(connection, key, pace):
                log.debug("leadership_awaited", leader=name)
            return connection
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            log.warning("leadership_unavailable", leader=name, error=type(error).__name__)
            if connection is not None:
                await _close(connection)
            await asyncio.sleep(pace.try_every_seconds)
        except asyncio.CancelledError:
            if connection is not None:
                await _close(connection)
            raise


async def _got_lock(connection: asyncpg.Connection, key: int, pace: Pace) -> bool:
    """Wait on the server until the present leader's session ends, but not for ever.

    A server that vanished closes no socket: whoever only waits would stand by for a lock that nobody holds.
    """
    limit = pace.wait_seconds + pace.answer_seconds
    try:
        await connection.fetchval("SELECT pg_advisory_lock($1, $2)", _NAMESPACE, key, timeout=limit)
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


async def _watch(connection: asyncpg.Connection, lost: asyncio.Event, pace: Pace) -> None:
    """A dead server closes no socket by itself: ask now and then whether the session still lives."""
    with suppress(asyncio.CancelledError):
        while not lost.is_set():
            await asyncio.sleep(pace.try_every_seconds)
            try:
                await connection.fetchval("SELECT 1", timeout=pace.answer_seconds)
            except Exception:
                lost.set()

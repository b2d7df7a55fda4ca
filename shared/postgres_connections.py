"""Connections to a PostgreSQL server, each leased to one transaction at a time.

SQLAlchemy opens them, in AUTOCOMMIT, and pools none: a lease keeps the driver's connection at hand, so that
a transaction begins and ends without a word to the adapter.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import asyncpg
import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from shared.database import StoreUnavailable

log = structlog.get_logger(__name__)

CONNECTION_LOST = (OSError, asyncpg.InterfaceError, asyncpg.InternalClientError)
DRIVER_ERRORS = (DBAPIError, asyncpg.PostgresError, *CONNECTION_LOST)
_SERVER_SETTINGS = {
    "application_name": "trialops",
    "jit": "off",
    "lock_timeout": "5s",
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "5s",
    "timezone": "UTC",
}


def postgres_engine(url: str, *, answer_seconds: float = 40.0) -> AsyncEngine:
    """An engine that begins nothing by itself; every transaction is ours."""
    return create_async_engine(
        url,
        isolation_level="AUTOCOMMIT",
        poolclass=NullPool,
        connect_args={"server_settings": _SERVER_SETTINGS, "timeout": 10, "command_timeout": answer_seconds},
    )


@dataclass(frozen=True, slots=True, eq=False)
class Lease:
    """A connection and the driver's connection in it."""

    connection: AsyncConnection
    driver: Any


class Connections:
    """At most so many connections of an engine; those that are not used wait for the next transaction."""

    def __init__(
        self, engine: AsyncEngine, *, kept: int, most: int, wait_seconds: float, undo_seconds: float
    ) -> None:
        """Open nothing yet.

        Args:
            engine: opens them.
            kept: connections kept open when nobody uses them.
            most: connections at the same time; whoever wants another one waits.
            wait_seconds: how long to wait for one.
            undo_seconds: how long a ROLLBACK may take before its connection is given up.
        """
        self._engine = engine
        self._kept = kept
        self._places = asyncio.Semaphore(most)
        self._wait_seconds = wait_seconds
        self._undo_seconds = undo_seconds
        self._idle: list[Lease] = []

    async def begin(self, begin: str) -> Lease:
        """Begin on a connection that lives; those that died in waiting are thrown away with no command lost.

        Raises:
            StoreUnavailable: every connection is in use, or a new one dies at once.
        """
        await self._take_place()
        try:
            while True:
                fresh = not self._idle
                lease = await self._open() if fresh else self._idle.pop()
                if await self._begun(lease, begin):
                    return lease
                if fresh:
                    raise StoreUnavailable("no connection lives long enough to begin")
        except BaseException:
            self._places.release()
            raise

    async def end(self, lease: Lease) -> None:
        """Take back a connection whose transaction is over."""
        try:
            if len(self._idle) < self._kept and not lease.driver.is_closed():
                self._idle.append(lease)
            else:
                await _discard(lease)
        finally:
            self._places.release()

    async def undo(self, lease: Lease) -> None:
        """Take back a connection without a transaction, or give it up.

        Nothing is assumed of its state: the BEGIN or the COMMIT itself may have been interrupted.
        """
        try:
            await asyncio.shield(lease.driver.execute("ROLLBACK", timeout=self._undo_seconds))
        except BaseException as error:
            self._places.release()
            await _discard(lease)
            if not isinstance(error, DRIVER_ERRORS):
                raise
        else:
            await self.end(lease)

    async def close(self) -> None:
        """Close those that wait; the others are closed when they are given back."""
        self._kept = 0
        while self._idle:
            await _discard(self._idle.pop())

    async def _take_place(self) -> None:
        if not self._places.locked():
            await self._places.acquire()
            return
        try:
            async with asyncio.timeout(self._wait_seconds):
                await self._places.acquire()
        except TimeoutError as error:
            raise StoreUnavailable("every connection is in use") from error

    async def _open(self) -> Lease:
        connection = await self._engine.connect()
        return Lease(connection, (await connection.get_raw_connection()).driver_connection)

    async def _begun(self, lease: Lease, begin: str) -> bool:
        begun = False
        try:
            if not lease.driver.is_closed():
                await lease.driver.execute(begin)
                begun = True
        except TimeoutError:
            raise  # no answer at all: another connection would get none either
        except (asyncpg.PostgresError, *CONNECTION_LOST):
            log.info("dead_connection_replaced")
        finally:
            if not begun:
                await _discard(lease)
        return begun


async def _discard(lease: Lease) -> None:
    with suppress(*DRIVER_ERRORS):
        await lease.connection.invalidate()
        await lease.connection.close()

"""PostgreSQL store: a pooled asyncpg connection per command, READ COMMITTED, locks taken by the commands.

SQLAlchemy runs in AUTOCOMMIT here and every BEGIN and COMMIT is issued on the driver connection by this
module. That is what lets a command mix `Tx.execute` and `Tx.fetch`: with SQLAlchemy's own transactions the
adapter would begin lazily, at its first statement, and driver statements before it would stand alone.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast

import asyncpg
from sqlalchemy import CursorResult, Executable
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from shared.clock import monotonic
from shared.database import (
    GUARD_TO_COMMIT_SECONDS,
    Dialect,
    GuardTooOld,
    Parameters,
    Row,
    Sql,
    StoreFull,
    StoreUnavailable,
    Work,
)
from shared.failpoints import failpoint

T = TypeVar("T")

ATTEMPTS_ON_CONFLICT = 4
_SERVER_SETTINGS = {
    "application_name": "trialops",
    "jit": "off",
    "lock_timeout": "5s",
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "5s",
    "timezone": "UTC",
}


OUTBOX_CHANNEL = "trialops_outbox"
_NOTIFY = Sql(f"SELECT pg_notify('{OUTBOX_CHANNEL}', '')")


def _nobody_listens() -> None:
    """No relay runs in this process."""


class PostgresTx:
    """A transaction on one pooled connection."""

    def __init__(self, connection: AsyncConnection, driver: Any) -> None:
        self._connection = connection
        self._driver = driver
        self.hooks: list[Callable[[], None]] = []
        self.announced = False
        self.oldest_guard: float | None = None

    @property
    def dialect(self) -> Dialect:
        return "postgresql"

    async def execute(self, statement: Executable, parameters: Parameters = None) -> CursorResult[Any]:
        return await self._connection.execute(statement, parameters)

    async def fetch(self, statement: Sql, *arguments: Any) -> list[Row]:
        rows: list[Row] = await self._driver.fetch(statement.postgresql, *arguments)
        return rows

    async def fetch_each(self, statement: Sql, arguments: Sequence[Sequence[Any]]) -> None:
        await self._driver.executemany(statement.postgresql, arguments)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        hooks = len(self.hooks)
        nested = self._driver.transaction()
        await nested.start()
        try:
            yield
        except BaseException:
            await nested.rollback()
            del self.hooks[hooks:]
            raise
        await nested.commit()

    def after_commit(self, hook: Callable[[], None]) -> None:
        self.hooks.append(hook)

    def announce(self) -> None:
        self.announced = True

    def rely_on_guard(self) -> None:
        self.oldest_guard = self.oldest_guard or monotonic()


class PostgresDatabase:
    """One service's own database on a PostgreSQL server (15 or later)."""

    def __init__(self, url: str, *, pool_size: int = 10, notify: bool = False) -> None:
        """Open nothing yet.

        Args:
            url: `postgresql+asyncpg://...` of this service's own database.
            pool_size: connections kept open.
            notify: also wake a relay in another process, by NOTIFY in the command's transaction. It costs
                commit rate, so it is on only where the relay runs elsewhere.
        """
        self._url = url
        self._notify = notify
        self.on_announced: Callable[[], None] = _nobody_listens
        self._pool_size = pool_size
        self._engine: AsyncEngine | None = None

    @property
    def dialect(self) -> Dialect:
        return "postgresql"

    @property
    def url(self) -> str:
        return self._url

    async def start(self) -> None:
        self._engine = postgres_engine(self._url, pool_size=self._pool_size)

    async def stop(self) -> None:
        if self._engine is not None:
            await self._engine.dispose()
            self._engine = None

    async def write(self, work: Work[T]) -> T:
        for attempt in range(1, ATTEMPTS_ON_CONFLICT + 1):
            try:
                return await self._write_once(work)
            except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError):
                if attempt == ATTEMPTS_ON_CONFLICT:
                    raise
        raise AssertionError("unreachable")

    async def _write_once(self, work: Work[T]) -> T:
        async with self._transaction(read_only=False) as tx:
            value = await work(tx)
            if tx.announced and self._notify:
                await tx.fetch(_NOTIFY)
            failpoint("pre_commit")
            if tx.oldest_guard is not None and monotonic() - tx.oldest_guard > GUARD_TO_COMMIT_SECONDS:
                raise GuardTooOld("the commit came too late after the guards were checked")
        failpoint("post_commit")
        if tx.announced:
            self.on_announced()
        for hook in tx.hooks:
            hook()
        return value

    async def read(self, work: Work[T]) -> T:
        async with self._transaction(read_only=True) as tx:
            return await work(tx)

    async def dedicated_connection(self) -> Any:
        """A driver connection outside the pool, for an advisory lock or LISTEN; the caller closes it."""
        if self._engine is None:
            raise StoreUnavailable("the store is not started")
        plain = self._engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        return await asyncpg.connect(plain, timeout=10, server_settings={"application_name": "trialops"})

    @asynccontextmanager
    async def _transaction(self, *, read_only: bool) -> AsyncIterator[PostgresTx]:
        if self._engine is None:
            raise StoreUnavailable("the store is not started")
        try:
            async with self._engine.connect() as connection:
                driver = (await connection.get_raw_connection()).driver_connection
                assert driver is not None
                transaction = driver.transaction(
                    isolation="repeatable_read" if read_only else None, readonly=read_only
                )
                await transaction.start()
                tx = PostgresTx(connection, driver)
                try:
                    yield tx
                except BaseException:
                    await _undo(connection, transaction)
                    raise
                await transaction.commit()
        except (DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            raise _translated(error) from error


async def _undo(connection: AsyncConnection, transaction: Any) -> None:
    try:
        await asyncio.shield(transaction.rollback())
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, asyncio.CancelledError):
        await connection.invalidate()


def postgres_engine(url: str, *, pool_size: int = 10) -> AsyncEngine:
    """An engine that begins nothing by itself; every transaction is ours."""
    return create_async_engine(
        url,
        isolation_level="AUTOCOMMIT",
        pool_size=pool_size,
        max_overflow=10,
        pool_timeout=10,
        pool_pre_ping=False,
        connect_args={"server_settings": _SERVER_SETTINGS, "timeout": 10},
    )


# SQLSTATE classes: connection, operator intervention, too many connections, lock timeout, idle in transaction.
_UNAVAILABLE_CLASSES = ("08", "57", "53300", "55P03", "25P03")
_FULL_CLASSES = ("53100",)


def _translated(error: BaseException) -> BaseException:
    cause = _driver_error(error)
    state = getattr(cause, "sqlstate", None) or ""
    if state.startswith(_FULL_CLASSES):
        return StoreFull(type(cause).__name__)
    if state.startswith(_UNAVAILABLE_CLASSES):
        return StoreUnavailable(type(cause).__name__)
    if isinstance(cause, (OSError, asyncpg.InterfaceError, asyncpg.InternalClientError)):
        return StoreUnavailable(type(cause).__name__)
    if isinstance(cause, (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)):
        return cast(BaseException, cause)
    return error


def _driver_error(error: BaseException) -> BaseException:
    """The asyncpg or socket error that SQLAlchemy may have wrapped."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(
        cause, (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
    ):
        cause = getattr(cause, "orig", None) or cause.__cause__
    return error if cause is None else cause

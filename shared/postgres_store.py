"""PostgreSQL store: a pooled asyncpg connection per command, READ COMMITTED, locks taken by the commands.

SQLAlchemy runs in AUTOCOMMIT here and every BEGIN and COMMIT is issued on the driver connection by this
module. That is what lets a command mix `Tx.execute` and `Tx.fetch`: with SQLAlchemy's own transactions the
adapter would begin lazily, at its first statement, and driver statements before it would stand alone. The
driver's own transaction objects are not used either: one whose BEGIN was cancelled stays on its connection,
and the next command would be a savepoint in a transaction that nobody ever commits.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, NoReturn, TypeVar

import asyncpg
import structlog
from sqlalchemy import CursorResult, Executable
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from shared.clock import monotonic
from shared.database import (
    GUARD_TO_COMMIT_SECONDS,
    CommitRefused,
    Dialect,
    GuardTooOld,
    Parameters,
    Row,
    Sql,
    StoreConflict,
    StoreFull,
    StoreUnavailable,
    Work,
    run_hooks,
)
from shared.failpoints import failpoint

log = structlog.get_logger(__name__)

T = TypeVar("T")

ATTEMPTS_ON_CONFLICT = 4
UNDO_SECONDS = 5.0
OVERFLOW = 10
_CONNECTION_LOST = (OSError, PoolExhausted, asyncpg.InterfaceError, asyncpg.InternalClientError)
_DRIVER_ERRORS = (DBAPIError, asyncpg.PostgresError, *_CONNECTION_LOST)
_SERVER_SETTINGS = {
    "application_name": "trialops",
    "jit": "off",
    "lock_timeout": "5s",
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "5s",
    "timezone": "UTC",
}


OUTBOX_CHANNEL = "trialops_outbox"
_BEGIN_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"


def _nobody_listens() -> None:
    """No relay runs in this process."""


class PostgresTx:
    """A transaction on one pooled connection."""

    def __init__(self, connection: AsyncConnection, driver: Any) -> None:
        self._connection = connection
        self._driver = driver
        self._savepoints = 0
        self.hooks: list[Callable[[], None]] = []
        self.announced = False
        self.oldest_guard: float | None = None

    @property
    def dialect(self) -> Dialect:
        return "postgresql"

    async def execute(self, statement: Executable, parameters: Parameters = None) -> CursorResult[Any]:
        try:
            return await self._connection.execute(statement, parameters)
        except _DRIVER_ERRORS as error:
            _raise_translated(error)

    async def fetch(self, statement: Sql, *arguments: Any) -> list[Row]:
        try:
            rows: list[Row] = await self._driver.fetch(statement.postgresql, *arguments)
        except _DRIVER_ERRORS as error:
            _raise_translated(error)
        return rows

    async def fetch_each(self, statement: Sql, arguments: Sequence[Sequence[Any]]) -> None:
        try:
            await self._driver.executemany(statement.postgresql, arguments)
        except _DRIVER_ERRORS as error:
            _raise_translated(error)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        self._savepoints += 1
        name = f"inner_{self._savepoints}"
        hooks = len(self.hooks)
        try:
            await self._driver.execute(f"SAVEPOINT {name}")
            try:
                yield
                await self._driver.execute(f"RELEASE {name}")
            except BaseException:
                del self.hooks[hooks:]
                await self._driver.execute(f"ROLLBACK TO {name}; RELEASE {name}")
                raise
        except _DRIVER_ERRORS as error:
            _raise_translated(error)

    def after_commit(self, hook: Callable[[], None]) -> None:
        self.hooks.append(hook)

    def announce(self) -> None:
        self.announced = True

    def rely_on_guard(self) -> None:
        self.oldest_guard = self.oldest_guard or monotonic()


class PostgresDatabase:
    """One service's own database on a PostgreSQL server (15 or later)."""

    def __init__(self, url: str, *, pool_size: int = 10, answer_seconds: float = 40.0) -> None:
        """Open nothing yet.

        Args:
            url: `postgresql+asyncpg://...` of this service's own database.
            pool_size: connections kept open.
            answer_seconds: a statement unanswered for so long has lost its server; longer than the server's
                own limit, which ends a slow statement properly.
        """
        self._url = url
        self.on_announced: Callable[[], None] = _nobody_listens
        self._pool_size = pool_size
        self._answer_seconds = answer_seconds
        self._engine: AsyncEngine | None = None

    @property
    def dialect(self) -> Dialect:
        return "postgresql"

    @property
    def url(self) -> str:
        return self._url

    async def start(self) -> None:
        self._engine = postgres_engine(
            self._url, pool_size=self._pool_size, answer_seconds=self._answer_seconds
        )

    async def stop(self) -> None:
        if self._engine is not None:
            await self._engine.dispose()
            self._engine = None

    async def write(self, work: Work[T]) -> T:
        for attempt in range(1, ATTEMPTS_ON_CONFLICT + 1):
            try:
                return await self._write_once(work)
            except StoreConflict:
                if attempt == ATTEMPTS_ON_CONFLICT:
                    raise
        raise AssertionError("unreachable")

    async def _write_once(self, work: Work[T]) -> T:
        async with self._transaction(read_only=False) as tx:
            value = await work(tx)
            failpoint("pre_commit")
            if tx.oldest_guard is not None and monotonic() - tx.oldest_guard > GUARD_TO_COMMIT_SECONDS:
                raise GuardTooOld("the commit came too late after the guards were checked")
        failpoint("post_commit")
        run_hooks([self.on_announced, *tx.hooks] if tx.announced else tx.hooks)
        return value

    async def read(self, work: Work[T]) -> T:
        async with self._transaction(read_only=True) as tx:
            return await work(tx)

    async def dedicated_connection(self) -> Any:
        """A driver connection outside the pool, for an advisory lock or LISTEN; the caller closes it."""
        if self._engine is None:
            raise StoreUnavailable("the store is not started")
        _, arguments = self._engine.dialect.create_connect_args(self._engine.url)
        return await asyncpg.connect(
            **arguments, timeout=10, server_settings={"application_name": "trialops"}
        )

    @asynccontextmanager
    async def _transaction(self, *, read_only: bool) -> AsyncIterator[PostgresTx]:
        if self._engine is None:
            raise StoreUnavailable("the store is not started")
        try:
            async with self._engine.connect() as connection:
                driver = await self._begun(connection, _BEGIN_READ if read_only else "BEGIN")
                try:
                    yield PostgresTx(connection, driver)
                    # After a failed statement the server answers COMMIT with a rollback, and no error.
                    if await driver.execute("COMMIT") != "COMMIT":
                        raise CommitRefused("a statement had failed and the command went on")
                except BaseException:
                    await _undo(connection, driver)
                    raise
        except _DRIVER_ERRORS as error:
            _raise_translated(error)

    async def _begun(self, connection: AsyncConnection, begin: str) -> Any:
        """Begin on a connection that lives; those that died in the pool are thrown away with no command lost."""
        for _ in range(self._pool_size + OVERFLOW + 1):
            driver: Any = (await connection.get_raw_connection()).driver_connection
            begun = False
            try:
                if not driver.is_closed():
                    await driver.execute(begin)
                    begun = True
                    return driver
            except TimeoutError:
                raise  # no answer at all: another connection would get none either
            except (asyncpg.PostgresError, *_CONNECTION_LOST):
                log.info("dead_connection_replaced")
            finally:
                if not begun:
                    await connection.invalidate()
        raise StoreUnavailable("no connection lives long enough to begin")


async def _undo(connection: AsyncConnection, driver: Any) -> None:
    """Leave the pool a connection without a transaction, or none.

    Nothing is assumed of its state: the BEGIN or the COMMIT itself may have been interrupted.
    """
    try:
        await asyncio.shield(driver.execute("ROLLBACK", timeout=UNDO_SECONDS))
    except BaseException as error:
        await connection.invalidate()
        if not isinstance(error, _DRIVER_ERRORS):
            raise


def postgres_engine(url: str, *, pool_size: int = 10, answer_seconds: float = 40.0) -> AsyncEngine:
    """An engine that begins nothing by itself; every transaction is ours."""
    return create_async_engine(
        url,
        isolation_level="AUTOCOMMIT",
        pool_size=pool_size,
        max_overflow=OVERFLOW,
        pool_timeout=10,
        pool_pre_ping=False,
        connect_args={"server_settings": _SERVER_SETTINGS, "timeout": 10, "command_timeout": answer_seconds},
    )


# SQLSTATE classes: connection, operator intervention, resources, lock timeout, idle in transaction.
_UNAVAILABLE_CLASSES = ("08", "57", "53", "55P03", "25P03")
_FULL_CLASSES = ("53100",)


def _raise_translated(error: BaseException) -> NoReturn:
    """Raise what the error means to a command, or the error itself."""
    cause = _driver_error(error)
    state = getattr(cause, "sqlstate", None) or ""
    if state.startswith(_FULL_CLASSES):
        raise StoreFull(type(cause).__name__) from error
    if isinstance(cause, (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)):
        raise StoreConflict(type(cause).__name__) from error
    if state.startswith(_UNAVAILABLE_CLASSES) or isinstance(cause, _CONNECTION_LOST):
        raise StoreUnavailable(type(cause).__name__) from error
    raise error


def _driver_error(error: BaseException) -> BaseException:
    """The asyncpg or socket error that SQLAlchemy may have wrapped."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, (asyncpg.PostgresError, *_CONNECTION_LOST)):
        cause = getattr(cause, "orig", None) or cause.__cause__
    return error if cause is None else cause

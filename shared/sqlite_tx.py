"""One SQLite transaction as a command sees it, and what the driver's errors mean."""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, CursorResult, Executable

from shared.clock import monotonic
from shared.database import Dialect, Parameters, Row, Sql, StoreFull, StoreUnavailable

T = TypeVar("T")


class SqliteTx:
    """A transaction on the writer's connection, or on a reader's."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._driver = driver_of(connection)
        self._statement = _Statement(self, self._driver)
        self._savepoints = 0
        self._results: list[CursorResult[Any]] = []
        self.undone: BaseException | None = None
        self.hooks: list[Callable[[], None]] = []
        self.announced = False
        self.oldest_guard: float | None = None

    @property
    def dialect(self) -> Dialect:
        return "sqlite"

    async def execute(self, statement: Executable, parameters: Parameters = None) -> CursorResult[Any]:
        with self._statement:
            result = self._connection.execute(statement, parameters)
        self._results.append(result)
        return result

    async def fetch(self, statement: Sql, *arguments: Any) -> list[Row]:
        with self._statement:
            return self._driver.execute(statement.sqlite, arguments).fetchall()

    async def fetch_each(self, statement: Sql, arguments: Sequence[Sequence[Any]]) -> None:
        with self._statement:
            self._driver.executemany(statement.sqlite, arguments)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        self._savepoints += 1
        name = f"inner_{self._savepoints}"
        hooks = len(self.hooks)
        with self._statement:
            self._driver.execute(f"SAVEPOINT {name}")
        try:
            yield
        except BaseException:
            del self.hooks[hooks:]
            with self._statement:
                self._driver.execute(f"ROLLBACK TO {name}")
                self._driver.execute(f"RELEASE {name}")
            raise
        with self._statement:
            self._driver.execute(f"RELEASE {name}")

    def close_results(self) -> None:
        """Finish every cursor: an unfinished one would pin the snapshot of the next transaction."""
        for result in self._results:
            result.close()

    def after_commit(self, hook: Callable[[], None]) -> None:
        self.hooks.append(hook)

    def announce(self) -> None:
        self.announced = True

    def rely_on_guard(self) -> None:
        self.oldest_guard = self.oldest_guard or monotonic()


class _Statement:
    """One statement at a time, if there still is a transaction for it; the driver's errors get their meaning.

    On a full disk SQLite undoes the whole transaction by itself; a statement after that would be a transaction of
    its own, and stay.
    """

    def __init__(self, tx: SqliteTx, driver: sqlite3.Connection) -> None:
        self._tx = tx
        self._driver = driver

    def __enter__(self) -> None:
        if self._tx.undone is not None:
            raise self._tx.undone

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not isinstance(error, Exception):
            return
        meaning = translated(error)
        if not self._driver.in_transaction:
            self._tx.undone = meaning
        if meaning is not error:
            raise meaning from error


def driver_of(connection: Connection) -> sqlite3.Connection:
    return cast(sqlite3.Connection, connection.connection.dbapi_connection)


def drive(command: Awaitable[T]) -> T:
    """Run a coroutine that never really waits, in the current thread, to its value."""
    coroutine = cast(Coroutine[Any, Any, T], command)
    try:
        coroutine.send(None)
    except StopIteration as finished:
        return cast(T, finished.value)
    coroutine.close()
    raise RuntimeError("a command waited for something other than its own store")


def translated(error: BaseException) -> BaseException:
    """What a driver's error, bare or wrapped by SQLAlchemy, means to a command; any other error itself."""
    driver_error = getattr(error, "orig", error)
    if not isinstance(driver_error, sqlite3.OperationalError):
        return error
    code = getattr(driver_error, "sqlite_errorcode", 0)
    if code in _FULL:
        return StoreFull(str(driver_error))
    if code & 0xFF in _UNAVAILABLE:
        return StoreUnavailable(str(driver_error))
    return error


# A write beyond a quota or a file-size limit is an I/O error to SQLite; on a full disk it says so.
_FULL = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE)
_UNAVAILABLE = (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN)

"""SQLite store: one writer connection in one thread, readers beside it, one process per file.

The writer thread takes every command that is waiting and runs them in one transaction: BEGIN IMMEDIATE, a
savepoint per command, COMMIT, and only then all answers. A command that raises undoes its own savepoint and
nobody else's; a COMMIT that fails fails every command in it. Commands are coroutines that never really wait
(their only awaits are on this store, which answers at once), so the thread drives them with `send(None)`.
"""

import asyncio
import contextvars
import fcntl
import os
import queue
import sqlite3
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, CursorResult, Engine, Executable, create_engine, event
from sqlalchemy.pool import NullPool

from shared.clock import monotonic
from shared.database import (
    GUARD_TO_COMMIT_SECONDS,
    Dialect,
    GuardTooOld,
    Parameters,
    Row,
    Sql,
    StoreFull,
    StoreInUse,
    StoreUnavailable,
    Work,
)
from shared.failpoints import failpoint

T = TypeVar("T")

MAX_COMMANDS_PER_COMMIT = 64
READER_THREADS = 3
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA busy_timeout=5000",
    "PRAGMA foreign_keys=ON",
    "PRAGMA temp_store=MEMORY",
)


class SqliteTx:
    """A transaction on the writer's connection, or on a reader's."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._driver = _driver(connection)
        self._savepoints = 0
        self.hooks: list[Callable[[], None]] = []
        self.announced = False
        self.oldest_guard: float | None = None

    @property
    def dialect(self) -> Dialect:
        return "sqlite"

    async def execute(self, statement: Executable, parameters: Parameters = None) -> CursorResult[Any]:
        return self._connection.execute(statement, parameters)

    async def fetch(self, statement: Sql, *arguments: Any) -> list[Row]:
        # An unfinished cursor would pin the snapshot of the next transaction: always read to the end.
        return self._driver.execute(statement.sqlite, arguments).fetchall()

    async def fetch_each(self, statement: Sql, arguments: Sequence[Sequence[Any]]) -> None:
        self._driver.executemany(statement.sqlite, arguments)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        self._savepoints += 1
        name = f"inner_{self._savepoints}"
        hooks = len(self.hooks)
        self._driver.execute(f"SAVEPOINT {name}")
        try:
            yield
        except BaseException:
            self._driver.execute(f"ROLLBACK TO {name}")
            self._driver.execute(f"RELEASE {name}")
            del self.hooks[hooks:]
            raise
        self._driver.execute(f"RELEASE {name}")

    def after_commit(self, hook: Callable[[], None]) -> None:
        self.hooks.append(hook)

    def announce(self) -> None:
        self.announced = True

    def rely_on_guard(self) -> None:
        self.oldest_guard = self.oldest_guard or monotonic()


class _Job:
    """One command waiting for the writer: what to run, and where its answer goes."""

    def __init__(self, work: Work[Any], loop: asyncio.AbstractEventLoop) -> None:
        self.work = work
        self.loop = loop
        self.future: asyncio.Future[Any] = loop.create_future()
        self.context = contextvars.copy_context()
        self.value: Any = None
        self.error: BaseException | None = None
        self.hooks: list[Callable[[], None]] = []
        self.announced = False
        self.oldest_guard: float | None = None


class SqliteDatabase:
    """The embedded store of one service: a single file, or `:memory:`-like scratch files in tests."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.on_announced: Callable[[], None] = _nobody_listens
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._readers: ThreadPoolExecutor | None = None
        self._reader_state = threading.local()
        self._reader_connections: list[Connection] = []
        self._writer: threading.Thread | None = None
        self._engine: Engine | None = None
        self._lock_file: int | None = None

    @property
    def dialect(self) -> Dialect:
        return "sqlite"

    @property
    def path(self) -> Path:
        return self._path

    async def start(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._claim_file()
        self._engine = sqlite_engine(self._path)
        self._readers = ThreadPoolExecutor(READER_THREADS, thread_name_prefix=f"read-{self._path.stem}")
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._writer = threading.Thread(
            target=self._write_loop,
            args=(asyncio.get_running_loop(), ready),
            name=f"write-{self._path.stem}",
            daemon=True,
        )
        self._writer.start()
        await ready

    async def stop(self) -> None:
        if self._writer is not None:
            self._jobs.put(None)
            await asyncio.to_thread(self._writer.join)
            self._writer = None
        if self._readers is not None:
            self._readers.shutdown(wait=True)
            self._readers = None
        for connection in self._reader_connections:
            connection.close()
        self._reader_connections.clear()
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None
        if self._lock_file is not None:
            os.close(self._lock_file)
            self._lock_file = None

    async def write(self, work: Work[T]) -> T:
        if self._writer is None:
            raise StoreUnavailable("the store is not started")
        job = _Job(work, asyncio.get_running_loop())
        self._jobs.put(job)
        return cast(T, await asyncio.shield(job.future))

    async def read(self, work: Work[T]) -> T:
        if self._readers is None:
            raise StoreUnavailable("the store is not started")
        context = contextvars.copy_context()
        return await asyncio.get_running_loop().run_in_executor(
            self._readers, context.run, self._read_in_thread, work
        )

    def _claim_file(self) -> None:
        lock_file = os.open(f"{self._path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock_file)
            raise StoreInUse(f"{self._path.name} is already open in another process") from error
        self._lock_file = lock_file

    # -- reading ------------------------------------------------------------------------------------

    def _read_in_thread(self, work: Work[T]) -> T:
        connection: Connection | None = getattr(self._reader_state, "connection", None)
        if connection is None:
            assert self._engine is not None
            connection = self._engine.connect()
            _driver(connection).execute("PRAGMA query_only=ON")
            self._reader_state.connection = connection
            self._reader_connections.append(connection)
        driver = _driver(connection)
        driver.execute("BEGIN")
        try:
            return drive(work(SqliteTx(connection)))
        except sqlite3.OperationalError as error:
            raise _translated(error) from error
        finally:
            driver.execute("COMMIT")

    # -- writing ------------------------------------------------------------------------------------

    def _write_loop(self, loop: asyncio.AbstractEventLoop, ready: "asyncio.Future[None]") -> None:
        assert self._engine is not None
        try:
            connection = self._engine.connect()
        except BaseException as error:
            loop.call_soon_threadsafe(ready.set_exception, error)
            return
        loop.call_soon_threadsafe(ready.set_result, None)
        try:
            while (batch := self._next_batch()) is not None:
                self._commit_together(connection, batch)
                for waiting_loop in {job.loop for job in batch}:
                    with suppress(RuntimeError):  # the loop is closed: nobody waits for the answer any more
                        waiting_loop.call_soon_threadsafe(
                            self._answer, [job for job in batch if job.loop is waiting_loop]
                        )
        finally:
            connection.close()

    def _answer(self, batch: list[_Job]) -> None:
        if any(job.announced and job.error is None for job in batch):
            self.on_announced()
        for job in batch:
            if job.error is None:
                for hook in job.hooks:
                    hook()
            if job.future.cancelled():
                continue
            if job.error is not None:
                job.future.set_exception(job.error)
            else:
                job.future.set_result(job.value)

    def _next_batch(self) -> list[_Job] | None:
        first = self._jobs.get()
        if first is None:
            return None
        batch = [first]
        while len(batch) < MAX_COMMANDS_PER_COMMIT:
            try:
                following = self._jobs.get_nowait()
            except queue.Empty:
                break
            if following is None:
                self._jobs.put(None)
                break
            batch.append(following)
        return batch

    def _commit_together(self, connection: Connection, batch: list[_Job]) -> None:
        driver = _driver(connection)
        try:
            driver.execute("BEGIN IMMEDIATE")
            for job in batch:
                self._run_in_savepoint(connection, driver, job)
            failpoint("pre_commit")
            guards = [job.oldest_guard for job in batch if job.error is None and job.oldest_guard is not None]
            if guards and monotonic() - min(guards) > GUARD_TO_COMMIT_SECONDS:
                raise GuardTooOld("the commit came too late after the guards were checked")
            driver.execute("COMMIT")
            failpoint("post_commit")
        except BaseException as error:
            with suppress(sqlite3.Error):
                if driver.in_transaction:
                    driver.execute("ROLLBACK")
            for job in batch:
                job.error = job.error or _translated(error)

    def _run_in_savepoint(self, connection: Connection, driver: sqlite3.Connection, job: _Job) -> None:
        tx = SqliteTx(connection)
        driver.execute("SAVEPOINT command")
        try:
            job.value = job.context.run(drive, job.work(tx))
        except BaseException as error:
            if not driver.in_transaction:
                raise  # SQLite itself has undone the whole transaction (disk full, I/O error)
            driver.execute("ROLLBACK TO command")
            job.error = _translated(error)
        else:
            job.hooks, job.announced, job.oldest_guard = tx.hooks, tx.announced, tx.oldest_guard
        driver.execute("RELEASE command")


def sqlite_engine(path: Path) -> Engine:
    """An engine whose connections begin nothing by themselves; every transaction is ours."""
    engine = create_engine(
        f"sqlite+pysqlite:///{path}",
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        connect_args={"check_same_thread": False, "cached_statements": 512},
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: object) -> None:
        for pragma in _PRAGMAS:
            connection.execute(pragma)

    return engine


def _driver(connection: Connection) -> sqlite3.Connection:
    return cast(sqlite3.Connection, connection.connection.dbapi_connection)


def _nobody_listens() -> None:
    """No relay runs in this process."""


def drive(command: Awaitable[T]) -> T:
    """Run a coroutine that never really waits, in the current thread, to its value."""
    coroutine = cast(Coroutine[Any, Any, T], command)
    try:
        coroutine.send(None)
    except StopIteration as finished:
        return cast(T, finished.value)
    coroutine.close()
    raise RuntimeError("a command waited for something other than its own store")


def _translated(error: BaseException) -> BaseException:
    driver_error = getattr(error, "orig", error)
    if isinstance(driver_error, sqlite3.OperationalError):
        if driver_error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            return StoreFull(str(driver_error))
        if driver_error.sqlite_errorcode & 0xFF in (
            sqlite3.SQLITE_BUSY,
            sqlite3.SQLITE_LOCKED,
            sqlite3.SQLITE_CANTOPEN,
        ):
            return StoreUnavailable(str(driver_error))
    return error

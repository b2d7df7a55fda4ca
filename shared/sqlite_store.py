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
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool

from shared.clock import monotonic
from shared.database import (
    GUARD_TO_COMMIT_SECONDS,
    Dialect,
    GuardTooOld,
    StoreInUse,
    StoreUnavailable,
    Work,
    run_hooks,
)
from shared.failpoints import failpoint
from shared.sqlite_tx import SqliteTx, drive, driver_of, translated

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


class _Job:
    """One command waiting for the writer: what to run, and where its answer goes."""

    def __init__(self, work: Work[Any], loop: asyncio.AbstractEventLoop) -> None:
        self.work = work
        self.loop = loop
        self.future: asyncio.Future[Any] = loop.create_future()
        self.context = contextvars.copy_context()
        self.value: Any = None
        self.error: BaseException | None = None
        self.tx: SqliteTx | None = None

    def hooks(self) -> list[Callable[[], None]]:
        return [] if self.error is not None or self.tx is None else self.tx.hooks

    def announced(self) -> bool:
        return self.error is None and self.tx is not None and self.tx.announced

    def guard_is_too_old(self) -> bool:
        guard = None if self.error is not None or self.tx is None else self.tx.oldest_guard
        return guard is not None and monotonic() - guard > GUARD_TO_COMMIT_SECONDS


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
        create_private(self._path)
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
        try:
            await ready
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        writer, self._writer = self._writer, None  # from here on nobody can add a command
        if writer is not None:
            self._jobs.put(None)
            await asyncio.to_thread(writer.join)
        readers, self._readers = self._readers, None
        if readers is not None:
            await asyncio.to_thread(readers.shutdown)
        for connection in self._reader_connections:
            connection.close()
        self._reader_connections.clear()
        self._reader_state = threading.local()
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
        lock_file = os.open(f"{self._path.resolve()}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
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
            driver_of(connection).execute("PRAGMA query_only=ON")
            self._reader_state.connection = connection
            self._reader_connections.append(connection)
        driver = driver_of(connection)
        driver.execute("BEGIN")
        tx = SqliteTx(connection)
        try:
            return drive(work(tx))
        finally:
            tx.close_results()
            if driver.in_transaction:
                driver.execute("ROLLBACK")

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
        if any(job.announced() for job in batch):
            run_hooks([self.on_announced])
        for job in batch:
            run_hooks(job.hooks())
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
        driver = driver_of(connection)
        too_late: list[_Job] = []
        try:
            driver.execute("BEGIN IMMEDIATE")
            for job in batch:
                self._run_in_savepoint(connection, driver, job)
            failpoint("pre_commit")
            too_late = [job for job in batch if job.guard_is_too_old()]
            if too_late:
                raise GuardTooOld("the commit came too late after the guards were checked")
            driver.execute("COMMIT")
            failpoint("post_commit")
        except BaseException as error:
            with suppress(sqlite3.Error):
                if driver.in_transaction:
                    driver.execute("ROLLBACK")
            for job in too_late or batch:
                job.error = job.error or translated(error)
            again = [job for job in batch if job.error is None]
            if again:  # a neighbour's guard is no fault of theirs
                self._commit_together(connection, again)

    def _run_in_savepoint(self, connection: Connection, driver: sqlite3.Connection, job: _Job) -> None:
        job.tx = tx = SqliteTx(connection)
        driver.execute("SAVEPOINT command")
        try:
            job.value = job.context.run(drive, job.work(tx))
        except BaseException as error:
            if tx.undone is None:
                tx.close_results()
                driver.execute("ROLLBACK TO command")
            job.error = translated(error)
        if tx.undone is not None:
            raise tx.undone  # and with it all that the neighbours had done
        tx.close_results()
        driver.execute("RELEASE command")


def create_private(path: Path) -> None:
    """Make a new store file that its owner alone can read; SQLite gives its side files the same mode."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))


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


def _nobody_listens() -> None:
    """No relay runs in this process."""

"""PostgreSQL store: an asyncpg connection per command, READ COMMITTED, locks taken by the commands.

SQLAlchemy runs in AUTOCOMMIT here and every BEGIN and COMMIT is issued on the driver connection by this
module. That is what lets a command mix `Tx.execute` and `Tx.fetch`: with SQLAlchemy's own transactions the
adapter would begin lazily, at its first statement, and driver statements before it would stand alone. The
driver's own transaction objects are not used either: one whose BEGIN was cancelled stays on its connection,
and the next command would be a savepoint in a transaction that nobody ever commits.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, NoReturn, TypeVar

import asyncpg
from sqlalchemy import CursorResult, Executable
from sqlalchemy.ext.asyncio import AsyncEngine

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
from shared.postgres_connections import CONNECTION_LOST, DRIVER_ERRORS, Connections, Lease, postgres_engine

T = TypeVar("T")

ATTEMPTS_ON_CONFLICT = 4
CONNECTIONS = 20
OUTBOX_CHANNEL = "trialops_outbox"
_BEGIN_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"


def _nobody_listens() -> None:
    """No relay runs in this process."""


class PostgresTx:
    """A transaction on one connection."""

    def __init__(self, lease: Lease) -> None:
        self._connection = lease.connection
        self._driver = lease.driver
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
        except DRIVER_ERRORS as error:
            _raise_translated(error)

    async def fetch(self, statement: Sql, *arguments: Any) -> list[Row]:
        try:
            rows: list[Row] = await self._driver.fetch(statement.postgresql, *arguments)
        except DRIVER_ERRORS as error:
            _raise_translated(error)
        return rows

    async def fetch_each(self, statement: Sql, arguments: Sequence[Sequence[Any]]) -> None:
        try:
            await self._driver.executemany(statement.postgresql, arguments)
        except DRIVER_ERRORS as error:
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
        except DRIVER_ERRORS as error:
            _raise_translated(error)

    def after_commit(self, hook: Callable[[], None]) -> None:
        self.hooks.append(hook)

    def announce(self) -> None:
        self.announced = True

    def rely_on_guard(self) -> None:
        self.oldest_guard = self.oldest_guard or monotonic()


class PostgresDatabase:
    """One service's own database on a PostgreSQL server (15 or later)."""

    def __init__(
        self,
        url: str,
        *,
        connections: int = CONNECTIONS,
        wait_seconds: float = 10.0,
        answer_seconds: float = 40.0,
        undo_seconds: float = 5.0,
    ) -> None:
        """Open nothing yet.

        Args:
            url: `postgresql+asyncpg://...` of this service's own database.
            connections: at the same time, of which half are kept when nobody uses them.
            wait_seconds: how long a command waits for a connection.
            answer_seconds: a statement unanswered for so long has lost its server; longer than the server's
                own limit, which ends a slow statement properly.
            undo_seconds: a ROLLBACK unanswered for so long has lost its server.
        """
        self._url = url
        self.on_announced: Callable[[], None] = _nobody_listens
        self._most = connections
        self._wait_seconds = wait_seconds
        self._answer_seconds = answer_seconds
        self._undo_seconds = undo_seconds
        self._engine: AsyncEngine | None = None
        self._connections: Connections | None = None

    @property
    def dialect(self) -> Dialect:
        return "postgresql"

    @property
    def url(self) -> str:
        return self._url

    def apart(self, connections: int) -> "PostgresDatabase":
        """The same database on connections of its own, for what must not wait behind requests."""
        return PostgresDatabase(
            self._url,
            connections=connections,
            wait_seconds=self._wait_seconds,
            answer_seconds=self._answer_seconds,
            undo_seconds=self._undo_seconds,
        )

    async def start(self) -> None:
        self._engine = postgres_engine(self._url, answer_seconds=self._answer_seconds)
        self._connections = Connections(
            self._engine,
            kept=(self._most + 1) // 2,
            most=self._most,
            wait_seconds=self._wait_seconds,
            undo_seconds=self._undo_seconds,
        )

    async def stop(self) -> None:
        connections, self._connections = self._connections, None
        engine, self._engine = self._engine, None
        if connections is not None:
            await connections.close()
        if engine is not None:
            await engine.dispose()

    async def write(self, work: Work[T]) -> T:
        for attempt in range(1, ATTEMPTS_ON_CONFLICT + 1):
            try:
                return await self._write_once(work)
            except StoreConflict:
                if attempt == ATTEMPTS_ON_CONFLICT:
                    raise
        raise AssertionError("unreachable")

    async def read(self, work: Work[T]) -> T:
        return (await self._transaction(work, _BEGIN_READ))[0]

    async def _write_once(self, work: Work[T]) -> T:
        value, tx = await self._transaction(work, "BEGIN")
        failpoint("post_commit")
        run_hooks([self.on_announced, *tx.hooks] if tx.announced else tx.hooks)
        return value

    async def _transaction(self, work: Work[T], begin: str) -> tuple[T, PostgresTx]:
        connections = self._connections
        if connections is None:
            raise StoreUnavailable("the store is not started")
        try:
            lease = await connections.begin(begin)
            try:
                tx = PostgresTx(lease)
                value = await work(tx)
                if begin != _BEGIN_READ:
                    _check_before_commit(tx)
                # After a failed statement the server answers COMMIT with a rollback, and no error.
                if await lease.driver.execute("COMMIT") != "COMMIT":
                    raise CommitRefused("a statement had failed and the command went on")
            except BaseException:
                await connections.undo(lease)
                raise
            await connections.end(lease)
        except DRIVER_ERRORS as error:
            _raise_translated(error)
        return value, tx

    async def dedicated_connection(self) -> Any:
        """A driver connection beside the others, for an advisory lock or LISTEN; the caller closes it."""
        if self._engine is None:
            raise StoreUnavailable("the store is not started")
        _, arguments = self._engine.dialect.create_connect_args(self._engine.url)
        return await asyncpg.connect(
            **arguments, timeout=10, server_settings={"application_name": "trialops"}
        )


def _check_before_commit(tx: PostgresTx) -> None:
    failpoint("pre_commit")
    if tx.oldest_guard is not None and monotonic() - tx.oldest_guard > GUARD_TO_COMMIT_SECONDS:
        raise GuardTooOld("the commit came too late after the guards were checked")


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
    if state.startswith(_UNAVAILABLE_CLASSES) or isinstance(cause, CONNECTION_LOST):
        raise StoreUnavailable(type(cause).__name__) from error
    raise error


def _driver_error(error: BaseException) -> BaseException:
    """The asyncpg or socket error that SQLAlchemy may have wrapped."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, (asyncpg.PostgresError, *CONNECTION_LOST)):
        cause = getattr(cause, "orig", None) or cause.__cause__
    return error if cause is None else cause

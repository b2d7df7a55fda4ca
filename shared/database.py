"""The store: one transaction per command on SQLite or PostgreSQL, behind one interface.

A command is an async function that takes a `Tx`. An edge hands it to `Database.write`, which runs it in one
transaction and returns only after the commit; nobody else commits. On SQLite there is exactly one writer
connection, in its own thread, which may put several waiting commands into one commit with a savepoint each
(`shared/sqlite_store.py`). On PostgreSQL every command has a pooled connection (`shared/postgres_store.py`).

Inside a transaction there are two ways to speak to the store and both use the same connection:
`Tx.execute` takes SQLAlchemy statements (readable, for most of the code), `Tx.fetch` takes driver SQL with
`$1` parameters (for the few statements that every event passes).
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol, TypeVar

import structlog
from sqlalchemy import CursorResult, Executable

from shared.clock import format_instant, parse_instant

log = structlog.get_logger(__name__)

T = TypeVar("T")
Dialect = Literal["sqlite", "postgresql"]
Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None
Row = Sequence[Any]

GUARD_TO_COMMIT_SECONDS = 5.0
"""Longest time between a guard's check and the commit that relies on it."""


class StoreError(Exception):
    """The store could not do its work; nothing of the command was kept."""


class StoreUnavailable(StoreError):
    """The database cannot be reached or gave up the connection; the same command may be tried again."""


class StoreConflict(StoreUnavailable):
    """The command lost against another one (deadlock, serialisation); the same command may be tried again."""


class StoreFull(StoreError):
    """The disk under the database is full; nothing is half-written."""


class GuardTooOld(StoreError):
    """More than `GUARD_TO_COMMIT_SECONDS` passed between a guard and its commit; the command was undone."""


class StoreInUse(StoreError):
    """Another process has this SQLite file open; a second one would break the one-writer rule."""


class CommitRefused(Exception):
    """The command went on after a statement of it had failed, so the store kept nothing of it."""


@dataclass(frozen=True, slots=True)
class Sql:
    """One driver statement in both dialects; parameters are `$1`, `$2`, ... in PostgreSQL's text."""

    postgresql: str
    sqlite: str = field(default="")

    def __post_init__(self) -> None:
        object.__setattr__(self, "sqlite", _to_sqlite(self.sqlite or self.postgresql))

    def text(self, dialect: Dialect) -> str:
        return self.postgresql if dialect == "postgresql" else self.sqlite


def _to_sqlite(text: str) -> str:
    without_casts = re.sub(r"::[a-z0-9_]+(\[\])?", "", text)
    without_locks = re.sub(r"\bFOR (UPDATE|SHARE)( OF \w+)?( SKIP LOCKED)?", "", without_casts)
    return re.sub(r"\$(\d+)", r"?\1", without_locks)


class Tx(Protocol):
    """One open transaction. It ends with the command: committed by the store, or undone by an exception."""

    @property
    def dialect(self) -> Dialect: ...

    async def execute(self, statement: Executable, parameters: Parameters = None) -> CursorResult[Any]:
        """Run one SQLAlchemy statement."""
        ...

    async def fetch(self, statement: Sql, *arguments: Any) -> list[Row]:
        """Run one driver statement and return every row it gives."""
        ...

    async def fetch_each(self, statement: Sql, arguments: Sequence[Sequence[Any]]) -> None:
        """Run one driver statement once per argument tuple, for its effect."""
        ...

    def savepoint(self) -> AbstractAsyncContextManager[None]:
        """A nested transaction: an exception inside undoes only what was done inside, and is raised on."""
        ...

    def after_commit(self, hook: Callable[[], None]) -> None:
        """Call `hook` in the event loop once the transaction is committed; never when it is not."""
        ...

    def announce(self) -> None:
        """Wake the relay once the transaction is committed: there are outbox rows to publish."""
        ...

    def rely_on_guard(self) -> None:
        """Refuse the commit if it comes more than `GUARD_TO_COMMIT_SECONDS` after this call."""
        ...


Work = Callable[[Tx], Awaitable[T]]


class Database(Protocol):
    """A service's own store. No service opens another's."""

    on_announced: Callable[[], None]
    """Called in the event loop after a commit that stored outbox rows; set by whoever runs the relay."""

    @property
    def dialect(self) -> Dialect: ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def write(self, work: Work[T]) -> T:
        """Run `work` in one transaction and return its value after the commit.

        Raises:
            StoreUnavailable, StoreFull, GuardTooOld: nothing was kept.
            Exception: whatever `work` raised; the transaction was undone.
        """
        ...

    async def read(self, work: Work[T]) -> T:
        """Run `work` in one read-only transaction that sees one state of the store."""
        ...


def run_hooks(hooks: Sequence[Callable[[], None]]) -> None:
    """Call what was to follow a commit. A hook that fails changes nothing: the command is committed."""
    for hook in hooks:
        try:
            hook()
        except Exception as error:
            log.error("after_commit_failed", error=type(error).__name__)


def listed(numbers: Iterable[int]) -> str:
    """Whole numbers as one text for PostgreSQL's `string_to_array($n, ',')`.

    The driver takes an array, too, but asks of each number in Python whether it is an array itself.
    """
    return ",".join(map(str, numbers))


def instant_parameter(tx: Tx, instant: datetime) -> datetime | str:
    """An instant as the driver of this store takes it (SQLite keeps UTC text)."""
    return instant if tx.dialect == "postgresql" else format_instant(instant)


def read_instant(value: Any) -> datetime:
    """An instant as either driver returns it."""
    return value if isinstance(value, datetime) else parse_instant(str(value))


def read_optional_instant(value: Any) -> datetime | None:
    return None if value is None else read_instant(value)

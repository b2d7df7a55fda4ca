"""Stores for tests: every test its own database, on SQLite and on PostgreSQL, made from one description."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import asyncpg
from sqlalchemy import MetaData
from sqlalchemy.engine import make_url

from shared.database import Database
from shared.ids import new_id
from shared.postgres_connections import postgres_engine
from shared.postgres_store import PostgresDatabase
from shared.sqlite_store import SqliteDatabase, sqlite_engine

StoreKind = Literal["sqlite", "postgresql"]
Build = Callable[[Any], None]
"""Creates a store's tables on a synchronous SQLAlchemy connection."""


def from_metadata(metadata: MetaData) -> Build:
    return metadata.create_all


def _sqlite_file(path: Path, build: Build) -> Path:
    """The file at `path`, with the tables of `build` if it is new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        engine = sqlite_engine(path)
        with engine.connect() as connection:
            build(connection)
            connection.commit()
        engine.dispose()
    return path


@asynccontextmanager
async def sqlite_store(folder: Path, build: Build, *, name: str = "store") -> AsyncIterator[SqliteDatabase]:
    """A started SQLite store in its own file."""
    database = SqliteDatabase(_sqlite_file(folder / f"{name}.sqlite3", build))
    await database.start()
    try:
        yield database
    finally:
        await database.stop()


class PostgresServer:
    """A server on which tests create databases, each a copy of a template that is built once."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self._templates: dict[str, str] = {}

    async def create(self, key: str, build: Build) -> str:
        """A new database with the tables of `build`; returns its URL. `key` names the template."""
        if key not in self._templates:
            template = f"template_{new_id().replace('-', '')}"
            await self._administer(f'CREATE DATABASE "{template}"')
            engine = postgres_engine(self._url_of(template))
            async with engine.connect() as connection:
                await connection.run_sync(build)
            await engine.dispose()
            self._templates[key] = template
        name = f"test_{new_id().replace('-', '')}"
        await self._administer(f'CREATE DATABASE "{name}" TEMPLATE "{self._templates[key]}"')
        return self._url_of(name)

    async def drop(self, url: str) -> None:
        await self._administer(f'DROP DATABASE IF EXISTS "{make_url(url).database}" WITH (FORCE)')

    def _url_of(self, database: str) -> str:
        return self._url.set(drivername="postgresql+asyncpg", database=database).render_as_string(
            hide_password=False
        )

    async def _administer(self, statement: str) -> None:
        plain = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        connection = await asyncpg.connect(plain)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@asynccontextmanager
async def postgres_store(server: PostgresServer, key: str, build: Build) -> AsyncIterator[PostgresDatabase]:
    """A started PostgreSQL store in its own database, dropped afterwards."""
    url = await server.create(key, build)
    database = PostgresDatabase(url)
    await database.start()
    try:
        yield database
    finally:
        await database.stop()
        await server.drop(url)


@asynccontextmanager
async def any_store(
    kind: StoreKind, folder: Path, server: PostgresServer | None, key: str, build: Build
) -> AsyncIterator[Database]:
    """A started store of either kind."""
    if kind == "sqlite":
        async with sqlite_store(folder, build, name=key) as database:
            yield database
        return
    assert server is not None
    async with postgres_store(server, key, build) as other:
        yield other


def let_guard_age(tx: Any, seconds: float) -> None:
    """Inside a command of either store: as if so many seconds had passed since it relied on its guard."""
    assert tx.oldest_guard is not None, "the command relies on no guard"
    tx.oldest_guard -= seconds


async def wait_until(
    condition: Callable[[], Any], *, seconds: float = 10.0, what: str = "the condition"
) -> None:
    """Wait for a condition (plain or async) instead of sleeping for a guessed time.

    Raises:
        AssertionError: it did not come true in time.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while True:
        result = condition()
        if asyncio.iscoroutine(result):
            result = await result
        if result:
            return
        if loop.time() > deadline:
            raise AssertionError(f"{what} did not come true in {seconds:g} s")
        await asyncio.sleep(0.005)

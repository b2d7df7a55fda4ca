"""Where a run happens: a scratch folder, and servers in containers that listen on 127.0.0.1 and end with it."""

import asyncio
import shutil
import socket
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import asyncpg

from shared.database import Database
from shared.ids import new_id
from shared.sqlite_store import sqlite_engine
from shared.stores import open_database
from shared.testing.docker_engine import docker_is_missing
from shared.testing.kafka_server import KafkaServer
from shared.testing.stores import PostgresServer, wait_until

POSTGRES_IMAGE = "postgres:17-bookworm"
START_SECONDS = 60.0
SQLITE, POSTGRESQL = "sqlite", "postgresql"
Build = Callable[[Any], None]
"""Makes a store's tables, and what is in them before a run, on a synchronous SQLAlchemy connection."""


@dataclass
class Surroundings:
    """What a benchmark may use; without Docker there is neither a PostgreSQL nor a Kafka."""

    folder: Path
    postgres: PostgresServer | None = None
    kafka: KafkaServer | None = None
    without_docker: str = ""
    _templates: dict[str, Path] = field(default_factory=dict)
    _topics: set[str] = field(default_factory=set)

    @property
    def stores(self) -> tuple[str, ...]:
        return (SQLITE,) if self.postgres is None else (SQLITE, POSTGRESQL)

    @asynccontextmanager
    async def store_url(self, kind: str, key: str, build: Build) -> AsyncIterator[str]:
        """A fresh copy of a store that `build` made once; `key` names it. It is gone afterwards."""
        if kind == POSTGRESQL:
            assert self.postgres is not None
            url = await self.postgres.create(key, build)
            try:
                yield url
            finally:
                await self.postgres.drop(url)
            return
        folder = self.folder / new_id()
        folder.mkdir()
        try:
            path = folder / f"{key}.sqlite3"
            await asyncio.to_thread(shutil.copyfile, self._template(key, build), path)
            yield f"sqlite:///{path}"
        finally:
            shutil.rmtree(folder)

    @asynccontextmanager
    async def store(self, kind: str, key: str, build: Build) -> AsyncIterator[Database]:
        """As `store_url`, opened the way a service opens it."""
        async with self.store_url(kind, key, build) as url, opened(url) as database:
            yield database

    async def empty_topics(self, topics: Sequence[str]) -> None:
        """Make these topics, or make them anew."""
        assert self.kafka is not None
        if known := self._topics & set(topics):
            await self.kafka.delete_topics(sorted(known))
        await self.kafka.create_topics(topics)
        self._topics |= set(topics)

    def _template(self, key: str, build: Build) -> Path:
        if key not in self._templates:
            path = self.folder / f"template-{key}.sqlite3"
            engine = sqlite_engine(path)
            with engine.connect() as connection:
                build(connection)
                connection.commit()
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            engine.dispose()
            self._templates[key] = path
        return self._templates[key]


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """The store at a URL, started."""
    database = open_database(url)
    await database.start()
    try:
        yield database
    finally:
        await database.stop()


def plain_sqlite(url: str) -> sqlite3.Connection:
    """The standard library's connection to a store, as durable as ours; transactions are begun by hand."""
    connection = sqlite3.connect(
        url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False
    )
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def plain_url(url: str) -> str:
    """A PostgreSQL store's URL as the driver alone takes it."""
    return url.replace("postgresql+asyncpg://", "postgresql://", 1)


@asynccontextmanager
async def surroundings(*, docker: bool) -> AsyncIterator[Surroundings]:
    """A scratch folder and, where wanted and possible, a PostgreSQL and a Kafka; all removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="trialops-benchmarks-"))
    async with AsyncExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        reason = docker_is_missing() if docker else "not asked for"
        if reason:
            yield Surroundings(folder, without_docker=reason)
            return
        container = PostgresContainer()
        stack.callback(_gone, container.remove)
        broker = KafkaServer()
        stack.callback(_gone, broker.remove)
        container.run()
        broker.run()
        await container.wait()
        await broker.wait()
        yield Surroundings(folder, postgres=PostgresServer(container.url), kafka=broker)


def _gone(remove: Callable[[], None]) -> None:
    """Remove a container; one that somebody else has removed is gone too, and costs no figures."""
    with suppress(import_module("docker").errors.NotFound):
        remove()


class PostgresContainer:
    """A server with the image's own settings: every commit reaches the disk before it is answered."""

    def __init__(self) -> None:
        self._docker: Any = import_module("docker").from_env(timeout=60)
        self._password = new_id()
        self._port = free_port()
        self._container: Any = None

    @property
    def url(self) -> str:
        return f"postgresql://postgres:{self._password}@127.0.0.1:{self._port}/postgres"

    def run(self) -> None:
        self._container = self._docker.containers.run(
            POSTGRES_IMAGE,
            detach=True,
            name=f"trialops-benchmark-postgres-{new_id()}",
            environment={"POSTGRES_PASSWORD": self._password},
            ports={"5432/tcp": ("127.0.0.1", self._port)},
            shm_size="256m",
        )

    async def wait(self) -> None:
        await wait_until(self._answers, seconds=START_SECONDS, what="an answer of PostgreSQL")

    async def _answers(self) -> bool:
        try:
            connection = await asyncpg.connect(self.url, timeout=2)
        except (OSError, asyncpg.PostgresError, TimeoutError):
            await asyncio.sleep(0.2)
            return False
        await connection.close()
        return True

    def remove(self) -> None:
        if self._container is not None:
            self._container.remove(force=True, v=True)
            self._container = None
        self._docker.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port

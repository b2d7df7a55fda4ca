"""All three services together, driven through their HTTP APIs, in the shapes in which they are run."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from deploy.trialops.demonstrate import served
from deploy.trialops.home import Home
from deploy.trialops.installation import PROGRAMS, Installation, Place
from shared.migrations import upgrade_on
from shared.settings import Environment
from shared.testing.kafka_server import KafkaServer
from shared.testing.stores import PostgresServer
from tests.journeys.world import TOPICS, World

pytest.register_assert_rewrite("tests.journeys.race", "tests.journeys.handover")

if TYPE_CHECKING:
    from tests.journeys.handover import Handover

ON_KAFKA = pytest.param("postgresql-kafka", marks=[pytest.mark.postgres, pytest.mark.kafka])
SHAPES = [
    "sqlite-direct",
    pytest.param("postgresql-direct", marks=pytest.mark.postgres),
    ON_KAFKA,
]
Make = Callable[..., AbstractAsyncContextManager[World]]


@pytest.fixture
def installation_in(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """Make a running installation of a given shape, `settings` as of `Place`; it ends with its block."""

    @asynccontextmanager
    async def make(shape: str, **settings: Any) -> AsyncIterator[World]:
        async with AsyncExitStack() as stack:
            place = Place(folder=tmp_path, environment=Environment.DEMONSTRATION, **settings)
            broker = None
            if shape.startswith("postgresql"):
                place = replace(place, store_urls=await _stores(request, stack))
            if shape.endswith("kafka"):
                broker = await _broker(request, stack)
                place = replace(place, kafka_bootstrap_servers=broker.connection().bootstrap_servers)
            home = Home(tmp_path)
            home.ensure_key()
            installation = Installation(place)
            if place.store_urls is None:
                installation.migrate()
            url = await stack.enter_async_context(served(installation))
            client = await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=60))
            yield World(installation, url, client, home, broker)

    return make


@pytest.fixture(params=SHAPES)
async def world(request: pytest.FixtureRequest, installation_in: Make) -> AsyncIterator[World]:
    """A running installation, in each shape."""
    async with installation_in(request.param) as running:
        yield running


@pytest.fixture
async def embedded(installation_in: Make) -> AsyncIterator[World]:
    """A running installation on SQLite and the direct transport."""
    async with installation_in("sqlite-direct") as running:
        yield running


@pytest.fixture(params=SHAPES[:2])
async def handover(
    request: pytest.FixtureRequest, installation_in: Make, tmp_path: Path
) -> "AsyncIterator[Handover]":
    """A trial that comes from another system, over each store."""
    from tests.journeys.handover import handed

    async with installation_in(request.param) as world:
        yield await handed(world, tmp_path)


@pytest.fixture
async def embedded_handover(embedded: World, tmp_path: Path) -> "Handover":
    """A trial that comes from another system, on SQLite."""
    from tests.journeys.handover import handed

    return await handed(embedded, tmp_path)


@pytest.fixture(scope="session")
def kafka_container(docker_engine: None) -> Iterator[KafkaServer]:
    """One broker for all journeys; each has the topics to itself."""
    server = KafkaServer()
    server.run()
    try:
        yield server
    finally:
        server.remove()


async def _broker(request: pytest.FixtureRequest, stack: AsyncExitStack) -> KafkaServer:
    """The broker with empty topics; with them go the consumer groups' offsets."""
    broker: KafkaServer = request.getfixturevalue("kafka_container")
    await broker.wait()
    await broker.create_topics(TOPICS)
    stack.push_async_callback(broker.delete_topics, TOPICS)
    return broker


async def _stores(request: pytest.FixtureRequest, stack: AsyncExitStack) -> dict[str, str]:
    """A PostgreSQL database per service, migrated, dropped afterwards."""
    server: PostgresServer = request.getfixturevalue("postgres_server")
    urls = {}
    for name, program in PROGRAMS.items():
        migrations = program.folder / "store" / "migrations"
        urls[name] = await server.create(f"journey-{name}", partial(_migrate, migrations))
        stack.push_async_callback(server.drop, urls[name])
    return urls


def _migrate(folder: Path, connection: Any) -> None:
    upgrade_on(connection, folder)

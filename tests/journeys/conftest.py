"""All three services together, driven through their HTTP APIs, in the shapes in which they are run."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.trialops.demo.hospital import Hospitals
from deploy.trialops.demo.office import Office, read_protocol
from deploy.trialops.demo.play import FIRST_DAY
from deploy.trialops.demo.stage import Stage
from deploy.trialops.demo.timeline import Timeline
from deploy.trialops.home import Home
from deploy.trialops.installation import PROGRAMS, Installation, Place
from shared.migrations import upgrade_on
from shared.settings import Environment
from shared.testing.kafka_server import KafkaServer
from shared.testing.stores import PostgresServer

SHAPES = [
    "sqlite-direct",
    pytest.param("postgresql-direct", marks=pytest.mark.postgres),
    pytest.param("postgresql-kafka", marks=[pytest.mark.postgres, pytest.mark.kafka]),
]


@dataclass
class World:
    """A running installation and the people around it."""

    installation: Installation
    client: httpx.AsyncClient
    home: Home

    def stage(self) -> Stage:
        return Stage(self.client, self.home)

    async def opened_trial(self) -> "Trial":
        """The example trial, open at five hospitals, with 50 mg/m2 of stratum I open for six."""
        stage, timeline = self.stage(), Timeline()
        office, hospitals = Office(stage, timeline, "PBTC042"), Hospitals(stage, timeline, "PBTC042")
        await stage.move_to(FIRST_DAY)
        await office.set_up(read_protocol())
        await stage.move_to(FIRST_DAY + timedelta(days=1))
        await office.decide("stratum-1", "open_level", 1, "opens 50 mg/m2 of stratum I", places=6)
        return Trial(stage, office, hospitals)


@dataclass
class Trial:
    stage: Stage
    office: Office
    hospitals: Hospitals


Make = Callable[..., Any]


@pytest.fixture
def installation_in(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """Make a running installation of a given shape; it ends with the test."""

    @asynccontextmanager
    async def make(shape: str, **settings: Any) -> AsyncIterator[World]:
        async with AsyncExitStack() as stack:
            place = await _place(shape, tmp_path, request, stack)
            home = Home(tmp_path)
            home.ensure_key()
            installation = Installation(replace(place, **settings))
            if shape.startswith("sqlite"):
                installation.migrate()
            await installation.start()
            stack.push_async_callback(installation.stop)
            transport = httpx.ASGITransport(app=installation.app, raise_app_exceptions=False)
            client = httpx.AsyncClient(transport=transport, base_url="http://test", timeout=60)
            await stack.enter_async_context(client)
            yield World(installation, client, home)

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


def _migrate(folder: Path, connection: Any) -> None:
    upgrade_on(connection, folder)


async def _place(shape: str, folder: Path, request: pytest.FixtureRequest, stack: AsyncExitStack) -> Place:
    place = Place(folder=folder, environment=Environment.DEMONSTRATION)
    if shape.startswith("postgresql"):
        server: PostgresServer = request.getfixturevalue("postgres_server")
        urls = {}
        for name, program in PROGRAMS.items():
            migrations = program.folder / "store" / "migrations"
            urls[name] = await server.create(f"journey-{name}", partial(_migrate, migrations))
            stack.push_async_callback(server.drop, urls[name])
        place = replace(place, store_urls=urls)
    if shape.endswith("kafka"):
        request.getfixturevalue("docker_engine")
        broker = KafkaServer()
        stack.callback(broker.remove)
        broker.run()
        await broker.wait()
        await broker.create_topics([f"{name}.events.v1" for name in PROGRAMS])
        place = replace(place, kafka_bootstrap_servers=broker.connection().bootstrap_servers)
    return place

"""The safety service running over a store, with a trial, a site and participants told to it by event."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.safety.app import definition
from shared.database import Database
from shared.migrations import upgrade_on
from shared.testing.running import Running, running_service, settings_for_tests
from shared.testing.stores import any_store
from tests.safety.protocol import protocol
from tests.safety.world import OMIT, World

MIGRATIONS = Path(__file__).parents[2] / "services" / "safety" / "store" / "migrations"


@pytest.fixture
def omit() -> object:
    return OMIT


@pytest.fixture
def protocol_with() -> Any:
    return protocol


@pytest.fixture
async def safety_store(store_kind: Any, store_server: Any, tmp_path: Path) -> AsyncIterator[Database]:
    """A started store of the safety service, made by its migrations."""

    def build(connection: Any) -> None:
        upgrade_on(connection, MIGRATIONS)

    async with any_store(store_kind, tmp_path, store_server, "safety", build) as database:
        yield database


@pytest.fixture
async def running(safety_store: Database) -> AsyncIterator[Running]:
    async with running_service(definition(settings_for_tests("safety")), safety_store) as running:
        yield running


@pytest.fixture
async def quiet_world(running: Running) -> World:
    """A running service that has heard nothing."""
    return World(running)


@pytest.fixture
async def world(quiet_world: World) -> World:
    """A running service that knows the trial EP01 and its site 012."""
    await quiet_world.open_trial()
    return quiet_world

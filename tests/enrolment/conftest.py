"""The enrolment service running over a store, with a trial that the sponsor and safety tell it about by event."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.database import Database
from shared.migrations import upgrade_on
from shared.testing.stores import any_store
from tests.enrolment.world import World, enrolment_world

MIGRATIONS = Path(__file__).parents[2] / "services" / "enrolment" / "store" / "migrations"


def codes(answer: httpx.Response) -> list[str]:
    """Codes of every failing guard that a refusal names."""
    return [guard["code"] for guard in answer.json()["guards"]]


@pytest.fixture
def codes_of() -> Any:
    return codes


@pytest.fixture
async def database(store_kind: Any, store_server: Any, tmp_path: Path) -> AsyncIterator[Database]:
    """A migrated store of this service."""

    def build(connection: Any) -> None:
        upgrade_on(connection, MIGRATIONS)

    async with any_store(store_kind, tmp_path / "enrolment", store_server, "enrolment", build) as store:
        yield store


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    """The service, with nothing heard yet."""
    async with enrolment_world(database) as made:
        yield made


@pytest.fixture
async def trial(world: World) -> World:
    """The service with an open trial, three sites and six places at level 1."""
    await world.set_up()
    return world


@pytest.fixture
def make_world() -> Any:
    """For tests that open their own stores."""
    return enrolment_world

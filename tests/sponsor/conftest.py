"""The trial office's service over a migrated store, and a trial in it."""

import json
from collections.abc import AsyncIterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from services.sponsor.app import definition
from services.sponsor.events.examples import EXAMPLE_PROTOCOL
from shared.database import Database
from shared.migrations import upgrade_on
from shared.testing.running import Running, running_service, settings_for_tests
from shared.testing.stores import any_store
from tests.sponsor.office import Json, Office, recruiting_office, registered_office

REPOSITORY = Path(__file__).parents[2]
MIGRATIONS = REPOSITORY / "services" / "sponsor" / "store" / "migrations"
REPLAYED = REPOSITORY / "deploy" / "trialops" / "demo" / "pbtc042.protocol.json"


def migrate(connection: Connection) -> None:
    upgrade_on(connection, MIGRATIONS)


@pytest.fixture
async def store(store_kind: Any, store_server: Any, tmp_path: Path) -> AsyncIterator[Database]:
    """A started store of the sponsor service, made by its migrations."""
    async with any_store(store_kind, tmp_path, store_server, "sponsor", migrate) as database:
        yield database


@pytest.fixture
async def running(store: Database) -> AsyncIterator[Running]:
    async with running_service(definition(settings_for_tests("sponsor")), store) as running:
        yield running


@pytest.fixture
def protocol() -> Json:
    """A complete protocol file: an escalation with levels 50 and 75, and an expansion at 75."""
    return deepcopy(EXAMPLE_PROTOCOL)


@pytest.fixture
def replayed_protocol() -> Json:
    """The protocol file of the published trial that is replayed."""
    stated: Json = json.loads(REPLAYED.read_text(encoding="utf-8"))
    return stated


@pytest.fixture
async def new_office(running: Running, protocol: Json) -> Office:
    return await registered_office(running, protocol)


@pytest.fixture
async def office(running: Running, protocol: Json) -> Office:
    return await recruiting_office(running, protocol)

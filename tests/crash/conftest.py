"""A trial prepared once, copied for each test, and an installation in a process of its own on the copy."""

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from deploy.trialops.demo.hospital import Registered, Screened
from deploy.trialops.home import Home
from deploy.trialops.installation import PROGRAMS
from shared.migrations import upgrade_on
from shared.testing.kafka_server import KafkaServer
from shared.testing.stores import PostgresServer
from tests.crash.ledger import assert_books_are_clean
from tests.crash.network import Network
from tests.crash.served import Served
from tests.crash.story import Trial, child, children_at_risk, everybody, open_trial, screened_with_place


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.crash)


@dataclass(frozen=True)
class Prepared:
    """The files of an opened trial: six places at the lowest level, two dosed children, the first had a DLT.

    A third child waits with a reserved place.
    """

    home: Path
    one: Registered
    other: Registered
    waiting: Screened
    slot_id: str


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    home = tmp_path_factory.mktemp("prepared")
    served = Served(home)
    served.home.ensure_key()
    try:
        async with AsyncExitStack() as stack:
            await served.start()
            trial = await everybody(served.url, served.home, stack)
            await open_trial(trial)
            one, other = await children_at_risk(trial)
            waiting, slot_id = await screened_with_place(trial, child(3, "003"))
            await assert_books_are_clean(trial)
        assert await served.stop() == 0, served.said()
    finally:
        served.end()
    return Prepared(home, one, other, waiting, slot_id)


@pytest.fixture
def served(prepared: Prepared, tmp_path: Path) -> Iterator[Served]:
    """An installation on a copy of the prepared trial; not started yet."""
    home = tmp_path / "home"
    shutil.copytree(prepared.home, home)
    installation = Served(home)
    try:
        yield installation
    finally:
        installation.end()


@pytest.fixture
async def trial(served: Served) -> AsyncIterator[Trial]:
    """The people around `served`, whether it runs just now or not."""
    async with AsyncExitStack() as stack:
        yield await everybody(served.url, served.home, stack)


def _migrate(folder: Path, connection: Any) -> None:
    upgrade_on(connection, folder)


@pytest.fixture
async def network(
    postgres_server: PostgresServer, docker_engine: None, tmp_path: Path
) -> AsyncIterator[Network]:
    """Databases and topics of the three services; no process yet."""
    home = Home(tmp_path)
    home.ensure_key()
    broker = KafkaServer()
    async with AsyncExitStack() as stack:
        stack.callback(broker.remove)
        broker.run()
        urls = {}
        for name, program in PROGRAMS.items():
            build = partial(_migrate, program.folder / "store" / "migrations")
            urls[name] = await postgres_server.create(f"crash-{name}", build)
            stack.push_async_callback(postgres_server.drop, urls[name])
        await broker.wait()
        await broker.create_topics([*(f"{name}.events.v1" for name in PROGRAMS), "enrolment.unblinded.v1"])
        made = Network(home, urls, broker.connection().bootstrap_servers)
        stack.callback(made.end)
        yield made

"""A trial prepared once, copied for each test, and an installation in a process of its own on the copy."""

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from deploy.trialops.demo.hospital import Registered, Screened
from tests.crash.ledger import assert_books_are_clean
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

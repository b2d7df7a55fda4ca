"""Killed half-way through bringing the stores to the newest schema: the next start finishes, and nothing is lost."""

import signal
from contextlib import AsyncExitStack
from pathlib import Path

from shared.failpoints import FAILPOINT_VARIABLE
from tests.crash import ledger
from tests.crash.conftest import Prepared
from tests.crash.served import Served, ended, spawn
from tests.crash.story import Trial, everybody, join, level_state, open_trial

KILLED_AFTER = (40, 100, 130)
"""Numbers of statements that fall in the first, the second and the third store, as each start finds them."""


async def _migrate(home: Path, failpoint: str | None = None) -> int:
    environ = {} if failpoint is None else {FAILPOINT_VARIABLE: failpoint}
    process = spawn(home / "migrate.log", "deploy.trialops", "migrate", "--home", str(home), environ=environ)
    return await ended(process)


async def test_a_first_migration_killed_in_each_store_finishes_when_it_is_started_again(
    tmp_path: Path,
) -> None:
    for statement in KILLED_AFTER:
        assert await _migrate(tmp_path, f"migrate_mid:{statement}") == -signal.SIGKILL

    assert await _migrate(tmp_path) == 0, (tmp_path / "migrate.log").read_text()

    served = Served(tmp_path)
    served.home.ensure_key()
    try:
        async with AsyncExitStack() as stack:
            await served.start()
            trial = await everybody(served.url, served.home, stack)
            await open_trial(trial)
            assert await level_state(trial) == "open"
            await ledger.assert_books_are_clean(trial)
        assert await served.stop() == 0
    finally:
        served.end()


async def test_a_migration_killed_over_a_store_with_records_keeps_them(
    served: Served, trial: Trial, prepared: Prepared
) -> None:
    home = served.home.folder
    before = ledger.rows(home, "safety", "SELECT event_id FROM outbox ORDER BY seq")
    assert await _migrate(home, "migrate_mid:2") == -signal.SIGKILL

    await served.start()

    await join(trial)
    assert await level_state(trial) == "open"
    await ledger.assert_books_are_clean(trial)
    assert await served.stop() == 0
    after = ledger.rows(home, "safety", "SELECT event_id FROM outbox ORDER BY seq")
    assert after[: len(before)] == before
    await ledger.assert_files_are_clean(home)

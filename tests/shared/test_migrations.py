"""Migrating a store: in one transaction, by one at a time, from the beginning again after a kill."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from shared.migrations import upgrade
from shared.sqlite_store import sqlite_engine

MIGRATIONS = Path(__file__).parents[2] / "services" / "sponsor" / "store" / "migrations"


@pytest.fixture
async def url(store_kind: Any, store_server: Any, tmp_path: Path) -> Any:
    """A store without tables."""
    if store_kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.sqlite3'}"
        return
    made = await store_server.create("empty", lambda _: None)
    yield made
    await store_server.drop(made)


async def tables_of(url: str) -> set[str]:
    if url.startswith("sqlite"):
        engine = sqlite_engine(Path(url.removeprefix("sqlite:///")))
        with engine.connect() as connection:
            rows = connection.exec_driver_sql(
                "SELECT name FROM sqlite_master WHERE type = 'table'"
            ).fetchall()
        engine.dispose()
        return {name for (name,) in rows}
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    reading = await asyncpg.connect(plain)
    try:
        found = await reading.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    finally:
        await reading.close()
    return {row["tablename"] for row in found}


async def test_two_at_once_do_it_once(url: str) -> None:
    await asyncio.gather(*(asyncio.to_thread(upgrade, url, MIGRATIONS) for _ in range(3)))

    assert {"outbox", "audit", "alembic_version"} <= await tables_of(url)


@pytest.mark.crash
async def test_a_killed_migration_leaves_nothing_and_is_done_again(url: str) -> None:
    call = f"import pathlib, shared.migrations as m; m.upgrade({url!r}, pathlib.Path({str(MIGRATIONS)!r}))"

    killed = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", call],
        env=os.environ | {"TRIALOPS_FAILPOINT": "migrate_mid:40", "PYTHONPATH": str(Path.cwd())},
        timeout=60,
    )

    assert killed.returncode == -signal.SIGKILL
    assert await tables_of(url) == set()
    await asyncio.to_thread(upgrade, url, MIGRATIONS)
    assert "outbox" in await tables_of(url)

"""A store from before the warnings warns of what is held already, a day before it ends, and of nothing else."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine

from shared.clock import format_instant
from shared.migrations import upgrade_on

MIGRATIONS = Path(__file__).parents[3] / "services" / "enrolment" / "store" / "migrations"
AT = "2026-01-01T00:00:00.000000Z"
HELD_UNTIL = "2026-01-04T12:00:00.000000Z"
WARNED_AT = "2026-01-03T12:00:00.000000Z"


def slot(connection: Any, name: str, state: str, expires_at: str | None) -> None:
    until = f"'{expires_at}'" if expires_at else "NULL"
    connection.execute(
        text(
            "INSERT INTO slot (id, trial_id, part, level, origin, decision_id, opened_at, state, screening_id,"
            " expires_at, causes, succession, refusal) VALUES"
            f" ('{name}', 't', 'x', 1, 'decision', 'd', '{AT}', '{state}', '{name}', {until}, '[]', 'not_due', 'none')"
        )
    )


def check(connection: Any) -> None:
    upgrade_on(connection, MIGRATIONS, "0009_doses")
    for name, state in (
        ("offered", "offered"),
        ("reserved", "reserved"),
        ("stands", "frozen"),
        ("over", "expired"),
    ):
        slot(connection, name, state, HELD_UNTIL)
    slot(connection, "free", "open", None)

    upgrade_on(connection, MIGRATIONS, "0010_finder")

    rows = connection.execute(text("SELECT id, warn_at, warned_for FROM slot")).all()
    armed = {
        name: warn_at for name, warn_at, warned_for in rows if warn_at is not None and warned_for is None
    }
    assert set(armed) == {"offered", "reserved"}
    for warn_at in armed.values():
        assert (warn_at if isinstance(warn_at, str) else format_instant(warn_at)) == WARNED_AT


def test_sqlite_arms_the_warnings_of_what_is_held(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/store.sqlite3")
    with engine.begin() as connection:
        check(connection)


@pytest.mark.postgres
async def test_postgresql_arms_the_warnings_of_what_is_held(postgres_server: Any) -> None:
    engine = create_async_engine(await postgres_server.create("enrolment-warnings", lambda _connection: None))
    async with engine.connect() as connection:
        await connection.run_sync(check)
        await connection.rollback()
    await engine.dispose()

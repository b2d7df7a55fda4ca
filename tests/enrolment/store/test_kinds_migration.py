"""A store from before kinds of trial keeps what it has, and learns the targets that its copies spoke of."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import create_async_engine

from shared.migrations import upgrade_on

MIGRATIONS = Path(__file__).parents[3] / "services" / "enrolment" / "store" / "migrations"
TERMS = {"parts": [{"part": "escalation", "target": None}, {"part": "expansion", "target": 12}]}
AT = "2026-01-01T00:00:00.000000Z"


def before(connection: Any) -> None:
    upgrade_on(connection, MIGRATIONS, "0004_delegation_of_person")
    connection.execute(
        text(
            "INSERT INTO protocol_copy (trial_id, protocol_version, protocol_sha256, effective_at, levels,"
            f" slot_policy, terms) VALUES ('t', '1.0', '', '{AT}', '[]', '{{}}', :terms)"
        ),
        {"terms": json.dumps(TERMS)},
    )
    participant(connection, "p1", "'slot-1'")


def participant(connection: Any, name: str, slot_id: str) -> None:
    connection.execute(
        text(
            "INSERT INTO participant (id, trial_id, number, site_number, screening_id, registration_id, slot_id,"
            " part, stratum, level, dose, unit, decision_id, rule_cell, protocol_version, registered_at, stopped,"
            f" replacement, halts_seen_late) VALUES ('{name}', 't', '{name}', '012', '{name}', '{name}', {slot_id},"
            f" 'x', '', 0, '', '', '', '', '1.0', '{AT}', '[]', 'none', '[]')"
        )
    )


def after(connection: Any) -> tuple[str, list[str | None]]:
    upgrade_on(connection, MIGRATIONS, "0005_kinds")
    participant(connection, "p2", "NULL")
    participant(connection, "p3", "NULL")
    (targets,) = connection.execute(text("SELECT targets FROM protocol_copy")).scalars()
    slots = connection.execute(text("SELECT slot_id FROM participant ORDER BY id")).scalars()
    return str(targets), list(slots)


def check(connection: Any) -> None:
    before(connection)

    targets, slots = after(connection)

    assert json.loads(targets) == [["expansion", 12, "refuse", None]]
    assert slots == ["slot-1", None, None]
    with pytest.raises(IntegrityError):
        participant(connection, "p4", "'slot-1'")


def test_sqlite_keeps_its_places_unique_and_learns_its_targets(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/store.sqlite3")
    with engine.begin() as connection:
        check(connection)


@pytest.mark.postgres
async def test_postgresql_keeps_its_places_unique_and_learns_its_targets(postgres_server: Any) -> None:
    engine = create_async_engine(await postgres_server.create("enrolment-kinds", lambda _connection: None))
    async with engine.connect() as connection:
        await connection.run_sync(check)
        await connection.rollback()
    await engine.dispose()

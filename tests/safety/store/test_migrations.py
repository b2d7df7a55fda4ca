from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from services.safety.store import copies, tables
from services.safety.store.base import METADATA
from shared.database import Database, Sql
from shared.migrations import upgrade
from shared.postgres_connections import postgres_engine
from shared.postgres_store import PostgresDatabase
from shared.sqlite_store import sqlite_engine

MIGRATIONS = Path(__file__).parents[3] / "services" / "safety" / "store" / "migrations"


def _differences(connection: Any) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, METADATA))


async def test_a_migrated_store_has_the_tables_of_the_code(safety_store: Database, tmp_path: Path) -> None:
    assert copies.ProtocolCopy.metadata is METADATA
    assert tables.AlertRow.metadata is METADATA

    if isinstance(safety_store, PostgresDatabase):
        engine = postgres_engine(safety_store.url)
        async with engine.connect() as connection:
            differences = await connection.run_sync(_differences)
        await engine.dispose()
    else:
        plain = sqlite_engine(tmp_path / "safety.sqlite3")
        with plain.connect() as reading:
            differences = _differences(reading)
            assert set(inspect(reading).get_table_names()) == {*METADATA.tables, "alembic_version"}
        plain.dispose()

    assert differences == []


async def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.sqlite3'}"

    upgrade(url, MIGRATIONS)
    upgrade(url, MIGRATIONS)

    assert (tmp_path / "store.sqlite3").exists()


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'x'", "DELETE FROM audit"])
async def test_an_audit_row_is_never_changed(world: Any, safety_store: Database, statement: str) -> None:
    await world.reported()
    before = await world.audited()

    with pytest.raises(Exception, match="audit rows are never changed"):
        await safety_store.write(lambda tx: tx.fetch(Sql(statement)))

    assert before
    assert await world.audited() == before

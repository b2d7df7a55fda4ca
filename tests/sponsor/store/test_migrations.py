from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from services.sponsor.store.base import METADATA
from services.sponsor.store.copies import COPIES
from shared.database import Database, Sql
from shared.postgres_connections import postgres_engine
from shared.postgres_store import PostgresDatabase
from shared.sqlite_store import SqliteDatabase, sqlite_engine


def _differences(connection: Connection) -> list[Any]:
    found: list[Any] = compare_metadata(
        MigrationContext.configure(connection, opts={"compare_type": True}), METADATA
    )
    return [one for one in found if "alembic_version" not in str(one)]


async def test_a_migrated_store_is_exactly_what_the_row_classes_describe(store: Database) -> None:
    if isinstance(store, SqliteDatabase):
        engine = sqlite_engine(store.path)
        with engine.connect() as connection:
            assert _differences(connection) == []
        engine.dispose()
        return
    assert isinstance(store, PostgresDatabase)
    other = postgres_engine(store.url)
    async with other.connect() as there:
        assert await there.run_sync(_differences) == []
    await other.dispose()


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'other'", "DELETE FROM audit"])
async def test_nobody_changes_or_removes_an_audit_row(statement: str, office: Any, store: Database) -> None:
    rows = await office.running.audit_rows()

    with pytest.raises(Exception, match="never changed"):
        await store.write(lambda tx: tx.fetch(Sql(statement)))

    assert await office.running.audit_rows() == rows > 0


def test_the_copies_that_a_rebuild_clears_are_all_the_copies() -> None:
    assert set(COPIES) == {name for name in METADATA.tables if name.endswith("_copy")}

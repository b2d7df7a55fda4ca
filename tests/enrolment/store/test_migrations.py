"""The migrated schema is the metadata, and the audit is append-only, on both stores."""

from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from services.enrolment.store.tables import METADATA
from shared.migrations import upgrade_on

MIGRATIONS = Path(__file__).parents[3] / "services" / "enrolment" / "store" / "migrations"


def differences(connection: Any) -> list[Any]:
    upgrade_on(connection, MIGRATIONS)
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": False}
    )
    return list(compare_metadata(context, METADATA))


def audit_refuses(connection: Any, statement: str) -> None:
    with pytest.raises(DBAPIError, match="never changed"):
        connection.execute(text(statement))


def write_one_audit_row(connection: Any) -> None:
    connection.execute(
        text(
            "INSERT INTO audit (aggregate_id, n, action, actor, actor_role, at, domain_at, demonstration,"
            " correlation_id, salt, commitment, hash) VALUES ('a', 1, 'x', 'x', 'x', '2026-01-01T00:00:00Z',"
            " '2026-01-01T00:00:00Z', 0, 'c', '', '', '')"
        )
    )


def test_sqlite_has_exactly_the_tables_of_the_metadata(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/store.sqlite3")
    with engine.begin() as connection:
        assert differences(connection) == []


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'y'", "DELETE FROM audit"])
def test_sqlite_refuses_to_change_the_audit(tmp_path: Path, statement: str) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/store.sqlite3")
    with engine.begin() as connection:
        upgrade_on(connection, MIGRATIONS)
        write_one_audit_row(connection)
        audit_refuses(connection, statement)


@pytest.mark.postgres
async def test_postgresql_has_exactly_the_tables_of_the_metadata(postgres_server: Any) -> None:
    url = await postgres_server.create("enrolment-empty", lambda _connection: None)
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            assert await connection.run_sync(differences) == []
    finally:
        await engine.dispose()
        await postgres_server.drop(url)


@pytest.mark.postgres
@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'y'", "DELETE FROM audit", "TRUNCATE audit"])
async def test_postgresql_refuses_to_change_the_audit(postgres_server: Any, statement: str) -> None:
    def build(connection: Any) -> None:
        upgrade_on(connection, MIGRATIONS)

    url = await postgres_server.create("enrolment-audit", build)
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(write_one_audit_row)
            await connection.run_sync(audit_refuses, statement)
    finally:
        await engine.dispose()
        await postgres_server.drop(url)

"""Bringing a service's store to the newest schema, with Alembic, in one transaction.

There is no way back: no migration has a `downgrade`, and a store is restored from a backup.
"""

import asyncio
from pathlib import Path

from alembic import command, context
from alembic.config import Config
from sqlalchemy import Connection, MetaData, NullPool, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from shared.failpoints import failpoint

LOCK_SECONDS = 60.0
"""How long a second migration of the same store waits for the first."""


def upgrade(url: str, folder: Path, revision: str = "head") -> None:
    """Run the migrations of `folder` that the store at `url` has not had yet."""
    if make_url(url).get_backend_name() == "sqlite":
        file = make_url(url).database
        if file:
            Path(file).parent.mkdir(parents=True, exist_ok=True)
        _upgrade_sqlite(url, folder, revision)
        return
    asyncio.run(_upgrade_postgresql(url, folder, revision))


def _upgrade_sqlite(url: str, folder: Path, revision: str) -> None:
    # The driver would begin nothing before a CREATE TABLE, and a killed migration would leave half a schema.
    engine = create_engine(
        url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args={"timeout": LOCK_SECONDS}
    )
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        upgrade_on(connection, folder, revision)
        connection.exec_driver_sql("COMMIT")
    engine.dispose()


async def _upgrade_postgresql(url: str, folder: Path, revision: str) -> None:
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.run_sync(upgrade_on, folder, revision)
    await engine.dispose()


def upgrade_on(connection: Connection, folder: Path, revision: str = "head") -> None:
    """Run the migrations on an open connection; the caller commits."""
    if connection.dialect.name == "postgresql":
        # Two at once: the second waits for the first's commit and then finds nothing to do.
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('migrations'))"))
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.attributes["connection"] = connection
    event.listen(connection, "after_cursor_execute", _between_statements)
    command.upgrade(config, revision)


def _between_statements(*_: object) -> None:
    failpoint("migrate_mid")


def run_from_env(metadata: MetaData) -> None:
    """What a service's `migrations/env.py` does."""
    connection: Connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()

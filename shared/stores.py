"""Opening a service's store by its URL."""

from pathlib import Path

from sqlalchemy.engine import make_url

from shared.database import Database
from shared.postgres_store import PostgresDatabase
from shared.sqlite_store import SqliteDatabase

DELIVERY_CONNECTIONS = 6


def open_database(url: str) -> Database:
    """The store at a URL, not started yet.

    Args:
        url: `sqlite:///path` or `postgresql+asyncpg://...`.

    Raises:
        ValueError: another kind of database.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        return SqliteDatabase(Path(parsed.database))
    if parsed.get_backend_name() == "postgresql":
        return PostgresDatabase(url)
    raise ValueError("the store is SQLite or PostgreSQL")


def delivery_store(database: Database) -> Database:
    """The store as relay, inboxes and timers use it, so that news never waits behind a crowd of requests.

    On PostgreSQL they have connections of their own, to be started and stopped by the caller. On SQLite one
    writer serves all, and takes everything that waits into its next commit.
    """
    return database.apart(DELIVERY_CONNECTIONS) if isinstance(database, PostgresDatabase) else database

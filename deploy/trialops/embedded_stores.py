"""The stores of an embedded installation: made for their owner alone, and named when one cannot be used."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from alembic.util import CommandError
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from deploy.trialops.home import HomeUnusable, usable
from shared.database import Database, Sql, StoreError, StoreInUse, Tx
from shared.migrations import upgrade
from shared.sqlite_store import create_private


def migrate_store(url: str, migrations: Path) -> None:
    """Bring one store to the newest schema; a new file is its owner's alone.

    Raises:
        HomeUnusable: the file cannot be written, is no store, or was made by a newer version.
    """
    file = _file_of(url)
    with named(url):
        if file is not None:
            with usable(file.parent):
                create_private(file)
        upgrade(url, migrations)


@contextmanager
def named(url: str) -> Iterator[None]:
    """Say which store failed.

    Raises:
        HomeUnusable: instead of what the driver, SQLAlchemy or Alembic raise.
    """
    where = _file_of(url) or make_url(url).render_as_string(hide_password=True)
    try:
        yield
    except StoreInUse:
        raise
    except CommandError:
        raise HomeUnusable(
            f"{where} has a schema that this version does not know; use the version that made it, or another"
            " folder with --home"
        ) from None
    except (SQLAlchemyError, StoreError, OSError) as error:
        cause = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise HomeUnusable(
            f"{where} cannot be used: {cause}; restore it from a backup or give this user the right to write"
            " it, or use another folder with --home"
        ) from None


async def forget_environment_of_empty(databases: Mapping[str, Database]) -> None:
    """Let stores without a single record be used in any environment, whatever was first tried on them.

    Args:
        databases: the three opened stores by their address. One with records keeps the mark of all.
    """
    for url, database in databases.items():
        with named(url):
            if await database.read(_has_records):
                return
    for database in databases.values():
        await database.write(_forget_environment)


async def _has_records(tx: Tx) -> bool:
    return bool(await tx.fetch(_RECORDS))


async def _forget_environment(tx: Tx) -> None:
    await tx.fetch(_FORGET)


def _file_of(url: str) -> Path | None:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        return Path(parsed.database)
    return None


# Every act leaves an audit row, and every fact that leaves a service an outbox row.
_RECORDS = Sql("SELECT 1 WHERE EXISTS (SELECT 1 FROM audit) OR EXISTS (SELECT 1 FROM outbox)")
_FORGET = Sql("DELETE FROM store_profile WHERE name = 'demonstration'")

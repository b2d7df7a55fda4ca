"""Rows of a service's own tables: SQLModel classes describe them, Core statements read and write them.

Commands never keep a row object: they load a domain value and save a domain value. So there is no session, no
identity map and no flush; each function here is one statement.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Executable, Table, insert, inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel

from shared.database import Dialect, Tx

Values = Mapping[str, Any]


def table_of(row: type[SQLModel]) -> Table:
    """The table that a row class describes."""
    table = inspect(row).local_table
    assert isinstance(table, Table)
    return table


async def insert_row(tx: Tx, table: Table, values: Values) -> None:
    """Add one row; a repeated key is the database's error."""
    await tx.execute(insert(table), dict(values))


async def insert_rows(tx: Tx, table: Table, rows: Sequence[Values]) -> None:
    """Add several rows in one statement."""
    if rows:
        await tx.execute(insert(table), [dict(row) for row in rows])


async def upsert_row(tx: Tx, table: Table, values: Values, *, keep: Sequence[str] = ()) -> None:
    """Add the row, or replace the one with its primary key.

    Args:
        tx: the transaction.
        table: with a primary key, every column of which is among `values`.
        values: the whole row.
        keep: columns that a replaced row keeps.
    """
    await tx.execute(_upsert(tx.dialect, table, tuple(values), tuple(keep)), dict(values))


async def insert_once(tx: Tx, table: Table, values: Values) -> bool:
    """Add the row unless one with its key or a unique column exists; say whether it was added."""
    first_key = next(iter(table.primary_key.columns))
    statement = _insert(tx.dialect, table).on_conflict_do_nothing().returning(first_key)
    result = await tx.execute(statement, dict(values))
    return result.first() is not None


@lru_cache(maxsize=1024)
def _upsert(dialect: Dialect, table: Table, names: tuple[str, ...], keep: tuple[str, ...]) -> Executable:
    """The statement alone: to build it anew for every row costs more than to run it."""
    key = [column.name for column in table.primary_key.columns]
    statement = _insert(dialect, table)
    replaced = {name: statement.excluded[name] for name in names if name not in key and name not in keep}
    if not replaced:
        return cast(Executable, statement.on_conflict_do_nothing(index_elements=key))
    return cast(Executable, statement.on_conflict_do_update(index_elements=key, set_=replaced))


def _insert(dialect: Dialect, table: Table) -> Any:
    return (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table)

"""Rows of a service's own tables: SQLModel classes describe them, the driver writes and reads them.

Commands never keep a row object: they load a domain value and save a domain value. So there is no session, no
identity map and no flush; each function here is one statement. Its text is built once per table and set of
columns, and each column's type says how its values are stored: that is what makes these functions as cheap as
a statement written by hand.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from sqlalchemy import Column, Table, inspect
from sqlalchemy.engine import make_url
from sqlmodel import SQLModel

from shared.database import Dialect, Row, Sql, Tx
from shared.writes import Write

Values = Mapping[str, Any]
Convert = Callable[[Any], Any]
"""Between a Python value and what the driver takes or gives."""

_DIALECTS: Mapping[Dialect, Any] = {
    "postgresql": make_url("postgresql+asyncpg://").get_dialect()(),
    "sqlite": make_url("sqlite://").get_dialect()(),
}


def table_of(row: type[SQLModel]) -> Table:
    """The table that a row class describes."""
    table = inspect(row).local_table
    assert isinstance(table, Table)
    return table


@dataclass(frozen=True)
class RowStatement:
    """Keeps rows of one table, however many, in one round trip; each row has a value for every name."""

    sql: Sql
    table: Table
    names: tuple[str, ...]

    async def __call__(self, tx: Tx, rows: Sequence[Values]) -> None:
        if rows:
            await tx.fetch_each(self.sql, [self.arguments(tx, row) for row in rows])

    async def one(self, tx: Tx, values: Values) -> list[Row]:
        """Keep one row; what the statement returns."""
        return await tx.fetch(self.sql, *self.arguments(tx, values))

    def write(self, tx: Tx, values: Values) -> Write:
        """To keep one row together with other changes."""
        return Write(self.sql, self.arguments(tx, values))

    def arguments(self, tx: Tx, values: Values) -> list[Any]:
        """A row's values as the store's driver takes them."""
        return [
            values[name] if convert is None else convert(values[name])
            for name, convert in self._writers[tx.dialect]
        ]

    @cached_property
    def _writers(self) -> Mapping[Dialect, Sequence[tuple[str, Convert | None]]]:
        return {
            dialect: [
                (name, self.table.c[name].type.dialect_impl(spoken).bind_processor(spoken))
                for name in self.names
            ]
            for dialect, spoken in _DIALECTS.items()
        }


def insertion(table: Table) -> RowStatement:
    """Adds whole rows; a repeated key is the database's error."""
    return _insertion(table, _names(table))


def upsert(table: Table, *, keep: Sequence[str] = ()) -> RowStatement:
    """Adds whole rows, or replaces those with the same key.

    Args:
        table: with a primary key.
        keep: columns that an existing row keeps.
    """
    return _upsert(table, _names(table), tuple(keep))


async def insert_row(tx: Tx, table: Table, values: Values) -> None:
    """Add one row, of which `values` may leave out what may be null; a repeated key is the database's error."""
    await _insertion(table, tuple(values)).one(tx, values)


async def upsert_row(tx: Tx, table: Table, values: Values, *, keep: Sequence[str] = ()) -> None:
    """Add the row, or replace the one with its primary key, every column of which is among `values`.

    Columns to `keep` stay as they are in a row that is replaced.
    """
    await _upsert(table, tuple(values), tuple(keep)).one(tx, values)


async def insert_once(tx: Tx, table: Table, values: Values) -> bool:
    """Add the row unless one with its key or a unique column exists; say whether it was added."""
    return bool(await _insertion_once(table, tuple(values)).one(tx, values))


@dataclass(frozen=True)
class RowQuery:
    """A query for rows of a table, or for some columns of it, by column.

    `rest` is everything after the columns, from `FROM` on; `alias` is the table's name in it; `without` are
    columns that are not read.
    """

    table: Table
    rest: str
    alias: str = ""
    without: frozenset[str] = frozenset()

    @cached_property
    def sql(self) -> Sql:
        of = f"{self.alias}." if self.alias else ""
        return Sql(f"SELECT {', '.join(of + _quoted(column.name) for column in self._columns)} {self.rest}")

    @cached_property
    def readers(self) -> Mapping[Dialect, Sequence[tuple[str, Convert | None]]]:
        """For each store: the columns in the query's order, and how their values are read."""
        return {
            dialect: [
                (column.name, column.type.dialect_impl(spoken).result_processor(spoken, None))
                for column in self._columns
            ]
            for dialect, spoken in _DIALECTS.items()
        }

    @property
    def _columns(self) -> list[Column[Any]]:
        return [column for column in self.table.columns if column.name not in self.without]


async def fetch_rows(tx: Tx, query: RowQuery, *arguments: Any) -> list[dict[str, Any]]:
    """Rows by column, as Python values."""
    readers = query.readers[tx.dialect]
    return [
        {
            name: value if convert is None else convert(value)
            for (name, convert), value in zip(readers, row, strict=True)
        }
        for row in await tx.fetch(query.sql, *arguments)
    ]


@lru_cache(maxsize=1024)
def _insertion(table: Table, names: tuple[str, ...]) -> RowStatement:
    return RowStatement(Sql(_insert_text(table, names)), table, names)


@lru_cache(maxsize=1024)
def _insertion_once(table: Table, names: tuple[str, ...]) -> RowStatement:
    first_key = _quoted(next(iter(table.primary_key.columns)).name)
    text = f"{_insert_text(table, names)} ON CONFLICT DO NOTHING RETURNING {first_key}"
    return RowStatement(Sql(text), table, names)


@lru_cache(maxsize=1024)
def _upsert(table: Table, names: tuple[str, ...], keep: tuple[str, ...]) -> RowStatement:
    key = [column.name for column in table.primary_key.columns]
    replaced = [_quoted(name) for name in names if name not in key and name not in keep]
    settings = ", ".join(f"{name} = excluded.{name}" for name in replaced)
    action = f"DO UPDATE SET {settings}" if replaced else "DO NOTHING"
    conflict = f"ON CONFLICT ({', '.join(map(_quoted, key))}) {action}"
    return RowStatement(Sql(f"{_insert_text(table, names)} {conflict}"), table, names)


def _names(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.columns)


def _insert_text(table: Table, names: tuple[str, ...]) -> str:
    places = ", ".join(f"${place}" for place in range(1, len(names) + 1))
    return f"INSERT INTO {table.name} ({', '.join(map(_quoted, names))}) VALUES ({places})"


def _quoted(name: str) -> str:
    """A column's name that may be a word of SQL."""
    return f'"{name}"'

"""Statements made once from the tables: saving many rows in one, and reading several tables in one.

A trial's board is read by one statement and saved by one per table, because a verdict that closes a level and
fifty sites that want a place must not wait for a conversation with the store.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, Table

from shared.clock import parse_instant
from shared.database import Sql, Tx, instant_parameter
from shared.tables import Instant, JsonText, canonical_json

Values = Mapping[str, Any]


def _instant(tx: Tx, value: Any) -> Any:
    return instant_parameter(tx, value)


def _json(_tx: Tx, value: Any) -> Any:
    return canonical_json(value)


def _date(tx: Tx, value: Any) -> Any:
    return value if tx.dialect == "postgresql" else value.isoformat()


def _plain(_tx: Tx, value: Any) -> Any:
    return value


def _binder(column_type: Any) -> Callable[[Tx, Any], Any]:
    for kind, bind in ((Instant, _instant), (JsonText, _json), (Date, _date)):
        if isinstance(column_type, kind):
            return bind
    return _plain


@dataclass(frozen=True, slots=True)
class RowStatement:
    """Keeps rows of one table, however many, in one round trip."""

    sql: Sql
    binders: Sequence[tuple[str, Callable[[Tx, Any], Any]]]

    async def __call__(self, tx: Tx, rows: Sequence[Values]) -> None:
        if rows:
            await tx.fetch_each(self.sql, [self._arguments(tx, row) for row in rows])

    def _arguments(self, tx: Tx, row: Values) -> tuple[Any, ...]:
        return tuple(None if row[name] is None else bind(tx, row[name]) for name, bind in self.binders)


def insertion(table: Table) -> RowStatement:
    """Adds rows; a repeated key is the database's error."""
    return RowStatement(Sql(_insert_text(table)), _binders(table))


def upsert(table: Table, *, keep: Sequence[str] = ()) -> RowStatement:
    """Adds rows, or replaces those with the same key.

    Args:
        table: with a primary key.
        keep: columns that an existing row keeps.
    """
    key = [column.name for column in table.primary_key.columns]
    names = [column.name for column in table.columns]
    replaced = [name for name in names if name not in key and name not in keep]
    update = ", ".join(f"{name} = excluded.{name}" for name in replaced)
    conflict = f"ON CONFLICT ({', '.join(key)}) DO {f'UPDATE SET {update}' if update else 'NOTHING'}"
    return RowStatement(Sql(f"{_insert_text(table)} {conflict}"), _binders(table))


def _insert_text(table: Table) -> str:
    names = [column.name for column in table.columns]
    places = ", ".join(f"${number}" for number in range(1, len(names) + 1))
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({places})"


def _binders(table: Table) -> list[tuple[str, Callable[[Tx, Any], Any]]]:
    return [(column.name, _binder(column.type)) for column in table.columns]


# -- several tables in one statement --------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One table of a joint reading: columns, and where they come from (with `$n` parameters)."""

    name: str
    columns: Sequence[str]
    source: str


def read_together(*parts: Part) -> Sql:
    """One statement whose rows are (part's name, JSON object of its columns)."""
    texts = [
        f"SELECT '{part.name}' AS part, json_build_object("
        + ", ".join(f"'{_name(column)}', {column.rpartition(' AS ')[0] or column}" for column in part.columns)
        + f") AS body FROM {part.source}"
        for part in parts
    ]
    text = " UNION ALL ".join(texts)
    return Sql(
        f"SELECT part, body::text FROM ({text}) AS every", text.replace("json_build_object", "json_object")
    )


def _name(column: str) -> str:
    alias = column.rpartition(" AS ")
    return alias[2] if alias[0] else column.rpartition(".")[2]


async def fetch_together(tx: Tx, statement: Sql, *arguments: Any) -> dict[str, list[dict[str, Any]]]:
    """The rows of each part, as plain JSON values; times are text (`instant`), JSON columns too (`nested`)."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name, body in await tx.fetch(statement, *arguments):
        found.setdefault(name, []).append(json.loads(body))
    return found


def instant(value: str) -> datetime:
    return parse_instant(value)


def optional_instant(value: str | None) -> datetime | None:
    return None if value is None else parse_instant(value)


def nested(value: str) -> Any:
    return json.loads(value)


def day(value: str) -> date:
    return date.fromisoformat(value)


def each(found: Mapping[str, Sequence[dict[str, Any]]], name: str) -> Iterator[dict[str, Any]]:
    return iter(found.get(name, ()))

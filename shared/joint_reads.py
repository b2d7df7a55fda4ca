"""Several tables in one statement, for what must not wait for a conversation with the store.

The rows of every part come as JSON objects, so that tables of different shapes fit into one answer.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic_core import from_json

from shared.clock import parse_instant
from shared.database import Sql, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One table of a joint reading: columns, and where they come from (with `$n` parameters).

    Columns in `json` hold JSON text; they come as the value that it says.
    """

    name: str
    columns: Sequence[str]
    source: str
    json: Sequence[str] = ()


def read_together(*parts: Part) -> Sql:
    """One statement whose rows are (part's name, JSON object of its columns)."""
    on_postgresql = " UNION ALL ".join(_selection(part, "json_build_object", "{}::json") for part in parts)
    on_sqlite = " UNION ALL ".join(_selection(part, "json_object", "json({})") for part in parts)
    return Sql(f"SELECT part, body::text FROM ({on_postgresql}) AS every", on_sqlite)


def _selection(part: Part, build: str, as_json: str) -> str:
    values = [(_name(column), column.rpartition(" AS ")[0] or column) for column in part.columns]
    values += [(_name(column), as_json.format(column)) for column in part.json]
    members = ", ".join(f"'{name}', {value}" for name, value in values)
    return f"SELECT '{part.name}' AS part, {build}({members}) AS body FROM {part.source}"


def _name(column: str) -> str:
    alias = column.rpartition(" AS ")
    return alias[2] if alias[0] else column.rpartition(".")[2]


async def fetch_together(tx: Tx, statement: Sql, *arguments: Any) -> dict[str, list[dict[str, Any]]]:
    """The rows of each part, as plain JSON values; times are text (`instant`), JSON columns too (`nested`)."""
    texts = await fetch_texts(tx, statement, *arguments)
    return {name: [row_of(text) for text in rows] for name, rows in texts.items()}


async def fetch_texts(tx: Tx, statement: Sql, *arguments: Any) -> dict[str, list[str]]:
    """The rows of each part as JSON text (`row_of`).

    The text says everything of a row, so what is made of it may be kept under it: most rows of a part that is
    read again and again are as they were.
    """
    found: dict[str, list[str]] = {}
    for name, body in await tx.fetch(statement, *arguments):
        found.setdefault(name, []).append(body)
    return found


def row_of(text: str) -> dict[str, Any]:
    row: dict[str, Any] = from_json(text)
    return row


def instant(value: str) -> datetime:
    return parse_instant(value)


def optional_instant(value: str | None) -> datetime | None:
    return None if value is None else parse_instant(value)


def nested(value: str) -> Any:
    return from_json(value)


def day(value: str) -> date:
    return date.fromisoformat(value)


def each(found: Mapping[str, Sequence[dict[str, Any]]], name: str) -> Iterator[dict[str, Any]]:
    return iter(found.get(name, ()))

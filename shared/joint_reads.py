"""Several tables in one statement, for what must not wait for a conversation with the store.

The rows of every part come as JSON objects, so that tables of different shapes fit into one answer.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from shared.clock import parse_instant
from shared.database import Sql, Tx


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

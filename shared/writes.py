"""Several changes in one statement, where each statement is a round trip to the store.

On PostgreSQL the changes become common table expressions of the last one; on SQLite, which asks nobody far
away and has no such expressions, they are made one after the other.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from shared.database import Sql, Tx

_PARAMETER = re.compile(r"\$(\d+)")


@dataclass(frozen=True, slots=True)
class Write:
    """A statement that changes something, with its arguments."""

    sql: Sql
    arguments: Sequence[Any]


async def write_together(tx: Tx, *writes: Write) -> None:
    """Make changes, none of which sees what another has done."""
    if tx.dialect == "postgresql":
        *before, last = writes
        statement = _with(last.sql, len(last.arguments), _shapes(before))
        await tx.fetch(statement, *last.arguments, *_arguments(before))
    else:
        for write in writes:
            await tx.fetch(write.sql, *write.arguments)


def _shapes(writes: Sequence[Write]) -> tuple[tuple[Sql, int], ...]:
    return tuple((write.sql, len(write.arguments)) for write in writes)


def _arguments(writes: Sequence[Write]) -> list[Any]:
    return [argument for write in writes for argument in write.arguments]


@lru_cache(maxsize=1024)
def _with(last: Sql, parameters: int, before: tuple[tuple[Sql, int], ...]) -> Sql:
    """`last` with the others as expressions; their parameters count on from its own."""
    if not before:
        return last
    expressions: list[str] = []
    for number, (sql, own) in enumerate(before):
        text = _PARAMETER.sub(partial(_renumbered, parameters), sql.postgresql)
        expressions.append(f"w{number} AS ({text})")
        parameters += own
    rest = last.postgresql
    rest = f", {rest.removeprefix('WITH ')}" if rest.startswith("WITH ") else f" {rest}"
    return Sql(f"WITH {', '.join(expressions)}{rest}")


def _renumbered(before: int, parameter: re.Match[str]) -> str:
    return f"${int(parameter[1]) + before}"

"""Crossings of stopping rules in the store."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from services.safety.store.stopping_tables import StoppingCrossingRow
from shared.clock import format_instant, parse_instant
from shared.database import Sql, Tx
from shared.rows import RowQuery, fetch_rows, insert_once, table_of, upsert_row

_CROSSINGS = table_of(StoppingCrossingRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What somebody says about a crossing; it takes nothing back."""

    by: str
    at: datetime
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCrossing:
    """A crossing as it stands; `path` are the participants up to it, in order, with or without an event."""

    id: str
    trial_id: str
    trial_key: str
    rule_id: str
    rule_version: int
    part: str | None
    level: int | None
    n: int
    events: int
    stops_at: int
    path: tuple[tuple[str, bool], ...]
    pending: tuple[str, ...]
    action: str
    cause: str
    crossed_at: datetime
    explanations: tuple[Explanation, ...] = ()
    decided_at: datetime | None = None
    decided_events: int | None = None


async def add_crossing(tx: Tx, crossing: StoredCrossing) -> bool:
    """Keep a crossing unless it is kept already; say whether it is new."""
    return await insert_once(tx, _CROSSINGS, _row(crossing))


async def save_crossing(tx: Tx, crossing: StoredCrossing) -> None:
    await upsert_row(tx, _CROSSINGS, _row(crossing))


async def load_crossing(tx: Tx, crossing_id: str, *, lock: bool = False) -> StoredCrossing | None:
    if lock:
        await tx.fetch(_LOCK, crossing_id)
    rows = await fetch_rows(tx, _BY_ID, crossing_id)
    return _crossing(rows[0]) if rows else None


async def crossings_of_rule(tx: Tx, trial_id: str, rule_id: str) -> list[StoredCrossing]:
    return [_crossing(row) for row in await fetch_rows(tx, _OF_RULE, trial_id, rule_id)]


async def crossings_after(tx: Tx, trial_key: str, after: str, limit: int) -> list[StoredCrossing]:
    """Crossings of a trial by ascending id."""
    return [_crossing(row) for row in await fetch_rows(tx, _PAGE, trial_key, after, limit)]


def _row(crossing: StoredCrossing) -> dict[str, Any]:
    return asdict(crossing) | {
        "path": [list(step) for step in crossing.path],
        "pending": list(crossing.pending),
        "explanations": [
            {"by": one.by, "at": format_instant(one.at), "words": one.words} for one in crossing.explanations
        ],
    }


def _crossing(row: dict[str, Any]) -> StoredCrossing:
    return StoredCrossing(
        **row
        | {
            "path": tuple((participant_id, event) for participant_id, event in row["path"]),
            "pending": tuple(row["pending"]),
            "explanations": tuple(
                Explanation(by=one["by"], at=parse_instant(one["at"]), words=one["words"])
                for one in row["explanations"]
            ),
        }
    )


_LOCK = Sql("SELECT id FROM stopping_crossing WHERE id = $1 FOR UPDATE")
_BY_ID = RowQuery(_CROSSINGS, "FROM stopping_crossing WHERE id = $1")
_OF_RULE = RowQuery(
    _CROSSINGS, "FROM stopping_crossing WHERE trial_id = $1 AND rule_id = $2 ORDER BY crossed_at, id"
)
_PAGE = RowQuery(_CROSSINGS, "FROM stopping_crossing WHERE trial_key = $1 AND id > $2 ORDER BY id LIMIT $3")

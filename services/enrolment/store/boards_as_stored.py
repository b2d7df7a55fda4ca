"""Slots and levels as they are stored, for comparison with what the events tell."""

from typing import Any

from shared.clock import format_instant
from shared.database import Sql, Tx, read_instant


async def stored_slots(tx: Tx, trial_id: str) -> dict[str, dict[str, Any]]:
    """Every slot of a trial by id; of one that was used, only where it was and who used it."""
    slots: dict[str, dict[str, Any]] = {}
    for row in await tx.fetch(_SLOTS, trial_id):
        slots[row[0]] = {
            "part": row[1],
            "level": row[2],
            "state": row[3],
            "before_state": row[4],
            "site_number": row[5],
            "expires_at": None if row[6] is None else format_instant(read_instant(row[6])),
        }
    return slots


async def stored_levels(tx: Tx, trial_id: str) -> dict[str, dict[str, Any]]:
    """Every level that was ever opened or closed, by id."""
    rows = await tx.fetch(_LEVELS, trial_id)
    return {row[0]: {"part": row[1], "level": row[2], "state": row[3]} for row in rows}


async def stored_recruitment(tx: Tx, trial_id: str) -> dict[str, dict[str, Any]]:
    """Every part that ever reached its target, by the id of its recruitment."""
    rows = await tx.fetch(_RECRUITMENT, trial_id)
    return {
        row[0]: {
            "part": row[1],
            "closed_at": None if row[2] is None else format_instant(read_instant(row[2])),
        }
        for row in rows
    }


_SLOTS = Sql(
    "SELECT id, part, level, state, before_state, site_number, expires_at FROM slot WHERE trial_id = $1"
)
_RECRUITMENT = Sql("SELECT id, part, closed_at FROM part_recruitment WHERE trial_id = $1")
_LEVELS = Sql("SELECT id, part, level, state FROM dose_level WHERE trial_id = $1 AND state <> 'locked'")

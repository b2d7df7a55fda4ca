"""Finding single slots without a board."""

from dataclasses import dataclass
from datetime import datetime

from shared.database import Sql, Tx, instant_parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotHolder:
    """Trial of a slot, and the site that holds or held it (empty: none)."""

    trial_id: str
    site_number: str


async def trial_of_slot(tx: Tx, slot_id: str) -> str | None:
    found = await holder_of_slot(tx, slot_id)
    return found.trial_id if found else None


async def holder_of_slot(tx: Tx, slot_id: str) -> SlotHolder | None:
    rows = await tx.fetch(_HOLDER, slot_id)
    return SlotHolder(trial_id=rows[0][0], site_number=rows[0][1] or "") if rows else None


async def trial_with_due_slot(tx: Tx, now: datetime) -> str | None:
    """The trial with the slot that is due for longest; None when none is due."""
    rows = await tx.fetch(_DUE, instant_parameter(tx, now))
    return str(rows[0][0]) if rows else None


async def trial_with_slot_to_warn(tx: Tx, now: datetime) -> str | None:
    """The trial whose holder should have been warned for longest, of slots that have not expired yet."""
    rows = await tx.fetch(_TO_WARN, instant_parameter(tx, now))
    return str(rows[0][0]) if rows else None


_HOLDER = Sql("SELECT trial_id, site_number FROM slot WHERE id = $1")
_DUE = Sql(
    "SELECT trial_id FROM slot WHERE state IN ('offered', 'reserved') AND expires_at <= $1"
    " ORDER BY expires_at, id LIMIT 1"
)
_TO_WARN = Sql(
    "SELECT trial_id FROM slot WHERE state IN ('offered', 'reserved') AND warn_at <= $1 AND expires_at > $1"
    " ORDER BY warn_at, id LIMIT 1"
)

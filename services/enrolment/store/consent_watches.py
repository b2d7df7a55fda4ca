"""When each participant is next looked at for consents that became due, and what was said to be due before."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from services.enrolment.store.consent_tables import ConsentDueRow, ConsentWatchRow
from shared.database import Sql, Tx, instant_parameter
from shared.rows import insert_once, table_of, upsert_row

_WATCHES = table_of(ConsentWatchRow)
_SAID = table_of(ConsentDueRow)

Due = tuple[str, str, str]
"""What became due: kind, document and version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToLookAt:
    """Participants of one trial whose time has come, by id."""

    trial_id: str
    participant_ids: tuple[str, ...]


async def to_look_at(tx: Tx, now: datetime, limit: int) -> ToLookAt | None:
    """Who is due in one trial: those nobody has looked at yet, and those whose time has come; None for nobody."""
    rows = await tx.fetch(_DUE, instant_parameter(tx, now), limit)
    if not rows:
        return None
    trial_id = rows[0][0]
    ids = tuple(row[1] for row in rows if row[0] == trial_id)
    return ToLookAt(trial_id=trial_id, participant_ids=ids)


async def look_again(tx: Tx, participant_id: str, at: datetime) -> None:
    """Look at this participant at the given time at the latest."""
    await tx.fetch(_SOONER, participant_id, instant_parameter(tx, at))


async def save_watch(tx: Tx, participant_id: str, look_at: datetime | None) -> None:
    await upsert_row(tx, _WATCHES, {"participant_id": participant_id, "look_at": look_at})


async def not_yet_said(tx: Tx, participant_id: str, due: Collection[Due], now: datetime) -> list[Due]:
    """Those of what is due that were never said, noted as said from here on."""
    fresh = []
    for kind, document, version in sorted(due):
        row = {
            "participant_id": participant_id,
            "kind": kind,
            "document": document,
            "version": version,
            "said_at": now,
        }
        if await insert_once(tx, _SAID, row):
            fresh.append((kind, document, version))
    return fresh


_DUE = Sql(
    "SELECT p.trial_id, p.id FROM participant p LEFT JOIN consent_watch w ON w.participant_id = p.id"
    " WHERE w.participant_id IS NULL OR w.look_at <= $1 ORDER BY p.trial_id, p.id LIMIT $2"
)
_SOONER = Sql("UPDATE consent_watch SET look_at = $2 WHERE participant_id = $1")

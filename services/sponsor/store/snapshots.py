"""Frozen snapshots in the store: bytes that are written once."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import select

from services.sponsor.domain.escalation.rolling_six import PartHistory
from services.sponsor.domain.ids import PersonId, SnapshotId, TrialId
from services.sponsor.domain.snapshot import FrozenSnapshot, StoredSnapshot
from services.sponsor.store.tables import SnapshotRow
from shared.database import Tx
from shared.rows import insert_row, table_of

_SNAPSHOTS = table_of(SnapshotRow)


async def add_snapshot(tx: Tx, snapshot: StoredSnapshot) -> None:
    history = snapshot.history
    await insert_row(
        tx,
        _SNAPSHOTS,
        {
            "id": snapshot.id,
            "trial_id": snapshot.trial_id,
            "part": snapshot.part,
            "sha256": snapshot.frozen.sha256,
            "content": snapshot.frozen.content,
            "history": {
                "opened": list(history.opened),
                "eliminated": sorted(history.eliminated),
                "start_level": history.start_level,
            },
            "frozen_by": snapshot.frozen_by,
            "frozen_at": snapshot.frozen_at,
        },
    )


async def load_snapshot(tx: Tx, snapshot_id: str) -> StoredSnapshot | None:
    found = await load_snapshots(tx, [snapshot_id])
    return found.get(snapshot_id)


async def load_snapshots(tx: Tx, snapshot_ids: Collection[str]) -> dict[str, StoredSnapshot]:
    """Snapshots by id, in one statement."""
    if not snapshot_ids:
        return {}
    statement = select(_SNAPSHOTS).where(_SNAPSHOTS.c.id.in_(sorted(snapshot_ids)))
    return {row.id: _snapshot(row) for row in await tx.execute(statement)}


def _snapshot(row: Any) -> StoredSnapshot:
    history = row.history
    return StoredSnapshot(
        id=SnapshotId(row.id),
        trial_id=TrialId(row.trial_id),
        part=row.part,
        frozen=FrozenSnapshot(content=bytes(row.content), sha256=row.sha256),
        history=PartHistory(
            opened=tuple(history["opened"]),
            eliminated=frozenset(history["eliminated"]),
            start_level=history["start_level"],
        ),
        frozen_by=PersonId(row.frozen_by),
        frozen_at=row.frozen_at,
    )

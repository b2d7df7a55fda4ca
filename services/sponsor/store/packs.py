"""Committee packs in the store: written once, and marked once when they no longer tell everything."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, update

from services.sponsor.store.committee_tables import PackRow
from services.sponsor.store.tables import DecisionRow
from shared.database import Tx
from shared.rows import insert_row, table_of

_PACKS = table_of(PackRow)
_DECISIONS = table_of(DecisionRow)
_LIGHT = tuple(column for column in _PACKS.columns if column.name not in {"data", "content"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PackHead:
    """A pack without its bytes; `outdated_because` says what was found when it was marked."""

    id: str
    trial_id: str
    part: str
    n: int
    snapshot_id: str
    previous_id: str | None
    data_sha256: str
    sha256: str
    built_by: str
    built_at: datetime
    outdated_at: datetime | None = None
    outdated_because: Sequence[dict[str, str]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PackBytes:
    """What a pack is made from, and the archive as it was built."""

    data: bytes
    content: bytes


async def add_pack(tx: Tx, head: PackHead, kept: PackBytes) -> None:
    values = {
        "id": head.id,
        "trial_id": head.trial_id,
        "part": head.part,
        "n": head.n,
        "snapshot_id": head.snapshot_id,
        "previous_id": head.previous_id,
        "data": kept.data,
        "data_sha256": head.data_sha256,
        "content": kept.content,
        "sha256": head.sha256,
        "built_by": head.built_by,
        "built_at": head.built_at,
        "outdated_at": None,
        "outdated_because": None,
    }
    await insert_row(tx, _PACKS, values)


async def mark_outdated(tx: Tx, pack_id: str, at: datetime, because: Sequence[dict[str, str]]) -> None:
    """Mark a pack that has no mark yet."""
    await tx.execute(
        update(_PACKS)
        .where(_PACKS.c.id == pack_id, _PACKS.c.outdated_at.is_(None))
        .values(outdated_at=at, outdated_because=list(because))
    )


async def load_pack(tx: Tx, pack_id: str) -> PackHead | None:
    found = await _heads(tx, _PACKS.c.id == pack_id)
    return found[0] if found else None


async def pack_of_snapshot(tx: Tx, snapshot_id: str) -> PackHead | None:
    found = await _heads(tx, _PACKS.c.snapshot_id == snapshot_id)
    return found[0] if found else None


async def packs_of(tx: Tx, trial_id: str) -> list[PackHead]:
    """A trial's packs, by part and number."""
    return await _heads(tx, _PACKS.c.trial_id == trial_id)


async def unmarked_packs(tx: Tx, trial_id: str) -> list[PackHead]:
    """Packs without a mark that somebody may still rely on: the latest of each part, and those of open decisions."""
    other = _PACKS.alias("other")
    newest = select(func.max(other.c.n)).where(
        other.c.trial_id == _PACKS.c.trial_id, other.c.part == _PACKS.c.part
    )
    relied_on = select(_DECISIONS.c.snapshot_id).where(
        _DECISIONS.c.trial_id == trial_id, _DECISIONS.c.state.in_(("proposed", "in_force"))
    )
    return await _heads(
        tx,
        (_PACKS.c.trial_id == trial_id)
        & _PACKS.c.outdated_at.is_(None)
        & ((_PACKS.c.n == newest.scalar_subquery()) | _PACKS.c.snapshot_id.in_(relied_on)),
    )


async def packs_after(tx: Tx, trial_id: str, after: str, limit: int) -> list[PackHead]:
    """A trial's packs by ascending id."""
    statement = (
        select(*_LIGHT)
        .where(_PACKS.c.trial_id == trial_id, _PACKS.c.id > after)
        .order_by(_PACKS.c.id)
        .limit(limit)
    )
    return [_head(row) for row in await tx.execute(statement)]


async def latest_pack(tx: Tx, trial_id: str, part: str) -> PackHead | None:
    found = await _heads(tx, (_PACKS.c.trial_id == trial_id) & (_PACKS.c.part == part))
    return found[-1] if found else None


async def pack_bytes(tx: Tx, pack_id: str) -> PackBytes:
    """The bytes of a pack that exists."""
    statement = select(_PACKS.c.data, _PACKS.c.content).where(_PACKS.c.id == pack_id)
    row = (await tx.execute(statement)).one()
    return PackBytes(data=bytes(row.data), content=bytes(row.content))


async def _heads(tx: Tx, which: ColumnElement[bool]) -> list[PackHead]:
    statement = select(*_LIGHT).where(which).order_by(_PACKS.c.part, _PACKS.c.n)
    return [_head(row) for row in await tx.execute(statement)]


def _head(row: Any) -> PackHead:
    return PackHead(**row._mapping)

"""Trials in the store."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from services.sponsor.domain.ids import TrialId
from services.sponsor.domain.trial import Trial, TrialState
from services.sponsor.store.tables import TrialRow
from shared.database import Tx
from shared.rows import RowQuery, fetch_rows, insert_once, table_of

_TRIALS = table_of(TrialRow)
_LOOK = RowQuery(_TRIALS, "FROM trial WHERE id = $1")
_LOCK = RowQuery(_TRIALS, "FROM trial WHERE id = $1 FOR UPDATE")


async def add_trial(tx: Tx, trial: Trial, *, created_by: str, created_at: datetime) -> bool:
    """Add the trial unless its code is taken; say whether it was added."""
    values = {
        "id": trial.id,
        "code": trial.code,
        "state": trial.state.value,
        "reason": trial.reason,
        "created_by": created_by,
        "created_at": created_at,
    }
    return await insert_once(tx, _TRIALS, values)


async def save_trial(tx: Tx, trial: Trial) -> None:
    await tx.execute(
        update(_TRIALS).where(_TRIALS.c.id == trial.id).values(state=trial.state.value, reason=trial.reason)
    )


async def load_trial(tx: Tx, trial_id: str) -> Trial | None:
    """The trial, locked until the transaction ends: whatever changes something of a trial takes turns here."""
    rows = await fetch_rows(tx, _LOCK, trial_id)
    return _trial(rows[0]) if rows else None


async def look_at_trial(tx: Tx, trial_id: str) -> Trial | None:
    """The trial, not locked."""
    rows = await fetch_rows(tx, _LOOK, trial_id)
    return _trial(rows[0]) if rows else None


async def trial_coded(tx: Tx, code: str) -> Trial | None:
    """The trial of this code, not locked."""
    row = (await tx.execute(select(_TRIALS).where(_TRIALS.c.code == code))).one_or_none()
    return None if row is None else _trial(row._mapping)


async def trials_after(
    tx: Tx, after: str, limit: int, *, codes: Collection[str] | None = None
) -> list[Trial]:
    """Trials by ascending id; `codes` None means all of them."""
    statement = select(_TRIALS).where(_TRIALS.c.id > after).order_by(_TRIALS.c.id).limit(limit)
    if codes is not None:
        statement = statement.where(_TRIALS.c.code.in_(sorted(codes)))
    return [_trial(row._mapping) for row in await tx.execute(statement)]


def _trial(row: Any) -> Trial:
    return Trial(
        id=TrialId(row["id"]), code=row["code"], state=TrialState(row["state"]), reason=row["reason"]
    )

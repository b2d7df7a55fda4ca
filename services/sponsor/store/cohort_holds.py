"""The sponsor's own holds of levels in the store: one row per level that was ever held."""

from sqlalchemy import select

from services.sponsor.domain.cohort_hold import CohortHold
from services.sponsor.domain.ids import CohortHoldId, PartLevel, TrialId
from services.sponsor.store.tables import CohortHoldRow
from shared.database import Tx
from shared.rows import table_of, upsert_row

_HOLDS = table_of(CohortHoldRow)


async def save_hold(tx: Tx, hold: CohortHold) -> None:
    await upsert_row(
        tx,
        _HOLDS,
        {
            "id": hold.id,
            "trial_id": hold.trial_id,
            "part": hold.place.part,
            "level": hold.place.level,
            "held": hold.held,
            "reason": hold.reason,
            "changed_at": hold.changed_at,
        },
    )


async def holds_of(tx: Tx, trial_id: str) -> dict[PartLevel, CohortHold]:
    """Every level of a trial that is or was held."""
    statement = select(_HOLDS).where(_HOLDS.c.trial_id == trial_id).order_by(_HOLDS.c.part, _HOLDS.c.level)
    holds = [
        CohortHold(
            id=CohortHoldId(row.id),
            trial_id=TrialId(row.trial_id),
            place=PartLevel(part=row.part, level=row.level),
            held=row.held,
            reason=row.reason,
            changed_at=row.changed_at,
        )
        for row in await tx.execute(statement)
    ]
    return {hold.place: hold for hold in holds}

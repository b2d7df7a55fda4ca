"""Halts in the store."""

from typing import Any

from sqlalchemy import select

from services.sponsor.domain.halt import Halt, HaltScope, LiftRequest
from services.sponsor.domain.ids import EvidenceId, HaltId, PersonId, SiteId, TrialId
from services.sponsor.store.tables import HaltRow
from shared.clock import format_instant, parse_instant
from shared.database import Tx
from shared.rows import table_of, upsert_row

_HALTS = table_of(HaltRow)


async def save_halt(tx: Tx, halt: Halt) -> None:
    scope, request = halt.scope, halt.request
    await upsert_row(
        tx,
        _HALTS,
        {
            "id": halt.id,
            "trial_id": halt.trial_id,
            "scope": {
                "part": scope.part,
                "level": scope.level,
                "site_id": scope.site_id,
                "recruitment": scope.recruitment,
                "dosing": scope.dosing,
            },
            "reason": halt.reason,
            "imposed_by": halt.imposed_by,
            "effective_at": halt.effective_at,
            "plan": halt.plan,
            "request": None
            if request is None
            else {
                "requested_by": request.requested_by,
                "requested_at": format_instant(request.requested_at),
                "reason": request.reason,
                "evidence_id": request.evidence_id,
            },
            "lifted_by": halt.lifted_by,
            "lifted_at": halt.lifted_at,
        },
    )


async def load_halt(tx: Tx, halt_id: str) -> Halt | None:
    """The halt; None when there is none. Commands hold its trial's lock."""
    row = (await tx.execute(select(_HALTS).where(_HALTS.c.id == halt_id))).one_or_none()
    return None if row is None else _halt(row)


async def halts_of(tx: Tx, trial_id: str) -> list[Halt]:
    """Every halt of a trial, oldest first."""
    statement = (
        select(_HALTS).where(_HALTS.c.trial_id == trial_id).order_by(_HALTS.c.effective_at, _HALTS.c.id)
    )
    return [_halt(row) for row in await tx.execute(statement)]


async def halts_after(tx: Tx, trial_id: str, after: str, limit: int) -> list[Halt]:
    """Halts of a trial by ascending id."""
    statement = (
        select(_HALTS)
        .where(_HALTS.c.trial_id == trial_id, _HALTS.c.id > after)
        .order_by(_HALTS.c.id)
        .limit(limit)
    )
    return [_halt(row) for row in await tx.execute(statement)]


def _halt(row: Any) -> Halt:
    scope, request = row.scope, row.request
    return Halt(
        id=HaltId(row.id),
        trial_id=TrialId(row.trial_id),
        scope=HaltScope(
            part=scope["part"],
            level=scope["level"],
            site_id=SiteId(scope["site_id"]) if scope["site_id"] else None,
            recruitment=scope["recruitment"],
            dosing=scope["dosing"],
        ),
        reason=row.reason,
        imposed_by=PersonId(row.imposed_by),
        effective_at=row.effective_at,
        plan=row.plan,
        request=None
        if request is None
        else LiftRequest(
            requested_by=PersonId(request["requested_by"]),
            requested_at=parse_instant(request["requested_at"]),
            reason=request["reason"],
            evidence_id=EvidenceId(request["evidence_id"]),
        ),
        lifted_by=PersonId(row.lifted_by) if row.lifted_by else None,
        lifted_at=row.lifted_at,
    )

"""Possible duplicates, for the coordinator alone: both screenings with their sites, never a hash."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.enrolment.domain.roles import COORDINATING
from services.enrolment.domain.screening import Screening
from services.enrolment.store.identity import Suspicion, list_suspicions
from services.enrolment.store.people import find_screening
from services.enrolment.store.trials import find_trial
from shared.act import Act
from shared.auth import ANY, permit
from shared.database import Tx
from shared.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspectView:
    """One of the two screenings; empty texts if it is gone."""

    screening_id: str
    screening_number: str
    site_number: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspicionView:
    """`stopped` waits; `other` went on."""

    suspicion_id: str
    kind: str
    key_version: str
    state: str
    suspected_at: datetime
    stopped: SuspectView
    other: SuspectView
    resolved_at: datetime | None
    resolved_by: str | None
    reason: str | None
    transfer_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspicionPage:
    items: Sequence[SuspicionView]
    next_cursor: str | None


async def show_suspicions(
    tx: Tx, act: Act, trial: str, *, state: str, after: str, limit: int
) -> SuspicionPage:
    """Possible duplicates of one trial, a page at a time."""
    if act.principal is None:
        raise LookupError("a person's question needs a person")
    found = await find_trial(tx, trial)
    if found is None:
        raise Problem("not_found" if act.principal.has_role(*COORDINATING) else "forbidden")
    permit(act.principal, COORDINATING, scope=found.code, unit=ANY)
    listed = await list_suspicions(tx, found.id, state=state, after=after, limit=limit + 1)
    page = [await _view(tx, suspicion) for suspicion in listed[:limit]]
    return SuspicionPage(items=page, next_cursor=page[-1].suspicion_id if len(listed) > limit else None)


async def _view(tx: Tx, suspicion: Suspicion) -> SuspicionView:
    return SuspicionView(
        suspicion_id=suspicion.id,
        kind=suspicion.kind,
        key_version=suspicion.key_version,
        state=suspicion.state,
        suspected_at=suspicion.suspected_at,
        stopped=_suspect(suspicion.screening_id, await find_screening(tx, suspicion.screening_id)),
        other=_suspect(suspicion.other_screening_id, await find_screening(tx, suspicion.other_screening_id)),
        resolved_at=suspicion.resolved_at,
        resolved_by=suspicion.resolved_by,
        reason=suspicion.reason,
        transfer_id=suspicion.transfer_id,
    )


def _suspect(screening_id: str, screening: Screening | None) -> SuspectView:
    return SuspectView(
        screening_id=screening_id,
        screening_number=screening.number if screening else "",
        site_number=screening.site_id if screening else "",
        state=screening.state.value if screening else "",
    )

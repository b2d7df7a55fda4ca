"""Decisions beside what other designs would have recommended on the same data."""

from collections.abc import Sequence

from fastapi import APIRouter, Request

from services.sponsor.api.fields import FIRST_PAGE, USUAL_LIMIT, Cursor, Limit, PageOut, Person, TrialId
from services.sponsor.api.recommendation_view import (
    DesignSayingOut,
    SayingOut,
    design_saying_out,
    saying_out,
)
from services.sponsor.queries.design_comparisons import ComparedDecision, list_design_comparisons
from shared.act import Act
from shared.database import Tx
from shared.json_body import Instant, StrictModel
from shared.service import service_of

router = APIRouter(tags=["recommendations"])


class ComparedDecisionOut(StrictModel):
    """A decision, what its own design recommended on its frozen data, and what others would have.

    `others` is empty where the decision rests on a letter or its part is not an escalation.
    """

    decision_id: str
    part: str
    level: int
    kind: str
    state: str
    proposed_at: Instant
    in_force_at: Instant | None
    snapshot_id: str | None
    recommendation: SayingOut
    others: Sequence[DesignSayingOut]


class DesignComparisonListOut(PageOut):
    items: Sequence[ComparedDecisionOut]


@router.get("/design-comparisons")
async def list_design_comparisons_route(
    request: Request,
    principal: Person,
    trial_id: TrialId,
    cursor: Cursor = FIRST_PAGE,
    limit: Limit = USUAL_LIMIT,
) -> DesignComparisonListOut:
    """Each decision beside what BOIN and the CRM would have recommended; it decides nothing."""

    async def query(tx: Tx, act: Act) -> DesignComparisonListOut:
        page = await list_design_comparisons(tx, act, trial_id, cursor, limit)
        items = [_compared_out(one) for one in page.entries]
        return DesignComparisonListOut(items=items, next_cursor=page.next_cursor)

    return await service_of(request).performer.query(request, principal, query)


def _compared_out(one: ComparedDecision) -> ComparedDecisionOut:
    decision = one.decision
    return ComparedDecisionOut(
        decision_id=decision.id,
        part=decision.place.part,
        level=decision.place.level,
        kind=decision.kind.value,
        state=decision.state.value,
        proposed_at=decision.proposed_at,
        in_force_at=decision.in_force_at,
        snapshot_id=decision.snapshot_id if decision.letter is None else None,
        recommendation=saying_out(decision.recommendation),
        others=[design_saying_out(other) for other in one.others],
    )

"""What would be recommended once those who are pending have their answers."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request

from services.sponsor.api.fields import Person, TrialId
from services.sponsor.api.recommendation_view import (
    DesignSayingOut,
    SayingOut,
    design_saying_out,
    saying_out,
)
from services.sponsor.domain.preview import Resolved
from services.sponsor.queries.recommendation_previews import PartPreview, preview_part
from shared.act import Act
from shared.database import Tx
from shared.json_body import StrictModel
from shared.service import service_of

router = APIRouter(tags=["recommendations"])

PartName = Annotated[str, Query(min_length=1, max_length=40, description="Part of the protocol")]


class ResolvedOut(StrictModel):
    """How many of those pending at a level turn out to have a DLT."""

    part: str
    level: int
    pending: int
    dlt: int


class OutcomeOut(StrictModel):
    """One outcome of everybody who is pending, what the part's rule would say, and what other designs would."""

    pending: Sequence[ResolvedOut]
    recommendation: SayingOut
    others: Sequence[DesignSayingOut]


class RecommendationPreviewOut(StrictModel):
    """Every outcome, numbers of DLTs ascending; a single one when nobody is pending."""

    part: str
    present: SayingOut
    outcomes: Sequence[OutcomeOut]


@router.get("/recommendation-previews")
async def preview_recommendation_route(
    request: Request, principal: Person, trial_id: TrialId, part: PartName
) -> RecommendationPreviewOut:
    """What if the pending child has a DLT: the recommendation for each outcome, by the live rule."""

    async def query(tx: Tx, act: Act) -> RecommendationPreviewOut:
        return _out(await preview_part(tx, act, trial_id, part))

    return await service_of(request).performer.query(request, principal, query)


def _out(preview: PartPreview) -> RecommendationPreviewOut:
    return RecommendationPreviewOut(
        part=preview.part,
        present=saying_out(preview.present),
        outcomes=[
            OutcomeOut(
                pending=[_resolved(one) for one in outcome.outcome],
                recommendation=saying_out(outcome.recommendation),
                others=[design_saying_out(other) for other in others],
            )
            for outcome, others in preview.outcomes
        ],
    )


def _resolved(one: Resolved) -> ResolvedOut:
    return ResolvedOut(part=one.place.part, level=one.place.level, pending=one.pending, dlt=one.dlt)

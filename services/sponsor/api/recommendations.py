"""Recommendations of a trial."""

from collections.abc import Sequence

from fastapi import APIRouter, Request

from services.sponsor.api.fields import FIRST_PAGE, USUAL_LIMIT, Cursor, Limit, PageOut, Person, TrialId
from services.sponsor.api.recommendation_view import RecommendationOut, recommendation_out
from services.sponsor.queries.recommendations import list_recommendations
from shared.act import Act
from shared.database import Tx
from shared.service import service_of

router = APIRouter(tags=["recommendations"])


class RecommendationListOut(PageOut):
    items: Sequence[RecommendationOut]


@router.get("/recommendations")
async def list_recommendations_route(
    request: Request,
    principal: Person,
    trial_id: TrialId,
    cursor: Cursor = FIRST_PAGE,
    limit: Limit = USUAL_LIMIT,
) -> RecommendationListOut:
    """Every recommendation, in the order in which they were raised."""

    async def query(tx: Tx, act: Act) -> RecommendationListOut:
        page = await list_recommendations(tx, act, trial_id, cursor, limit)
        items = [recommendation_out(raised) for raised in page.entries]
        return RecommendationListOut(items=items, next_cursor=page.next_cursor)

    return await service_of(request).performer.query(request, principal, query)

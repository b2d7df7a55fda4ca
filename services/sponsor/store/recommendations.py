"""Recommendations as they were raised; a newer one never replaces the row of an older one."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from services.sponsor.domain.escalation.result import recommendation_from_payload, recommendation_payload
from services.sponsor.domain.ids import RecommendationId, TrialId
from services.sponsor.domain.raised import RaisedRecommendation
from services.sponsor.store.tables import RecommendationRow
from shared.database import Tx
from shared.rows import insert_row, table_of

_RECOMMENDATIONS = table_of(RecommendationRow)


async def add_recommendation(tx: Tx, raised: RaisedRecommendation) -> None:
    await insert_row(
        tx,
        _RECOMMENDATIONS,
        {
            "id": raised.id,
            "trial_id": raised.trial_id,
            "part": raised.part,
            "n": raised.n,
            "protocol_version": raised.protocol_version,
            "recommendation": recommendation_payload(raised.recommendation),
            "counts": [list(line) for line in raised.counts],
            "raised_at": raised.raised_at,
        },
    )


async def latest_recommendations(tx: Tx, trial_id: str) -> dict[str, RaisedRecommendation]:
    """The latest recommendation of each part of a trial."""
    rows = _RECOMMENDATIONS
    newest = (
        select(rows.c.part, func.max(rows.c.n).label("n"))
        .where(rows.c.trial_id == trial_id)
        .group_by(rows.c.part)
        .subquery()
    )
    statement = (
        select(rows)
        .join(newest, (rows.c.part == newest.c.part) & (rows.c.n == newest.c.n))
        .where(rows.c.trial_id == trial_id)
    )
    return {row.part: _raised(row) for row in await tx.execute(statement)}


async def recommendations_after(tx: Tx, trial_id: str, after: str, limit: int) -> list[RaisedRecommendation]:
    """Recommendations of a trial by ascending id."""
    statement = (
        select(_RECOMMENDATIONS)
        .where(_RECOMMENDATIONS.c.trial_id == trial_id, _RECOMMENDATIONS.c.id > after)
        .order_by(_RECOMMENDATIONS.c.id)
        .limit(limit)
    )
    return [_raised(row) for row in await tx.execute(statement)]


def _raised(row: Any) -> RaisedRecommendation:
    raised_at: datetime = row.raised_at
    return RaisedRecommendation(
        id=RecommendationId(row.id),
        trial_id=TrialId(row.trial_id),
        part=row.part,
        n=row.n,
        protocol_version=row.protocol_version,
        recommendation=recommendation_from_payload(row.recommendation),
        counts=tuple((level, n, dlt, pending) for level, n, dlt, pending in row.counts),
        raised_at=raised_at,
    )

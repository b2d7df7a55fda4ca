"""Every recommendation of a trial, in the order in which they were raised."""

from services.sponsor.domain.raised import RaisedRecommendation
from services.sponsor.queries.paging import Page, page_of
from services.sponsor.queries.visibility import READERS, visible_trial
from services.sponsor.store.recommendations import recommendations_after
from shared.act import Act
from shared.database import Tx


async def list_recommendations(
    tx: Tx, act: Act, trial_id: str, cursor: str, limit: int
) -> Page[RaisedRecommendation]:
    """Recommendations, for whoever may read the trial."""
    trial = await visible_trial(tx, act, trial_id, READERS)

    async def load(after: str, most: int) -> list[RaisedRecommendation]:
        return await recommendations_after(tx, trial.id, after, most)

    return await page_of(load, cursor, limit)

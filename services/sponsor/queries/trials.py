"""The trials that somebody may read."""

from services.sponsor.domain.trial import Trial
from services.sponsor.queries.paging import Page, page_of
from services.sponsor.queries.visibility import READERS, reading_grants
from services.sponsor.store.trials import trials_after
from shared.act import Act
from shared.auth import ANY
from shared.database import Tx


async def list_trials(tx: Tx, act: Act, cursor: str, limit: int) -> Page[Trial]:
    """Trials in which the caller holds a reading role."""
    scopes = {grant.scope for grant in reading_grants(act, READERS)}
    codes = None if ANY in scopes else scopes

    async def load(after: str, most: int) -> list[Trial]:
        return await trials_after(tx, after, most, codes=codes)

    return await page_of(load, cursor, limit)

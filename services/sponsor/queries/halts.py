"""Halts of a trial."""

from collections.abc import Mapping

from services.sponsor.domain.halt import Halt
from services.sponsor.domain.ids import SiteId
from services.sponsor.domain.site import numbers_by_id
from services.sponsor.queries.paging import Page, page_of
from services.sponsor.queries.visibility import READERS_AND_INVESTIGATORS, visible_trial
from services.sponsor.store.halts import halts_after
from services.sponsor.store.sites import sites_of
from shared.act import Act
from shared.database import Tx


async def list_halts(
    tx: Tx, act: Act, trial_id: str, cursor: str, limit: int
) -> tuple[Page[Halt], Mapping[SiteId, str]]:
    """Halts as they were imposed, the lifted ones included, and the numbers of the sites they name."""
    trial = await visible_trial(tx, act, trial_id, READERS_AND_INVESTIGATORS)

    async def load(after: str, most: int) -> list[Halt]:
        return await halts_after(tx, trial.id, after, most)

    return await page_of(load, cursor, limit), await site_numbers(tx, trial.id)


async def site_numbers(tx: Tx, trial_id: str) -> Mapping[SiteId, str]:
    """Numbers of a trial's sites by id."""
    return numbers_by_id(await sites_of(tx, trial_id))

"""The delegation log of a trial."""

from collections.abc import Mapping

from services.sponsor.domain.delegation import EVERY_SITE, Delegation
from services.sponsor.domain.ids import SiteId
from services.sponsor.domain.site import numbers_by_id
from services.sponsor.queries.paging import Page, page_of
from services.sponsor.queries.visibility import READERS, READERS_AND_INVESTIGATORS, visible_trial
from services.sponsor.store.delegations import delegations_after
from services.sponsor.store.sites import sites_of
from shared.act import Act
from shared.auth import ANY
from shared.database import Tx


async def list_delegations(
    tx: Tx, act: Act, trial_id: str, cursor: str, limit: int
) -> tuple[Page[Delegation], Mapping[SiteId, str]]:
    """The log, and the numbers of its sites; an investigator sees the lines of their own sites."""
    trial = await visible_trial(tx, act, trial_id, READERS_AND_INVESTIGATORS)
    numbers = numbers_by_id(await sites_of(tx, trial.id))
    sites = None
    if act.principal is not None and not act.principal.allows(READERS, trial.code, ANY):
        own = act.principal.granted("site_investigator")
        sites = [
            site for site, number in numbers.items() if any(grant.covers(trial.code, number) for grant in own)
        ]

    async def load(after: str, most: int) -> list[Delegation]:
        return await delegations_after(tx, trial.id, after, most, sites=sites)

    return await page_of(load, cursor, limit), numbers


def site_number(delegation: Delegation, numbers: Mapping[SiteId, str]) -> str | None:
    """Number of the delegation's site; None when it is for the whole trial."""
    return None if delegation.site_id == EVERY_SITE else numbers[delegation.site_id]

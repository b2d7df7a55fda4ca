"""What a committee's rules look at: the charter in force, who holds which role, and who investigates where."""

from datetime import datetime

from services.sponsor.domain.committee import Charter, charter_in_force
from services.sponsor.domain.delegation import EVERY_SITE, holders
from services.sponsor.domain.green_light import GreenLightState
from services.sponsor.domain.ids import SiteId
from services.sponsor.domain.meeting import Around
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.roles import Role
from services.sponsor.store.charters import charters_of
from services.sponsor.store.delegations import delegations_of
from services.sponsor.store.sites import green_lights_of_trial, sites_of
from shared.database import Tx


async def charter_now(tx: Tx, trial_id: str, at: datetime) -> Charter | None:
    """The charter version in force; None for a trial without one."""
    return charter_in_force(await charters_of(tx, trial_id), at)


async def required_charter(tx: Tx, trial_id: str, at: datetime) -> Charter:
    """The charter version in force.

    Raises:
        Refused: `charter_missing`.
    """
    charter = await charter_now(tx, trial_id, at)
    if charter is None:
        raise Refused("charter_missing", "Propose a charter and have it signed first.")
    return charter


async def around(tx: Tx, trial_id: str, at: datetime) -> Around:
    """Roles held now, and investigators of sites that recruit; of the whole trial while any site does."""
    log = await delegations_of(tx, trial_id)
    lit = await recruiting_sites(tx, trial_id)
    investigators = frozenset(
        line.person_id
        for line in log
        if line.role is Role.SITE_INVESTIGATOR
        and line.in_force(at)
        and (line.site_id in lit or (line.site_id == EVERY_SITE and lit))
    )
    return Around(
        holders=holders(log, log[0].trial_id, at) if log else {}, recruiting_investigators=investigators
    )


async def recruiting_sites(tx: Tx, trial_id: str) -> frozenset[SiteId]:
    """Sites with a green light that are not suspended."""
    lit = {
        light.site_id
        for light in await green_lights_of_trial(tx, trial_id)
        if light.state is GreenLightState.GRANTED
    }
    return frozenset(
        site.id for site in await sites_of(tx, trial_id) if site.id in lit and not site.suspension
    )

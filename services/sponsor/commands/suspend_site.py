"""Suspending recruitment at a site: at once, by one person, until its green light is issued again."""

from dataclasses import dataclass
from functools import partial

from services.sponsor.commands.permission import OFFICE_AND_QUALITY, permitted
from services.sponsor.domain.ids import PersonId
from services.sponsor.domain.site import Site, suspend
from services.sponsor.events.published import SiteSuspendedV1
from services.sponsor.store.sites import green_lights_of_site, load_site, save_suspension
from shared.act import Act
from shared.database import Tx
from shared.outbox import NewEvent, put


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspendSite:
    site_id: str
    reason_code: str


async def suspend_site(tx: Tx, command: SuspendSite, act: Act) -> Site:
    """Suspend the site; its green lights, its reservations and the treatment of its participants stand.

    Raises:
        Refused: `green_light_not_granted`, `site_suspended`.
    """
    load = partial(load_site, tx, command.site_id)
    known, trial, act = await permitted(tx, act, load, OFFICE_AND_QUALITY)
    lights = await green_lights_of_site(tx, known.id)
    site = suspend(known, lights, reason=command.reason_code, by=PersonId(act.actor), now=act.now)
    await save_suspension(tx, site)
    body = SiteSuspendedV1(
        trial_id=trial.id,
        site_id=site.id,
        site_number=site.number,
        suspended_at=act.now,
        reason_code=command.reason_code,
    )
    await put(tx, act, NewEvent(aggregate_id=site.id, scope=trial.id, body=body, reason=command.reason_code))
    return site

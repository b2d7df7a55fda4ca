"""Withdrawing a site's green light: at once, by one person, for every protocol version."""

from dataclasses import dataclass, replace
from functools import partial

from services.sponsor.commands.permission import OFFICE_AND_QUALITY, permitted
from services.sponsor.domain.green_light import GreenLight, GreenLightState, revoke
from services.sponsor.domain.ids import PersonId
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.site import Site
from services.sponsor.events.published import SiteRevokedV1
from services.sponsor.store.sites import (
    green_lights_of_site,
    load_site,
    save_green_light,
    save_suspension,
)
from shared.act import Act
from shared.database import Tx
from shared.outbox import NewEvent, put


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeGreenLight:
    site_id: str
    reason_code: str


async def revoke_green_light(tx: Tx, command: RevokeGreenLight, act: Act) -> tuple[Site, list[GreenLight]]:
    """Revoke every green light of the site, and whatever was proposed to be granted again.

    Raises:
        Refused: `green_light_not_granted`.
    """
    load = partial(load_site, tx, command.site_id)
    site, trial, act = await permitted(tx, act, load, OFFICE_AND_QUALITY)
    revocable = {GreenLightState.GRANTED, GreenLightState.REGRANT_PROPOSED}
    lights = await green_lights_of_site(tx, site.id)
    if not any(light.state in revocable for light in lights):
        raise Refused("green_light_not_granted", "The site has no green light.")
    after = [
        revoke(light, command.reason_code, PersonId(act.actor), act.now)
        if light.state in revocable
        else light
        for light in lights
    ]
    for light in after:
        await save_green_light(tx, light)
    if site.suspension is not None:
        # Nothing is left to suspend; what follows is granted by two people.
        site = replace(site, suspension=None)
        await save_suspension(tx, site)
    body = SiteRevokedV1(
        trial_id=trial.id,
        site_id=site.id,
        site_number=site.number,
        revoked_at=act.now,
        reason_code=command.reason_code,
    )
    await put(tx, act, NewEvent(aggregate_id=site.id, scope=trial.id, body=body, reason=command.reason_code))
    return site, after

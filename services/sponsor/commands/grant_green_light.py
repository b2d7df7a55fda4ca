"""A site's green light for one protocol version: by one person, after a revocation by two.

Granting it ends a suspension of the site.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from zoneinfo import ZoneInfo

from services.sponsor.commands.permission import OFFICE_AND_QUALITY, permitted
from services.sponsor.domain.green_light import (
    DEFAULT_CHECKLIST,
    Evidence,
    GreenLight,
    GreenLightState,
    decide_green_light,
)
from services.sponsor.domain.ids import PersonId
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.site import Site, light_to_issue
from services.sponsor.events.published import SiteGreenLitV1
from services.sponsor.store.protocol_versions import versions_of
from services.sponsor.store.sites import (
    green_lights_of_site,
    load_site,
    save_green_light,
    save_suspension,
)
from shared.act import Act
from shared.audit import record
from shared.database import Tx
from shared.outbox import NewEvent, put


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantGreenLight:
    site_id: str
    protocol_version: str
    evidence: Sequence[Evidence]


async def grant_green_light(tx: Tx, command: GrantGreenLight, act: Act) -> tuple[Site, GreenLight]:
    """Grant the green light, or propose granting it again after a revocation.

    Raises:
        Refused: `protocol_version_not_in_force` (not approved), `green_light_already_granted`,
            `signer_is_site_pi`, `evidence_missing` with every missing item, `second_person_required`.
    """
    load = partial(load_site, tx, command.site_id)
    site, trial, act = await permitted(tx, act, load, OFFICE_AND_QUALITY)
    approved = [v for v in await versions_of(tx, trial.id) if v.approval is not None]
    version = next((v for v in approved if v.terms.version == command.protocol_version), None)
    if version is None:
        raise Refused("protocol_version_not_in_force", "The version is unknown or not approved.")
    light = decide_green_light(
        light_to_issue(site, command.protocol_version, await green_lights_of_site(tx, site.id)),
        command.evidence,
        checklist=DEFAULT_CHECKLIST,
        signer=PersonId(act.actor),
        investigators={site.principal_investigator},
        now=act.now,
        today=act.now.astimezone(ZoneInfo(version.terms.zone)).date(),
    )
    await save_green_light(tx, light)
    if light.state is not GreenLightState.GRANTED:
        details = {"protocol_version": light.protocol_version, "evidence": _listed(light)}
        await record(tx, act, site.id, "site.green-light-proposed", details)
        return site, light
    if site.suspension is not None:
        site = replace(site, suspension=None)
        await save_suspension(tx, site)
    body = SiteGreenLitV1(
        trial_id=trial.id,
        site_id=site.id,
        site_number=site.number,
        organisation=site.organisation,
        country=site.country,
        zone=site.zone,
        protocol_version=light.protocol_version,
        granted_at=act.now,
        recruitment_cap=site.recruitment_cap,
    )
    await put(tx, act, NewEvent(aggregate_id=site.id, scope=trial.id, body=body))
    return site, light


def _listed(light: GreenLight) -> list[list[str]]:
    return [[e.item, e.evidence_id, e.signed_by, e.signed_on.isoformat()] for e in light.evidence]

"""A hospital's participation in a trial."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from services.sponsor.domain.green_light import GreenLight, GreenLightState
from services.sponsor.domain.ids import PersonId, SiteId, TrialId
from services.sponsor.domain.refusals import Refused, require_reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspension:
    """Recruitment at one site stopped for a while; its green lights stand beneath it."""

    by: PersonId
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One site of one trial.

    Attributes:
        number: the three digits by which the trial knows it.
        zone: IANA zone of its local dates.
        recruitment_cap: most participants it may register; None: no cap of its own.
        suspension: None unless the site is suspended now.
    """

    id: SiteId
    trial_id: TrialId
    number: str
    organisation: str
    country: str
    zone: str
    principal_investigator: PersonId
    recruitment_cap: int | None
    suspension: Suspension | None = None


def suspend(site: Site, lights: Iterable[GreenLight], *, reason: str, by: PersonId, now: datetime) -> Site:
    """The site suspended at once by one person; treatment of its participants goes on.

    Raises:
        Refused: `green_light_not_granted` when there is no green light to suspend, `site_suspended`,
            `reason_required`.
    """
    if not any(light.state is GreenLightState.GRANTED for light in lights):
        raise Refused("green_light_not_granted", "The site has no green light.")
    if site.suspension is not None:
        raise Refused("site_suspended", "The site is suspended.", suspended_at=site.suspension.at)
    return replace(site, suspension=Suspension(by=by, at=now, reason=require_reason(reason)))


def light_to_issue(site: Site, protocol_version: str, lights: Iterable[GreenLight]) -> GreenLight:
    """The green light that is to be granted; at a suspended site the one in force may be issued again."""
    light = light_for(site, protocol_version, lights)
    if site.suspension is None or light.state is not GreenLightState.GRANTED:
        return light
    return replace(light, state=GreenLightState.PREPARING, signed_by=())


def site_numbered(sites: Iterable[Site], number: str) -> Site:
    """The site with this number.

    Raises:
        Refused: `site_unknown`.
    """
    for site in sites:
        if site.number == number:
            return site
    raise Refused("site_unknown", "The trial has no site of this number.", site_number=number)


def numbers_by_id(sites: Iterable[Site]) -> Mapping[SiteId, str]:
    return {site.id: site.number for site in sites}


def light_for(site: Site, protocol_version: str, lights: Iterable[GreenLight]) -> GreenLight:
    """The site's green light for a version, as it stands before anybody signs.

    A revocation is about the site, not about one version: until it is granted again for some version, a
    version that the site never had begins as revoked, so that it needs two people as well.
    """
    known = {light.protocol_version: light for light in lights}
    if protocol_version in known:
        return known[protocol_version]
    revoked = {GreenLightState.REVOKED, GreenLightState.REGRANT_PROPOSED}
    states = {light.state for light in known.values()}
    begins_revoked = bool(states & revoked) and GreenLightState.GRANTED not in states
    return GreenLight(
        trial_id=site.trial_id,
        site_id=site.id,
        protocol_version=protocol_version,
        state=GreenLightState.REVOKED if begins_revoked else GreenLightState.PREPARING,
    )

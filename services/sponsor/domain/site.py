"""A hospital's participation in a trial."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.sponsor.domain.green_light import GreenLight, GreenLightState
from services.sponsor.domain.ids import PersonId, SiteId, TrialId
from services.sponsor.domain.refusals import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One site of one trial.

    Attributes:
        number: the three digits by which the trial knows it.
        zone: IANA zone of its local dates.
        recruitment_cap: most participants it may register; None: no cap of its own.
    """

    id: SiteId
    trial_id: TrialId
    number: str
    organisation: str
    country: str
    zone: str
    principal_investigator: PersonId
    recruitment_cap: int | None


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

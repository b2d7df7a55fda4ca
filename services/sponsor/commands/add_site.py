"""A hospital joins a trial; it recruits after its green light."""

from dataclasses import dataclass

from services.sponsor.commands.permission import OFFICE_AND_QUALITY, permitted_trial
from services.sponsor.domain.ids import PersonId, SiteId
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.site import Site
from services.sponsor.store.sites import add_site as keep_site
from shared.act import Act
from shared.audit import record
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class AddSite:
    trial_id: str
    site_number: str
    organisation: str
    country: str
    zone: str
    principal_investigator: str
    recruitment_cap: int | None


async def add_site(tx: Tx, command: AddSite, act: Act) -> Site:
    """Keep the site.

    Raises:
        Refused: `site_number_taken`.
    """
    trial, act = await permitted_trial(tx, act, command.trial_id, OFFICE_AND_QUALITY)
    site = Site(
        id=SiteId(act.new_id()),
        trial_id=trial.id,
        number=command.site_number,
        organisation=command.organisation,
        country=command.country,
        zone=command.zone,
        principal_investigator=PersonId(command.principal_investigator),
        recruitment_cap=command.recruitment_cap,
    )
    if not await keep_site(tx, site, act.now):
        raise Refused("site_number_taken", "Another site of the trial has this number.")
    details = {
        "trial_id": trial.id,
        "site_number": site.number,
        "organisation": site.organisation,
        "country": site.country,
        "zone": site.zone,
        "principal_investigator": site.principal_investigator,
        "recruitment_cap": site.recruitment_cap,
    }
    await record(tx, act, site.id, "site.added", details)
    return site

"""Sites from a CSV file: all of them or none, and a repeat changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.sponsor.domain.ids import PersonId, SiteId
from services.sponsor.domain.site import Site
from services.sponsor.domain.trial import Trial
from services.sponsor.store.sites import add_site, sites_of
from shared.act import Act
from shared.audit import record
from shared.csv_tables import BadRow, Column, CsvRow, read_table, read_zone, text_of, whole_number
from shared.database import Tx

PERSON = r"[\x21-\x7e]{1,200}"
SITE_NUMBER = r"[0-9]{3}"
_COLUMNS = (
    Column(name="site_number", read=text_of(SITE_NUMBER)),
    Column(name="organisation", read=text_of(r".{1,200}")),
    Column(name="country", read=text_of(r"[A-Z]{2}")),
    Column(name="zone", read=read_zone),
    Column(name="principal_investigator", read=text_of(PERSON)),
    Column(name="recruitment_cap", read=whole_number(1, 500), needed=False, expected=False),
)
_SAME = ("organisation", "country", "zone", "principal_investigator", "recruitment_cap")


@dataclass(frozen=True, slots=True, kw_only=True)
class SitesPlanned:
    """`new` are to be added, `known` are all sites of the trial with them; nothing is done while `bad` has entries."""

    rows: int
    new: Sequence[Site]
    known: Sequence[Site]
    bad: Sequence[BadRow]


async def plan_sites(tx: Tx, act: Act, trial: Trial, file: str, text: str) -> SitesPlanned:
    """What the file would add; a site that is there already must be exactly as the file says."""
    table = read_table(file, text, _COLUMNS, once=[("site_number",)])
    known = {site.number: site for site in await sites_of(tx, trial.id)}
    bad, new = list(table.bad), []
    for row in table.rows:
        stated = _site(act, trial, row)
        present = known.get(stated.number)
        if present is None:
            new.append(stated)
            known[stated.number] = stated
            continue
        other = [name for name in _SAME if getattr(present, name) != getattr(stated, name)]
        bad += [table.at(row, name, "differs") for name in other]
    return SitesPlanned(rows=len(table.rows), new=new, known=list(known.values()), bad=sorted(bad))


def _site(act: Act, trial: Trial, row: CsvRow) -> Site:
    return Site(
        id=SiteId(act.new_id()),
        trial_id=trial.id,
        number=row["site_number"],
        organisation=row["organisation"],
        country=row["country"],
        zone=row["zone"],
        principal_investigator=PersonId(row["principal_investigator"]),
        recruitment_cap=row["recruitment_cap"],
    )


async def keep_sites(tx: Tx, act: Act, planned: SitesPlanned) -> None:
    """Add the new sites; they recruit after their green light."""
    for site in planned.new:
        if not await add_site(tx, site, act.now):
            raise LookupError("the number was free under the trial's lock")
        details = {"trial_id": site.trial_id, "site_number": site.number}
        stated = {name: getattr(site, name) for name in _SAME}
        await record(tx, act, site.id, "site.added", details | stated)

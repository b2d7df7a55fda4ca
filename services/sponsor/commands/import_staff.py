"""Lines of the delegation log from a CSV file: all of them or none, and a repeat changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.sponsor.commands.import_sites import PERSON, SITE_NUMBER
from services.sponsor.domain.delegation import EVERY_SITE, Delegation, decide_delegation
from services.sponsor.domain.ids import DelegationId, PersonId, SiteId
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.roles import Role
from services.sponsor.domain.site import Site, numbers_by_id
from services.sponsor.domain.trial import Trial
from services.sponsor.events.published import DelegationGrantedV1
from services.sponsor.store.delegations import delegations_of, saved_delegation
from shared.act import Act
from shared.csv_tables import (
    BadRow,
    Column,
    CsvRow,
    one_of,
    read_instant,
    read_table,
    read_yes_no,
    text_of,
)
from shared.database import Tx
from shared.outbox import NewEvent, put

_COLUMNS = (
    Column(name="person", read=text_of(PERSON)),
    Column(name="role", read=one_of([role.value for role in Role])),
    Column(name="site_number", read=text_of(SITE_NUMBER), needed=False),
    Column(name="from", read=read_instant),
    Column(name="until", read=read_instant, needed=False),
    Column(name="unblinded", read=read_yes_no, needed=False, expected=False),
)
_ONCE = ("person", "role", "site_number", "from")
_COLUMN_OF = {"delegation_period_invalid": "until", "unblinded_role_conflict": "role"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffPlanned:
    """`new` lines are to be added; nothing is done while `bad` has entries."""

    rows: int
    new: Sequence[Delegation]
    bad: Sequence[BadRow]


async def plan_staff(
    tx: Tx, act: Act, trial: Trial, sites: Sequence[Site], file: str, text: str
) -> StaffPlanned:
    """What the file would add; a line that is there already must be exactly as the file says.

    Args:
        tx: the transaction.
        act: of a person who may.
        trial: whose log it is.
        sites: of the trial, with those that are about to be added.
        file: its name, for what is wrong.
        text: what it says.
    """
    table = read_table(file, text, _COLUMNS, once=[_ONCE])
    log = await delegations_of(tx, trial.id)
    ids = {site.number: site.id for site in sites}
    bad, new = list(table.bad), []
    for row in table.rows:
        if row["site_number"] is not None and row["site_number"] not in ids:
            bad.append(table.at(row, "site_number", "site_unknown"))
            continue
        stated = _delegation(act, trial, ids, row)
        present = next((line for line in log if _key(line) == _key(stated)), None)
        if present is not None:
            other = (present.ends_at, present.unblinded) != (stated.ends_at, stated.unblinded)
            bad += [table.at(row, "until", "differs")] if other else []
            continue
        try:
            mine = [line for line in log if line.person_id == stated.person_id]
            new.append(decide_delegation(stated, mine))
            log.append(stated)
        except Refused as refused:
            bad.append(table.at(row, _COLUMN_OF[refused.code], refused.code))
    return StaffPlanned(rows=len(table.rows), new=new, bad=sorted(bad))


def _delegation(act: Act, trial: Trial, site_ids: dict[str, SiteId], row: CsvRow) -> Delegation:
    site = row["site_number"]
    return Delegation(
        id=DelegationId(act.new_id()),
        trial_id=trial.id,
        person_id=PersonId(row["person"]),
        role=Role(row["role"]),
        site_id=EVERY_SITE if site is None else site_ids[site],
        unblinded=bool(row["unblinded"]),
        starts_at=row["from"],
        ends_at=row["until"],
    )


def _key(line: Delegation) -> tuple[object, ...]:
    return (line.person_id, line.role, line.site_id, line.starts_at)


async def keep_staff(tx: Tx, act: Act, planned: StaffPlanned, sites: Sequence[Site]) -> None:
    """Add the new lines and tell everybody."""
    numbers = numbers_by_id(sites)
    for line in planned.new:
        body = DelegationGrantedV1(
            trial_id=line.trial_id,
            delegation_id=line.id,
            person=line.person_id,
            role=line.role.value,
            site_number=None if line.site_id == EVERY_SITE else numbers[line.site_id],
            from_at=line.starts_at,
            until_at=line.ends_at,
            unblinded=line.unblinded,
        )
        event = NewEvent(aggregate_id=line.id, scope=line.trial_id, body=body)
        await put(tx, act, event, saved_delegation(tx, line))

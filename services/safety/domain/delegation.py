"""Whether a reporter was delegated for the trial: a flag on the report, never a reason to refuse it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.safety.domain.causality import Writer
from services.safety.domain.ids import PersonId
from services.safety.domain.report import Author


class ReportFlag(StrEnum):
    """What was not in order about who reported, or must be looked at before a text is passed on."""

    DELEGATION_MISSING = "delegation_missing"
    DELEGATION_ENDED = "delegation_ended"
    REPORTER_OF_ANOTHER_SITE = "reporter_of_another_site"
    IDENTIFIER_SUSPECTED = "identifier_suspected"
    TAKEN_OVER = "taken_over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """One entry of the trial's delegation log for one person; `site_number` empty means every site."""

    role: str
    site_number: str
    from_at: datetime
    until_at: datetime | None
    ended_at: datetime | None

    def holds(self, now: datetime) -> bool:
        over = [instant for instant in (self.until_at, self.ended_at) if instant is not None]
        return self.from_at <= now and all(now < instant for instant in over)

    def at_site(self, site_number: str) -> bool:
        return self.site_number in ("", site_number)


def delegation_flag(
    delegations: Iterable[Delegation], site_number: str, *, now: datetime
) -> ReportFlag | None:
    """What is wrong with the reporter's delegation at this site, if anything.

    Args:
        delegations: every entry of this person in this trial.
        site_number: the participant's site, empty when it is not known.
        now: domain time, aware UTC.
    """
    here = [entry for entry in delegations if not site_number or entry.at_site(site_number)]
    if any(entry.holds(now) for entry in here):
        return None
    return ReportFlag.DELEGATION_ENDED if here else ReportFlag.DELEGATION_MISSING


@dataclass(frozen=True, slots=True, kw_only=True)
class Duties:
    """What the reporter's access token says: which duties he or she holds where this participant is treated."""

    investigator: bool
    safety_desk: bool
    sponsor: bool


def author_of(
    person: PersonId, duties: Duties, flag: ReportFlag | None, *, stated_by: PersonId | None
) -> Author:
    """In which duty somebody writes.

    An investigator whose delegation is known to have ended does not write the investigator's opinion; one
    whose delegation has not been heard of does, because the log may be on its way.
    """
    if stated_by is not None and duties.safety_desk:
        return Author(person=person, writer=Writer.SAFETY_DESK, stated_by=stated_by)
    if duties.investigator and flag is not ReportFlag.DELEGATION_ENDED:
        return Author(person=person, writer=Writer.INVESTIGATOR)
    if duties.safety_desk:
        return Author(person=person, writer=Writer.SAFETY_DESK)
    return Author(person=person, writer=Writer.SPONSOR if duties.sponsor else Writer.OTHER)

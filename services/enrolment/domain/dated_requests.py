"""What a site states about the dates of a request for a place, and who may read why it asks to go first."""

from dataclasses import dataclass
from datetime import date, timedelta

from services.enrolment.domain.refusals import Refused

FURTHEST = timedelta(days=366)
"""A date further away than a year, either way, is taken for a slip of the pen."""

LONGEST_WASHOUT_AFTER_START = timedelta(days=28)
"""Screening may begin while the wash-out still runs. One that ends later than this after the earliest start says
that the child cannot start then. [project]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedDates:
    """Local dates at the site, each None where nothing was stated; `priority_reason` is empty without one."""

    earliest_start_on: date | None = None
    washout_ends_on: date | None = None
    priority_reason: str = ""

    @property
    def says_something(self) -> bool:
        return self != StatedDates()


NOTHING_STATED = StatedDates()


def check_dates(stated: StatedDates, today: date) -> None:
    """Accepts dates within a year of the site's local date, with a wash-out that fits the earliest start.

    Raises:
        Refused: `dates_implausible`.
    """
    start, washout = stated.earliest_start_on, stated.washout_ends_on
    for name, stated_on in (("earliest start", start), ("end of the wash-out", washout)):
        if stated_on is not None and abs(stated_on - today) > FURTHEST:
            raise Refused("dates_implausible", f"The {name} lies more than a year away.")
    if start is not None and washout is not None and washout > start + LONGEST_WASHOUT_AFTER_START:
        days = LONGEST_WASHOUT_AFTER_START.days
        raise Refused(
            "dates_implausible",
            f"The wash-out ends more than {days} days after the earliest start.",
            days=days,
        )


def merged(before: StatedDates, stated: StatedDates) -> StatedDates:
    """What holds after a request that states some of it again; what it leaves out stays as it was."""
    return StatedDates(
        earliest_start_on=stated.earliest_start_on or before.earliest_start_on,
        washout_ends_on=stated.washout_ends_on or before.washout_ends_on,
        priority_reason=stated.priority_reason or before.priority_reason,
    )

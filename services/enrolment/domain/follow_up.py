"""The follow-up that a protocol owes a participant, computed from the protocol and the date it counts from.

Nothing of it is stored ahead: fifteen years of visits are a function of the protocol versions and of one date,
and what happened is stored beside it. All dates are local to the site, so a clock-change night moves nothing.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class FollowUpStart(StrEnum):
    """What the days of a schedule are counted from."""

    REGISTRATION = "registration"
    FIRST_DOSE = "first_dose"
    INFUSION = "infusion"
    TRANSPLANT = "transplant"
    TREATMENT_END = "treatment_end"


class ContactKind(StrEnum):
    VISIT = "visit"
    CONTACT = "contact"
    QUESTIONNAIRE = "questionnaire"
    INTERVIEW = "interview"
    SAMPLE = "sample"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedVisit:
    """A visit owed on the given days after the start; one day, or a series that ends on `until_days`."""

    visit: str
    label: str
    kind: ContactKind
    from_days: int
    every_days: int = 0
    until_days: int = 0
    days_before: int = 0
    days_after: int = 0

    @property
    def days(self) -> range:
        if not self.every_days:
            return range(self.from_days, self.from_days + 1)
        return range(self.from_days, self.until_days + 1, self.every_days)


@dataclass(frozen=True, slots=True, kw_only=True)
class LossTerms:
    """Attempts in vain, by how many channels and within how many days, before somebody counts as lost."""

    attempts: int
    channels: int
    within_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpTerms:
    """The follow-up of one protocol version; without visits there is none."""

    version: str
    starts: FollowUpStart
    years: int
    visits: tuple[PlannedVisit, ...]
    lost: LossTerms | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionFollowUp:
    """A version's terms as they apply to one participant.

    `effective_on` is the local date from which the version holds; `start_on` the local date that its days count
    from, None while that has not happened.
    """

    terms: FollowUpTerms
    effective_on: date
    start_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One visit or contact owed: `visit` and `day` (days after the start) name it for good."""

    visit: str
    day: int
    label: str
    kind: ContactKind
    due_on: date
    opens_on: date
    closes_on: date
    protocol_version: str

    @property
    def key(self) -> tuple[str, int]:
        return self.visit, self.day


def entries_of(terms: FollowUpTerms, start_on: date) -> tuple[Entry, ...]:
    """Every entry of one version, by due date; a window never opens before the start.

    Args:
        terms: the version's schedule.
        start_on: day 0, a local date at the site.
    """
    found = [_entry(terms, visit, day, start_on) for visit in terms.visits for day in visit.days]
    return tuple(sorted(found, key=lambda entry: (entry.due_on, entry.visit, entry.day)))


def _entry(terms: FollowUpTerms, visit: PlannedVisit, day: int, start_on: date) -> Entry:
    due_on = start_on + timedelta(days=day)
    return Entry(
        visit=visit.visit,
        day=day,
        label=visit.label,
        kind=visit.kind,
        due_on=due_on,
        opens_on=max(start_on, due_on - timedelta(days=visit.days_before)),
        closes_on=due_on + timedelta(days=visit.days_after),
        protocol_version=terms.version,
    )


def schedule_of(versions: Sequence[VersionFollowUp], kept: Iterable[Entry] = ()) -> tuple[Entry, ...]:
    """What is owed under several protocol versions, each for the windows that open while it holds.

    Args:
        versions: oldest first; the first also governs what opened before it.
        kept: entries for which something is recorded; they stay as they were recorded.

    Returns:
        Entries by due date. A later version never asks again for what an earlier one, or a record, covers: the
        same single visit, or the same visit of a series in an overlapping window.
    """
    cover = _Cover(versions, kept)
    for place, version in enumerate(versions):
        if version.start_on is None:
            continue
        since = version.effective_on if place else date.min
        until = versions[place + 1].effective_on if place + 1 < len(versions) else date.max
        opening = [it for it in entries_of(version.terms, version.start_on) if since <= it.opens_on < until]
        cover.owe(opening)
    return tuple(sorted(cover.owed, key=lambda entry: (entry.due_on, entry.visit, entry.day)))


class _Cover:
    """What is owed so far, and what it covers of a later version's visits."""

    def __init__(self, versions: Iterable[VersionFollowUp], kept: Iterable[Entry]) -> None:
        self.owed = list(kept)
        self._series = frozenset(
            visit.visit for version in versions for visit in version.terms.visits if visit.every_days
        )

    def owe(self, opening: Sequence[Entry]) -> None:
        """Add one version's entries, save those that are covered already."""
        keys = {entry.key for entry in self.owed}
        visits = {entry.visit for entry in self.owed}
        versions = {entry.protocol_version for entry in opening}
        others = _Windows(entry for entry in self.owed if entry.protocol_version not in versions)
        self.owed += [
            entry
            for entry in opening
            if entry.key not in keys
            and not (entry.visit in visits and entry.visit not in self._series)
            and not others.overlap(entry)
        ]


class _Windows:
    """Windows by visit, ordered so that a schedule of decades is compared without looking at every pair.

    Windows of one version's own series may touch and are not among them: each of its days is owed all the same.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._opens: dict[str, list[date]] = {}
        self._closes: dict[str, list[date]] = {}
        for entry in sorted(entries, key=lambda entry: entry.opens_on):
            closes = self._closes.setdefault(entry.visit, [])
            closes.append(max([entry.closes_on, *closes[-1:]]))
            self._opens.setdefault(entry.visit, []).append(entry.opens_on)

    def overlap(self, entry: Entry) -> bool:
        """Whether a window of the same visit has a day in common with the entry's."""
        before = bisect_right(self._opens.get(entry.visit, []), entry.closes_on)
        return before > 0 and self._closes[entry.visit][before - 1] >= entry.opens_on


def follow_up_ends_on(versions: Sequence[VersionFollowUp], entries: Iterable[Entry]) -> date | None:
    """Local date after which nothing is owed any more: the years of the newest version, and every window.

    Returns:
        None while there is no schedule or its start has not come.
    """
    if not versions or versions[-1].start_on is None or not versions[-1].terms.visits:
        return None
    last = anniversary(versions[-1].start_on, versions[-1].terms.years)
    return max([last, *(entry.closes_on for entry in entries)])


def anniversary(day: date, years: int) -> date:
    """The same calendar day so many years on; that of 29 February is 1 March in a common year."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)

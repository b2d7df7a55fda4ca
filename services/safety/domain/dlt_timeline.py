"""What is known of an event's grade from day to day, under three readings of what is still unconfirmed."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from services.safety.domain.dlt_definition import DurationConvention

WORST_GRADE = 5


class Strength(IntEnum):
    """How firmly a criterion stands: not at all, it may still become true, provisionally, for certain."""

    NO = 0
    POSSIBLE = 1
    PROVISIONAL = 2
    CERTAIN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedGrade:
    """A grade from a day on; it holds until the event's next entry.

    `day` is the day number of the window, None while the date is not known; `grade` is 0 (gone) to 5,
    None while it is not known; `confirmed` tells an investigator's grade from a proposed one.
    """

    day: int | None
    grade: int | None
    confirmed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AsOf:
    """The moment of judging: day `day` has begun; today's entries count only if it is under way."""

    day: int
    today_known: bool = False

    def knows(self, day: int) -> bool:
        return day < self.day or (self.today_known and day == self.day)


def as_day_begins(day: int) -> AsOf:
    """As of the first instant of `day`: entries dated `day` or later are not known."""
    return AsOf(day=day)


def during_day(day: int) -> AsOf:
    """As of some moment within `day`: whatever has been entered for `day` so far is known."""
    return AsOf(day=day, today_known=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Unbroken days at or above a grade: from `since` to the entry that ended it (None: ongoing)."""

    since: int
    ended_on: int | None
    last_seen_on: int


Grades = tuple[tuple[int, int], ...]
Reading = Callable[[Sequence[DatedGrade], int], int]


def certain(entries: Sequence[DatedGrade], _held: int) -> int:
    """Grade of a day that nobody can take away: confirmed entries only."""
    return max((entry.grade or 0 for entry in entries if entry.confirmed), default=0)


def at_face_value(entries: Sequence[DatedGrade], held: int) -> int:
    """Grade of a day if every proposal is confirmed; an entry without grade leaves the grade held before."""
    return max((entry.grade for entry in entries if entry.grade is not None), default=held)


def at_worst(entries: Sequence[DatedGrade], _held: int) -> int:
    """Grade of a day if everything unconfirmed turns out as bad as it can."""
    return max(
        WORST_GRADE if entry.grade is None or not entry.confirmed else entry.grade for entry in entries
    )


def known_entries(entries: Iterable[DatedGrade], as_of: AsOf) -> tuple[DatedGrade, ...]:
    """Dated entries known at `as_of`, from day 1 on; what came before the first dose is baseline."""
    return tuple(
        entry for entry in entries if entry.day is not None and entry.day >= 1 and as_of.knows(entry.day)
    )


def grades_by_day(entries: Iterable[DatedGrade], as_of: AsOf, reading: Reading) -> Grades:
    """Grade from each day with an entry on, in day order; of several entries of a day the worst counts."""
    by_day: dict[int, list[DatedGrade]] = {}
    for entry in known_entries(entries, as_of):
        if entry.day is not None:
            by_day.setdefault(entry.day, []).append(entry)
    held, grades = 0, []
    for day in sorted(by_day):
        held = reading(by_day[day], held)
        grades.append((day, held))
    return tuple(grades)


def runs_at_least(grades: Grades, threshold: int) -> tuple[Run, ...]:
    """Every unbroken run at or above `threshold`, earliest first."""
    runs: list[Run] = []
    since = last_seen_on = 0
    for day, grade in grades:
        if grade >= threshold:
            since, last_seen_on = since or day, day
        elif since:
            runs.append(Run(since=since, ended_on=day, last_seen_on=last_seen_on))
            since = 0
    if since:
        runs.append(Run(since=since, ended_on=None, last_seen_on=last_seen_on))
    return tuple(runs)


def true_from_day(since: int, lasting_more_than: int | None, convention: DurationConvention) -> int:
    """Day as of whose beginning a run since `since` has lasted long enough.

    Args:
        since: first day of the run.
        lasting_more_than: days that the duration must exceed; None when the grade alone suffices.
        convention: whether the duration is end minus onset, or counts both days.
    """
    if lasting_more_than is None:
        return since
    whole_days = lasting_more_than + 1
    return since + (whole_days if convention is DurationConvention.DAY_DIFFERENCE else whole_days - 1)


def has_lasted(run: Run, true_from: int, as_of: AsOf) -> bool:
    """Whether the run reached the day from which its criterion is true."""
    end = as_of.day if run.ended_on is None else run.ended_on
    return end >= true_from

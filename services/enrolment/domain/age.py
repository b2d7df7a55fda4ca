"""Ages in completed years on a site's local date, from a full or a partial date of birth.

The central store knows only year and month of birth. A site that knows the day signs the age on its local
date; each such statement narrows the days that remain possible. A rule about age holds only when it holds
for every age that is still possible, so what is not known never lets anybody in.
"""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.signature import Signature


class LeapDayBirthday(StrEnum):
    """Day on which somebody born on 29 February grows older in a common year; a matter of the country."""

    ON_28_FEBRUARY = "on_28_february"
    ON_1_MARCH = "on_1_march"


@dataclass(frozen=True, slots=True, kw_only=True)
class BirthMonth:
    """Year and month of birth; the day stays at the site."""

    year: int
    month: int

    def __post_init__(self) -> None:
        if not (1 <= self.month <= 12 and 1900 <= self.year <= 2200):
            raise ValueError("not a year and month of birth")

    def days(self) -> tuple[date, ...]:
        last = monthrange(self.year, self.month)[1]
        return tuple(date(self.year, self.month, day) for day in range(1, last + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeStatement:
    """A delegated person at the site states the age in completed years on the site's local date `on`."""

    age_years: int
    on: date
    signature: Signature


def local_date(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


def birthday_in(year: int, born_on: date, leap_day: LeapDayBirthday) -> date:
    """Date in `year` at whose first local instant the person is one year older."""
    if (born_on.month, born_on.day) != (2, 29) or monthrange(year, 2)[1] == 29:
        return born_on.replace(year=year)
    return date(year, 2, 28) if leap_day is LeapDayBirthday.ON_28_FEBRUARY else date(year, 3, 1)


def age_on(born_on: date, on: date, leap_day: LeapDayBirthday) -> int:
    """Completed years on a local date; the birthday itself counts as completed.

    Raises:
        ValueError: `on` lies before birth.
    """
    if on < born_on:
        raise ValueError("the date lies before birth")
    had_birthday = on >= birthday_in(on.year, born_on, leap_day)
    return on.year - born_on.year - (0 if had_birthday else 1)


def possible_ages(
    born: BirthMonth, on: date, leap_day: LeapDayBirthday, statements: Iterable[AgeStatement] = ()
) -> frozenset[int]:
    """Ages on `on` that fit the month of birth and every signed statement.

    Args:
        born: year and month of birth.
        on: the site's local date.
        leap_day: the country's rule for 29 February.
        statements: statements by delegated persons; others are left out, they prove nothing.

    Returns:
        One or two ages in completed years; empty when the facts contradict each other or lie before birth.
    """
    return _ages(born, on, leap_day, _proofs(statements))


# Guards ask for the same ages many times within one registration.
@lru_cache(maxsize=1024)
def _ages(
    born: BirthMonth, on: date, leap_day: LeapDayBirthday, proofs: tuple[tuple[date, int], ...]
) -> frozenset[int]:
    days = _birthdays(born, leap_day, proofs)
    return frozenset(age_on(day, on, leap_day) for day in days if day <= on)


def possible_birthdays(
    born: BirthMonth, leap_day: LeapDayBirthday, statements: Iterable[AgeStatement] = ()
) -> tuple[date, ...]:
    """Days of birth, oldest first, that fit the month and every statement of a delegated person."""
    return _birthdays(born, leap_day, _proofs(statements))


def _proofs(statements: Iterable[AgeStatement]) -> tuple[tuple[date, int], ...]:
    """What the statements that prove something say: an age, and the day on which it was that."""
    return tuple(
        (statement.on, statement.age_years) for statement in statements if statement.signature.delegated
    )


def _birthdays(
    born: BirthMonth, leap_day: LeapDayBirthday, proofs: tuple[tuple[date, int], ...]
) -> tuple[date, ...]:
    return tuple(
        day
        for day in born.days()
        if all(on >= day and age_on(day, on, leap_day) == age for on, age in proofs)
    )


def check_age_statement(
    statement: AgeStatement, born: BirthMonth, today: date, leap_day: LeapDayBirthday
) -> None:
    """Accepts a statement that can be true of this month of birth.

    Raises:
        Refused: `time_in_future` when it speaks of a later local date than today, `age_statement_mismatch`
            when no day of the month of birth gives that age.
    """
    if statement.on > today:
        raise Refused("time_in_future", "The age is stated for a date that has not come.")
    if statement.age_years not in possible_ages(born, statement.on, leap_day):
        raise Refused("age_statement_mismatch", "The stated age does not fit the year and month of birth.")

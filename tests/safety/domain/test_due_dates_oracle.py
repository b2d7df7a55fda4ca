"""10,000 awareness times around every clock change and year end from 2020 to 2050, against arithmetic of its own.

The oracle shares nothing with the code under test: days are counted as integers from the civil calendar, and summer
time is the rule of the European Union and of the United Kingdom (from the last Sunday of March to the last Sunday of
October, at 01:00 UTC), not the zone database. (Both lie within the database's rules until they are changed by law.)
"""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.safety.domain.reporting_regime import Regime, ReportingRule
from shared.deadlines import Unit
from tests.safety.domain.regimes import shipped

HOUR, DAY = 3_600, 86_400
ZONES = {"Europe/London": 0, "Europe/Berlin": HOUR}
YEARS = range(2020, 2051)
HOW_MANY = 10_000


def days_from_civil(year: int, month: int, day: int) -> int:
    """Days since 1 January 1970 of the Gregorian calendar, in integers (years that begin in March)."""
    year -= month <= 2
    era, of_era = divmod(year, 400)
    of_year = (153 * (month + (9 if month <= 2 else -3)) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


def last_sunday(year: int, month: int) -> int:
    last = days_from_civil(year, month, 31)
    return last - (last + 4) % 7  # 1 January 1970 was a Thursday


def offset(seconds: int, standard: int) -> int:
    """Seconds that local time is ahead of UTC at an instant, in seconds since 1970."""
    year = 1970 + int(seconds // (DAY * 365.2425))
    for one in (year - 1, year, year + 1):
        if days_from_civil(one, 1, 1) * DAY <= seconds < days_from_civil(one + 1, 1, 1) * DAY:
            year = one
    summer = last_sunday(year, 3) * DAY + HOUR <= seconds < last_sunday(year, 10) * DAY + HOUR
    return standard + (HOUR if summer else 0)


def expected(seconds: int, amount: int, standard: int) -> tuple[int, int, int, list[int]]:
    """Day 0, due day, due instant and the three warnings in microseconds, all since 1970."""
    day_0 = (seconds + offset(seconds, standard)) // DAY
    due_day = day_0 + amount
    midnight = (due_day + 1) * DAY - standard
    due_at = midnight - offset(midnight - HOUR, standard) + standard
    span = (due_at - seconds) * 1_000_000
    return day_0, due_day, due_at, [seconds * 1_000_000 + span * percent // 100 for percent in (50, 80, 100)]


def moments() -> Iterator[int]:
    """Instants within a month before every clock change and year end, many of them within hours of it."""
    chance = random.Random(20260428)
    turns = [
        turn
        for year in YEARS
        for turn in (
            last_sunday(year, 3) * DAY + HOUR,
            last_sunday(year, 10) * DAY + HOUR,
            days_from_civil(year + 1, 1, 1) * DAY,
        )
    ]
    for place in range(HOW_MANY):
        turn = turns[place % len(turns)]
        near = chance.choice([3 * HOUR, 2 * DAY, 31 * DAY])
        yield turn + chance.randint(-near, near // 4)


def epoch_day(day: date | None) -> int:
    assert day is not None
    return day.toordinal() - date(1970, 1, 1).toordinal()


def micros(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def rules() -> list[tuple[Regime, ReportingRule]]:
    return [(regime, rule) for regime in shipped().values() for rule in regime.rules.values()]


def test_the_oracle_knows_the_calendar_by_itself() -> None:
    for year in YEARS:
        for month in (1, 2, 3, 12):
            assert days_from_civil(year, month, 28) == epoch_day(date(year, month, 28))
    assert last_sunday(2026, 10) == epoch_day(date(2026, 10, 25))
    assert offset(last_sunday(2027, 3) * DAY + HOUR, 0) == HOUR
    assert offset(last_sunday(2027, 3) * DAY + HOUR - 1, 0) == 0


@pytest.mark.parametrize("name", ZONES)
def test_ten_thousand_awareness_times_get_the_oracles_due_dates(name: str) -> None:
    zone, standard = ZoneInfo(name), ZONES[name]
    asked = [rule for _, rule in rules() if rule.unit is Unit.CALENDAR_DAYS]

    for place, seconds in enumerate(moments()):
        rule = asked[place % len(asked)]
        trigger = datetime.fromtimestamp(seconds, UTC)

        found = rule.due(trigger, zone)

        day_0, due_day, due_at, warned = expected(seconds, rule.amount, standard)
        assert (epoch_day(found.day_0), epoch_day(found.due_date)) == (day_0, due_day), (rule.rule, trigger)
        assert micros(found.due_at) == due_at * 1_000_000, (rule.rule, trigger)
        assert [micros(at) for at in found.warn_at] == warned, (rule.rule, trigger)


def test_ten_thousand_site_clocks_elapse_as_hours() -> None:
    asked = [rule for _, rule in rules() if rule.unit is Unit.HOURS]

    for place, seconds in enumerate(moments()):
        rule = asked[place % len(asked)]
        found = rule.due(datetime.fromtimestamp(seconds, UTC), ZoneInfo("Europe/London"))

        assert micros(found.due_at) == (seconds + rule.amount * HOUR) * 1_000_000

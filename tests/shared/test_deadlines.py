"""Deadlines: local dates, elapsed hours, months that are too short, and the start of a day that clocks skip."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.deadlines import Unit, day_begins, day_ends, day_zero, deadline, kept_until, shown

LONDON = ZoneInfo("Europe/London")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("trigger", "days", "day_0", "due_date", "due_at", "half", "four_fifths"),
    [
        (
            *("2026-10-25T23:50+00:00", 7, "2026-10-25", "2026-11-01", "2026-11-02T00:00+00:00"),
            *("2026-10-29T11:55+00:00", "2026-10-31T14:22+00:00"),
        ),
        (
            *("2027-03-28T23:50+01:00", 7, "2027-03-28", "2027-04-04", "2027-04-04T23:00+00:00"),
            *("2027-04-01T10:55+00:00", "2027-04-03T13:22+00:00"),
        ),
    ],
    ids=["clocks went back that day", "clocks went forward that day"],
)
def test_the_worked_deadlines_around_a_clock_change(
    trigger: str, days: int, day_0: str, due_date: str, due_at: str, half: str, four_fifths: str
) -> None:
    found = deadline(at(trigger), days, Unit.CALENDAR_DAYS, LONDON)

    assert (found.day_0, found.due_date) == (date.fromisoformat(day_0), date.fromisoformat(due_date))
    assert found.due_at == at(due_at)
    assert found.warn_at == (at(half), at(four_fifths), at(due_at))


def test_half_past_midnight_in_summer_belongs_to_the_local_day_although_utc_is_a_day_behind() -> None:
    trigger = at("2026-10-23T00:30+01:00")

    assert deadline(trigger, 7, Unit.CALENDAR_DAYS, LONDON).due_date == date(2026, 10, 30)
    assert deadline(trigger, 15, Unit.CALENDAR_DAYS, LONDON).due_date == date(2026, 11, 7)


@pytest.mark.parametrize(
    ("day_0", "amount", "unit", "due_date"),
    [
        ("2026-11-21", 90, Unit.CALENDAR_DAYS, "2027-02-19"),
        ("2026-11-21", 15, Unit.CALENDAR_DAYS, "2026-12-06"),
        ("2026-12-31", 60, Unit.CALENDAR_DAYS, "2027-03-01"),
        ("2027-12-31", 60, Unit.CALENDAR_DAYS, "2028-02-29"),
        ("2026-08-31", 6, Unit.MONTHS, "2027-02-28"),
        ("2027-08-31", 6, Unit.MONTHS, "2028-02-29"),
        ("2026-12-31", 12, Unit.MONTHS, "2027-12-31"),
        ("2028-02-29", 2, Unit.YEARS, "2030-02-28"),
        ("2026-11-21", 0, Unit.MONTHS, "2026-11-21"),
    ],
)
def test_a_date_is_day_0_itself_and_a_missing_day_is_the_last_of_its_month(
    day_0: str, amount: int, unit: Unit, due_date: str
) -> None:
    found = deadline(date.fromisoformat(day_0), amount, unit, LONDON)

    assert (found.day_0, found.due_date) == (date.fromisoformat(day_0), date.fromisoformat(due_date))


@pytest.mark.parametrize(
    ("ended", "years", "kept"),
    [("2026-11-21", 25, "2051-11-21"), ("2028-02-29", 25, "2053-03-01"), ("2028-02-29", 4, "2032-02-29")],
)
def test_what_must_be_kept_is_never_given_up_early(ended: str, years: int, kept: str) -> None:
    assert kept_until(date.fromisoformat(ended), years, Unit.YEARS) == date.fromisoformat(kept)


def test_hours_elapse_whatever_the_clocks_show() -> None:
    back = deadline(at("2026-10-24T14:00+01:00"), 24, Unit.HOURS, LONDON)
    forward = deadline(at("2027-03-27T14:00+00:00"), 24, Unit.HOURS, LONDON)

    assert (back.day_0, back.due_date) == (None, None)
    assert shown(back.due_at, LONDON) == "Sun 25 October 2026 13:00 GMT"
    assert shown(forward.due_at, LONDON) == "Sun 28 March 2027 15:00 BST"


@pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [
        ("Europe/London", "2026-03-29", "2026-03-29T00:00+00:00"),
        ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00+00:00"),
        ("America/Havana", "2026-03-08", "2026-03-08T05:00+00:00"),
        ("America/Havana", "2026-11-01", "2026-11-01T04:00+00:00"),
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00+00:00"),
    ],
)
def test_a_day_begins_at_its_first_instant_also_where_midnight_is_skipped_or_comes_twice(
    zone: str, day: str, begins: str
) -> None:
    found = day_begins(date.fromisoformat(day), ZoneInfo(zone))

    assert found == at(begins)
    assert (found - timedelta(microseconds=1)).astimezone(ZoneInfo(zone)).date() < date.fromisoformat(day)


@given(
    st.integers(min_value=946_684_800, max_value=2_524_608_000),
    st.sampled_from(["Europe/London", "America/New_York", "Asia/Kathmandu", "Pacific/Auckland", "UTC"]),
)
def test_every_instant_lies_within_its_own_local_day(seconds: int, name: str) -> None:
    instant, zone = datetime.fromtimestamp(seconds, UTC), ZoneInfo(name)

    day = day_zero(instant, zone)

    assert day_begins(day, zone) <= instant < day_ends(day, zone)


def test_what_cannot_be_counted_is_said() -> None:
    with pytest.raises(ValueError, match="instant"):
        deadline(date(2026, 1, 1), 24, Unit.HOURS, LONDON)
    with pytest.raises(ValueError, match="offset"):
        deadline(at("2026-01-01T00:00Z").replace(tzinfo=None), 24, Unit.HOURS, LONDON)
    with pytest.raises(ValueError, match="0 or more"):
        deadline(date(2026, 1, 1), -1, Unit.CALENDAR_DAYS, LONDON)
    with pytest.raises(ValueError, match="calendar unit"):
        kept_until(date(2026, 1, 1), 1, Unit.HOURS)
    for unit in (Unit.CALENDAR_DAYS, Unit.MONTHS, Unit.YEARS):
        with pytest.raises(OverflowError):
            deadline(date(9999, 12, 31), 1, unit, LONDON)

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.safety.domain.dlt_window import DltWindow

LONDON = ZoneInfo("Europe/London")
START = datetime(2020, 1, 1, tzinfo=UTC)


def window(first_dose_at: datetime, zone: ZoneInfo = LONDON, days: int = 28) -> DltWindow:
    return DltWindow(started_at=first_dose_at, zone=zone, days=days)


def test_day_1_is_the_local_date_of_the_first_dose_not_the_utc_date() -> None:
    late_evening = window(datetime(2026, 6, 30, 23, 30, tzinfo=UTC))

    assert late_evening.day_one == date(2026, 7, 1)
    assert late_evening.day_at(datetime(2026, 6, 30, 22, 59, tzinfo=UTC)) == 0
    assert late_evening.day_at(datetime(2026, 6, 30, 23, 0, tzinfo=UTC)) == 1
    assert late_evening.day_of(date(2026, 6, 30)) == 0


def test_a_window_of_28_days_closes_as_day_29_begins_in_the_sites_zone() -> None:
    opened = window(datetime(2026, 3, 10, 9, 0, tzinfo=UTC))

    assert opened.last_date == date(2026, 4, 6)
    assert opened.closes_at == datetime(2026, 4, 6, 23, 0, tzinfo=UTC)
    assert not opened.is_closed(datetime(2026, 4, 6, 22, 59, 59, tzinfo=UTC))
    assert opened.is_closed(datetime(2026, 4, 6, 23, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("first_dose_at", "day", "hours"),
    [
        (datetime(2026, 3, 28, 12, 0, tzinfo=UTC), 2, 23),
        (datetime(2026, 10, 24, 12, 0, tzinfo=UTC), 2, 25),
    ],
)
def test_the_day_on_which_the_clocks_change_has_23_or_25_hours(
    first_dose_at: datetime, day: int, hours: int
) -> None:
    opened = window(first_dose_at)

    assert opened.day_begins_at(day + 1) - opened.day_begins_at(day) == timedelta(hours=hours)


def test_a_day_whose_midnight_does_not_exist_begins_when_the_clocks_change() -> None:
    beirut = ZoneInfo("Asia/Beirut")
    opened = window(datetime(2022, 3, 26, 12, 0, tzinfo=UTC), beirut)

    assert opened.day_begins_at(2) == datetime(2022, 3, 26, 22, 0, tzinfo=UTC)
    assert opened.day_at(datetime(2022, 3, 26, 22, 0, tzinfo=UTC)) == 2
    assert opened.day_at(datetime(2022, 3, 26, 21, 59, 59, tzinfo=UTC)) == 1


def test_a_time_without_an_offset_is_not_accepted() -> None:
    with pytest.raises(ValueError, match="offset"):
        window(datetime(2026, 3, 10, 9, 0))  # noqa: DTZ001
    with pytest.raises(ValueError, match="offset"):
        window(datetime(2026, 3, 10, tzinfo=UTC)).day_at(datetime(2026, 3, 11))  # noqa: DTZ001
    with pytest.raises(ValueError, match="at least one day"):
        window(datetime(2026, 3, 10, tzinfo=UTC), days=0)


@given(
    st.integers(0, 15 * 365 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes)),
    st.sampled_from(
        ["Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Cairo"]
    ),
    st.integers(1, 120),
)
def test_a_day_begins_at_its_first_instant(first_dose_at: datetime, zone: str, day: int) -> None:
    opened = window(first_dose_at, ZoneInfo(zone))
    begins = opened.day_begins_at(day)

    assert opened.day_at(begins) == day
    assert opened.day_at(begins - timedelta(microseconds=1)) == day - 1
    assert opened.day_of(opened.date_of(day)) == day

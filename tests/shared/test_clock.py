from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.clock import ServerClock, SystemClock, format_instant, monotonic, parse_instant, server_now

INSTANTS = st.datetimes(
    min_value=datetime(2, 1, 1),  # noqa: DTZ001
    max_value=datetime(9998, 12, 31),  # noqa: DTZ001
    timezones=st.timedeltas(min_value=timedelta(hours=-23), max_value=timedelta(hours=23)).map(
        lambda offset: timezone(timedelta(minutes=offset // timedelta(minutes=1)))
    ),
)


def test_an_instant_is_written_in_utc_with_microseconds() -> None:
    noon_in_summer = datetime(2026, 7, 21, 14, 0, tzinfo=timezone(timedelta(hours=1)))

    assert format_instant(noon_in_summer) == "2026-07-21T13:00:00.000000Z"


@given(INSTANTS)
def test_every_instant_survives_writing_and_reading(instant: datetime) -> None:
    assert parse_instant(format_instant(instant)) == instant


@given(INSTANTS, INSTANTS)
def test_text_order_is_time_order(one: datetime, other: datetime) -> None:
    assert (format_instant(one) < format_instant(other)) == (one < other)


def test_a_naive_time_is_no_instant() -> None:
    with pytest.raises(ValueError, match="offset"):
        format_instant(datetime(2026, 11, 21))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-21T13:00:00Z", datetime(2026, 11, 21, 13, tzinfo=UTC)),
        ("2026-11-21t13:00:00z", datetime(2026, 11, 21, 13, tzinfo=UTC)),
        ("2026-11-21T13:00:00.5+01:00", datetime(2026, 11, 21, 12, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-11-21T00:30:00-05:30", datetime(2026, 11, 21, 6, tzinfo=UTC)),
    ],
)
def test_rfc_3339_texts_are_read_as_utc(text: str, instant: datetime) -> None:
    assert parse_instant(text) == instant
    assert parse_instant(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-21",
        "2026-11-21T13:00:00",
        "2026-11-21 13:00:00Z",
        "2026-11-21T13:00Z",
        "2026-11-21T13:00:00.1234567Z",
        "2026-11-21T24:00:00Z",
        "2026-02-29T12:00:00Z",
        "2026-11-21T13:00:60Z",
        "2026-11-21T13:00:00+24:00",
        "2026-W47-6T13:00:00Z",
        "20261121T130000Z",
        "1700000000",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "2026-11-21T13:00:00Z\n",
    ],
)
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_instant(text)


def test_the_system_clock_is_a_server_clock() -> None:
    clock: ServerClock = SystemClock()
    before, tick = server_now(), monotonic()

    assert before <= clock.now() <= server_now()
    assert tick <= clock.monotonic()
    assert before.utcoffset() == timedelta(0)

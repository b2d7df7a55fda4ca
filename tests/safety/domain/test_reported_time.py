from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from services.safety.domain.reported_time import Reading, code_awareness, code_date

LONDON = ZoneInfo("Europe/London")
NOW = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "coded", "reading"),
    [
        ("2026-06-01", date(2026, 6, 1), Reading.CODED),
        (" 2026-06-01 ", date(2026, 6, 1), Reading.CODED),
        ("2028-02-29", None, Reading.FUTURE),
        ("2024-02-29", date(2024, 2, 29), Reading.CODED),
        ("2026-02-29", None, Reading.IMPOSSIBLE),
        ("1899-12-31", None, Reading.IMPOSSIBLE),
        ("1900-01-01", date(1900, 1, 1), Reading.CODED),
        ("2026-06", None, Reading.INCOMPLETE),
        ("2026", None, Reading.INCOMPLETE),
        ("2026-13", None, Reading.IMPOSSIBLE),
        ("0026", None, Reading.IMPOSSIBLE),
        ("last Tuesday", None, Reading.IMPOSSIBLE),
        ("20260601", None, Reading.IMPOSSIBLE),
        ("", None, Reading.NOT_STATED),
        ("  ", None, Reading.NOT_STATED),
    ],
)
def test_a_date_is_coded_or_kept_with_the_reason(text: str, coded: date | None, reading: Reading) -> None:
    reported = code_date(text, zone=LONDON, now=NOW)

    assert (reported.coded, reported.reading) == (coded, reading)
    assert reported.text in (text, "")


def test_the_sites_calendar_decides_what_lies_in_the_future() -> None:
    assert code_date("2026-07-01", zone=LONDON, now=NOW).reading is Reading.CODED
    assert code_date("2026-07-01", zone=ZoneInfo("America/New_York"), now=NOW).reading is Reading.FUTURE
    assert code_date("2026-07-02", zone=LONDON, now=NOW).reading is Reading.FUTURE


def test_five_minutes_before_midnight_tomorrow_is_accepted() -> None:
    before = datetime(2026, 1, 31, 23, 54, 59, tzinfo=UTC)
    within = datetime(2026, 1, 31, 23, 55, tzinfo=UTC)

    assert code_date("2026-02-01", zone=LONDON, now=before).reading is Reading.FUTURE
    assert code_date("2026-02-01", zone=LONDON, now=within).reading is Reading.CODED


@pytest.mark.parametrize(
    ("text", "at", "reading"),
    [
        ("2026-06-30T22:00:00+01:00", datetime(2026, 6, 30, 21, 0, tzinfo=UTC), Reading.CODED),
        ("2026-06-30T22:00:00", datetime(2026, 6, 30, 21, 0, tzinfo=UTC), Reading.CODED),
        ("2026-06-30T23:35:00Z", NOW, Reading.CODED),
        ("2026-06-30T23:35:01Z", NOW, Reading.FUTURE),
        ("2999-01-01T00:00:00Z", NOW, Reading.FUTURE),
        ("0001-01-01T00:00:00+14:00", NOW, Reading.IMPOSSIBLE),
        ("1850-01-01T00:00:00Z", NOW, Reading.IMPOSSIBLE),
        ("yesterday evening", NOW, Reading.IMPOSSIBLE),
        ("", NOW, Reading.NOT_STATED),
    ],
)
def test_a_claimed_awareness_never_lies_after_now(text: str, at: datetime, reading: Reading) -> None:
    claimed = code_awareness(text, zone=LONDON, now=NOW)

    assert (claimed.at, claimed.reading, claimed.text) == (at, reading, text)

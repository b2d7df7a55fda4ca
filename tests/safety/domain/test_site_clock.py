from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from services.safety.domain.site_clock import site_due_at

LONDON = ZoneInfo("Europe/London")


def test_twenty_four_hours_elapse_whatever_the_clocks_do() -> None:
    autumn = datetime(2026, 10, 24, 14, 0, tzinfo=LONDON)
    spring = datetime(2027, 3, 27, 14, 0, tzinfo=LONDON)

    assert site_due_at(autumn.astimezone(UTC)).astimezone(LONDON).isoformat() == "2026-10-25T13:00:00+00:00"
    assert site_due_at(spring.astimezone(UTC)).astimezone(LONDON).isoformat() == "2027-03-28T15:00:00+01:00"


def test_a_protocol_may_allow_another_time() -> None:
    aware = datetime(2026, 1, 1, tzinfo=UTC)

    assert site_due_at(aware, timedelta(hours=48)) == datetime(2026, 1, 3, tzinfo=UTC)

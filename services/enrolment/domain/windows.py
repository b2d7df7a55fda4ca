"""When a participant's DLT window ends, for display: the safety service alone closes it."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.enrolment.domain.age import local_date


def window_ends_at(first_dose_at: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The first instant after the window: day 1 is the local date of the first dose, day `days` its last."""
    after = local_date(first_dose_at, zone) + timedelta(days=days)
    return datetime.combine(after, time(), zone).astimezone(UTC)

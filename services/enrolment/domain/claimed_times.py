"""Times that people claim, against the time at which they are entered."""

from collections.abc import Mapping
from datetime import datetime, timedelta

FUTURE_TOLERANCE = timedelta(minutes=5)
LATE_ENTRY_AFTER = timedelta(hours=24)


def lies_in_future(claimed_at: datetime, now: datetime) -> bool:
    """Whether a claimed time is further ahead than clocks may differ."""
    return claimed_at > now + FUTURE_TOLERANCE


def future_claims(claims: Mapping[str, datetime], now: datetime) -> tuple[str, ...]:
    """Names of the claimed times that lie in the future, in alphabetical order."""
    return tuple(sorted(name for name, claimed_at in claims.items() if lies_in_future(claimed_at, now)))


def entered_late(claimed_at: datetime, now: datetime) -> bool:
    return now - claimed_at > LATE_ENTRY_AFTER

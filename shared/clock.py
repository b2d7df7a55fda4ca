"""Server time: what watermarks, leases, retries, received times, audit and token expiry are measured with.

It is always real; nothing moves it. The domain's time, which a demonstration may move, is another clock.
"""

import re
import time
from datetime import UTC, datetime
from typing import Protocol

_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


class ServerClock(Protocol):
    """Port for time, so that a simulation can run on virtual time."""

    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds since some fixed point; never goes back."""
        ...


def server_now() -> datetime:
    """The present instant of this machine, aware, UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds since some fixed point of this process; never goes back, for intervals only."""
    return time.monotonic()


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return server_now()

    def monotonic(self) -> float:
        return monotonic()


def format_instant(instant: datetime) -> str:
    """`2026-11-21T13:00:00.000000Z`: always UTC, always microseconds, so that text order is time order.

    Raises:
        ValueError: `instant` is naive, or lies outside the years 1 to 9999 in UTC.
    """
    if instant.utcoffset() is None:
        raise ValueError("an instant needs a UTC offset")
    return _in_utc(instant).isoformat(timespec="microseconds")[:26] + "Z"


def parse_instant(text: str) -> datetime:
    """The instant an RFC 3339 text states, in UTC.

    Raises:
        ValueError: another format, no offset, an impossible date or time, or more than microseconds.
    """
    if _RFC3339.fullmatch(text) is None:
        raise ValueError("an instant is written like 2026-11-21T13:00:00Z, with an offset")
    instant = datetime.fromisoformat(text.upper())
    return instant if instant.tzinfo is UTC else _in_utc(instant)


def _in_utc(instant: datetime) -> datetime:
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("an instant lies in the years 1 to 9999 in UTC") from error

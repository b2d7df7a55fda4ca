"""Points in time as HL7 writes them: year to fraction of a second, with or without an offset."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

_TIME = re.compile(
    r"(?P<year>[0-9]{4})(?:(?P<month>[0-9]{2})(?:(?P<day>[0-9]{2})(?:(?P<hour>[0-9]{2})(?:(?P<minute>[0-9]{2})"
    r"(?:(?P<second>[0-9]{2})(?:\.[0-9]{1,6})?)?)?)?)?)?(?P<offset>[+-][0-9]{2}(?:[0-9]{2})?)?"
)
_FINENESS = ("year", "month", "day", "hour", "minute", "second")
_EARLIEST_ZONE = timedelta(hours=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hl7Time:
    """A point in time as precise as it was written.

    Attributes:
        precision: the finest part given: year, month, day, hour, minute or second.
        first: its first local moment, its clock read as if it showed UTC.
        offset: from UTC; None when none was given.
    """

    precision: str
    first: datetime
    offset: timedelta | None

    def is_at_least(self, precision: str) -> bool:
        return _FINENESS.index(self.precision) >= _FINENESS.index(precision)

    @property
    def day(self) -> date | None:
        """The local date; None when only a month or a year was given."""
        return self.first.date() if self.is_at_least("day") else None

    def is_after(self, now: datetime) -> bool:
        """Whether it lies in the future wherever on earth it was written."""
        offset = _EARLIEST_ZONE if self.offset is None else self.offset
        return self.first > now + offset


def read_time(text: str) -> Hl7Time | None:
    """The time that a text says; None when it says none."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    parts = [int(match[name]) for name in _FINENESS if match[name] is not None]
    try:
        first = datetime(*_whole(parts), tzinfo=UTC)
        offset = None if match["offset"] is None else _offset(match["offset"])
    except ValueError:
        return None
    return Hl7Time(precision=_FINENESS[len(parts) - 1], first=first, offset=offset)


def write_time(at: datetime) -> str:
    """An instant to the second with its offset.

    Args:
        at: aware.
    """
    return at.strftime("%Y%m%d%H%M%S%z")


def _whole(parts: list[int]) -> tuple[int, int, int, int, int, int]:
    year, month, day, hour, minute, second = (parts + [1, 1, 1, 0, 0, 0][len(parts) :])[:6]
    return year, month, day, hour, minute, second


def _offset(text: str) -> timedelta:
    sign = -1 if text[0] == "-" else 1
    found = sign * timedelta(hours=int(text[1:3]), minutes=int(text[3:5] or 0))
    timezone(found)
    return found

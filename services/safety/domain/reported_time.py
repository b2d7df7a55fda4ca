"""Dates and instants as reported: the words are kept, and coded only when they can be believed."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

EARLIEST_YEAR = 1900
CLOCK_TOLERANCE = timedelta(minutes=5)
NOT_STATED = ""

_WHOLE = re.compile(r"\d{4}-\d{2}-\d{2}")
_PARTIAL = re.compile(r"\d{4}(-(0[1-9]|1[0-2]))?")


class Reading(StrEnum):
    """What became of a reported date or instant; only `CODED` and `FUTURE` awareness have a coded value."""

    CODED = "coded"
    NOT_STATED = "not_stated"
    INCOMPLETE = "incomplete"
    IMPOSSIBLE = "impossible"
    FUTURE = "future"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedDate:
    """A local calendar date as reported; `coded` is None unless `reading` is CODED."""

    text: str
    coded: date | None
    reading: Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedInstant:
    """A claimed instant; `at` (aware UTC) always exists, because a clock must start somewhere."""

    text: str
    at: datetime
    reading: Reading


NO_DATE = ReportedDate(text=NOT_STATED, coded=None, reading=Reading.NOT_STATED)


def code_date(text: str, *, zone: ZoneInfo, now: datetime) -> ReportedDate:
    """Reported date coded as a calendar date, or the reason why it could not be.

    Args:
        text: as reported; a whole date is written YYYY-MM-DD, a year or year and month is incomplete.
        zone: the site's zone, whose calendar decides what lies in the future.
        now: server time, aware UTC.
    """
    words = text.strip()
    if not words:
        return NO_DATE
    if _PARTIAL.fullmatch(words) and int(words[:4]) >= EARLIEST_YEAR:
        return ReportedDate(text=text, coded=None, reading=Reading.INCOMPLETE)
    found = _calendar_date(words)
    if found is None:
        return ReportedDate(text=text, coded=None, reading=Reading.IMPOSSIBLE)
    if found > (now + CLOCK_TOLERANCE).astimezone(zone).date():
        return ReportedDate(text=text, coded=None, reading=Reading.FUTURE)
    return ReportedDate(text=text, coded=found, reading=Reading.CODED)


def _calendar_date(words: str) -> date | None:
    if not _WHOLE.fullmatch(words):
        return None
    try:
        found = date.fromisoformat(words)
    except ValueError:
        return None
    return found if found.year >= EARLIEST_YEAR else None


def code_awareness(text: str, *, zone: ZoneInfo, now: datetime) -> ReportedInstant:
    """Claimed awareness as an instant that is never later than now; what cannot be read counts as now.

    Args:
        text: ISO 8601 as reported; without an offset it is read in `zone`.
        zone: the site's zone.
        now: server time, aware UTC.

    Returns:
        `FUTURE` when the claim is more than five minutes ahead of the server.
    """
    if not text.strip():
        return ReportedInstant(text=text, at=now, reading=Reading.NOT_STATED)
    claimed = _instant(text.strip(), zone)
    if claimed is None:
        return ReportedInstant(text=text, at=now, reading=Reading.IMPOSSIBLE)
    ahead = claimed > now + CLOCK_TOLERANCE
    return ReportedInstant(
        text=text, at=min(claimed, now), reading=Reading.FUTURE if ahead else Reading.CODED
    )


def _instant(words: str, zone: ZoneInfo) -> datetime | None:
    try:
        found = datetime.fromisoformat(words)
        aware = found if found.tzinfo is not None else found.replace(tzinfo=zone)
        return aware.astimezone(UTC) if found.year >= EARLIEST_YEAR else None
    except (ValueError, OverflowError):
        return None

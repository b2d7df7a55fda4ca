"""Deadlines: pure arithmetic of local calendar dates and of elapsed hours, for rules that are kept as data.

A date counts in a zone of the IANA database, weekends and holidays like any other day. Nothing here knows which
rule it serves; amounts come with the rule.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

WARNED_AT_PERCENT = (50, 80, 100)

Trigger = date | datetime

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_MONTHS_IN_YEAR = 12


class Unit(StrEnum):
    CALENDAR_DAYS = "calendar_days"
    HOURS = "hours"
    MONTHS = "months"
    YEARS = "years"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """Until when something can still be done in time.

    Attributes:
        day_0: local date of the trigger; None for hours.
        due_date: last local date; None for hours.
        due_at: instant in UTC, exclusive: in time means completed before it.
        warn_at: instants in UTC at 50, 80 and 100 % of the way from the trigger to `due_at`.
    """

    day_0: date | None
    due_date: date | None
    due_at: datetime
    warn_at: tuple[datetime, ...]


def deadline(trigger: Trigger, amount: int, unit: Unit, zone: ZoneInfo) -> Deadline:
    """The deadline that a trigger starts.

    Args:
        trigger: an aware instant, or the date that is day 0 itself; hours need an instant.
        amount: whole units, 0 or more.
        unit: hours are elapsed; all else counts local dates, and a day that its month lacks is the month's last.
        zone: in which an instant has its date, and in which a day ends.

    Raises:
        ValueError: hours from a date, an instant without an offset, or a negative amount.
        OverflowError: it leads beyond the years 1 to 9999.
    """
    if amount < 0:
        raise ValueError("an amount of time is 0 or more")
    if unit is Unit.HOURS:
        if not isinstance(trigger, datetime):
            raise ValueError("hours are counted from an instant")
        started = _utc(trigger)
        due_at = started + timedelta(hours=amount)
        return Deadline(day_0=None, due_date=None, due_at=due_at, warn_at=warnings(started, due_at))
    day_0 = day_zero(trigger, zone)
    due_date = _counted(day_0, amount, unit)
    due_at = day_ends(due_date, zone)
    started = _utc(trigger) if isinstance(trigger, datetime) else day_begins(day_0, zone)
    return Deadline(day_0=day_0, due_date=due_date, due_at=due_at, warn_at=warnings(started, due_at))


def day_zero(trigger: Trigger, zone: ZoneInfo) -> date:
    """The date of an instant in a zone; a date is its own.

    Raises:
        ValueError: an instant without an offset.
        OverflowError: the date lies beyond the years 1 to 9999.
    """
    if not isinstance(trigger, datetime):
        return trigger
    return _utc(trigger).astimezone(zone).date()


def day_begins(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a local date, in UTC; where clocks skip midnight, the instant at which they do."""
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def day_ends(day: date, zone: ZoneInfo) -> datetime:
    """The first instant that no longer belongs to a local date, in UTC."""
    return day_begins(day + timedelta(days=1), zone)


def warnings(started: datetime, due_at: datetime) -> tuple[datetime, ...]:
    """Instants at which to warn, each rounded down to the microsecond."""
    span = due_at - started
    return tuple(started + span * percent // 100 for percent in WARNED_AT_PERCENT)


def kept_until(day: date, amount: int, unit: Unit) -> date:
    """The last date on which something must still be kept: a day that its month lacks is the next day.

    Nothing may be destroyed early, so where a deadline clamps backwards a retention goes forwards.
    """
    if unit is Unit.CALENDAR_DAYS:
        return day + timedelta(days=amount)
    return _moved(day, _in_months(amount, unit), clamp=False)


def shown(at: datetime, zone: ZoneInfo) -> str:
    """An instant for people, `Sun 25 October 2026 13:00 GMT`; the same words on every machine."""
    local = at.astimezone(zone)
    weekday, month = _WEEKDAYS[local.weekday()], _MONTHS[local.month - 1]
    return f"{weekday} {local.day} {month} {local.year:04d} {local:%H:%M} {local.tzname()}"


def _counted(day: date, amount: int, unit: Unit) -> date:
    if unit is Unit.CALENDAR_DAYS:
        return day + timedelta(days=amount)
    return _moved(day, _in_months(amount, unit), clamp=True)


def _in_months(amount: int, unit: Unit) -> int:
    if unit is Unit.HOURS:
        raise ValueError("hours are no calendar unit")
    return amount * _MONTHS_IN_YEAR if unit is Unit.YEARS else amount


def _moved(day: date, months: int, *, clamp: bool) -> date:
    years, month = divmod(day.year * _MONTHS_IN_YEAR + day.month - 1 + months, _MONTHS_IN_YEAR)
    if years > date.max.year:
        raise OverflowError("beyond the calendar")
    last = monthrange(years, month + 1)[1]
    if day.day <= last:
        return date(years, month + 1, day.day)
    end_of_month = date(years, month + 1, last)
    return end_of_month if clamp else end_of_month + timedelta(days=1)


def _utc(at: datetime) -> datetime:
    if at.utcoffset() is None:
        raise ValueError("an instant needs a UTC offset")
    return at.astimezone(UTC)

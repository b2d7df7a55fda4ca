"""The DLT window in time: day numbers of local dates, and the instants at which a day begins."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class DltWindow:
    """A window that has started: day 1 is the local date of its start, `days` is its length.

    It starts with the first dose, or with the step of the course that the definition names.
    """

    started_at: datetime
    zone: ZoneInfo
    days: int

    def __post_init__(self) -> None:
        if self.started_at.tzinfo is None:
            raise ValueError("started_at carries no offset")
        if self.days < 1:
            raise ValueError("a window has at least one day")

    @property
    def day_one(self) -> date:
        return self.started_at.astimezone(self.zone).date()

    @property
    def last_date(self) -> date:
        return self.date_of(self.days)

    @property
    def closes_at(self) -> datetime:
        """Instant at which the window has closed: the end of its last local day, exclusive (UTC)."""
        return self.day_begins_at(self.days + 1)

    def date_of(self, day: int) -> date:
        return self.day_one + timedelta(days=day - 1)

    def day_of(self, on: date) -> int:
        """Day number of a local date; 0 and below lie before the window's start."""
        return (on - self.day_one).days + 1

    def day_at(self, instant: datetime) -> int:
        """Day number that is running at `instant` in the window's zone."""
        if instant.tzinfo is None:
            raise ValueError("the instant carries no offset")
        return self.day_of(instant.astimezone(self.zone).date())

    def day_begins_at(self, day: int) -> datetime:
        """First instant of day `day`, in UTC.

        Where the clocks go forward over midnight the day begins at the change itself, because fold 0 reads
        the missing midnight with the offset before the change.
        """
        return datetime.combine(self.date_of(day), time.min, tzinfo=self.zone).astimezone(UTC)

    def is_closed(self, now: datetime) -> bool:
        return now >= self.closes_at

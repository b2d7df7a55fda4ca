"""The death of a participant: it ends treatment and every contact at once, and may be corrected."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from services.enrolment.domain.age import local_date
from services.enrolment.domain.refusals import Refused


class CauseCategory(StrEnum):
    """All that is kept of a cause here; the report of the death itself is the safety service's."""

    PROGRESSION = "progression"
    TOXICITY = "toxicity"
    OTHER = "other"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """A death on record; `ended_treatment` says that it was what ended the treatment."""

    died_on: date
    cause: CauseCategory
    ended_treatment: bool


def check_death(died_on: date, registered_at: datetime, zone: ZoneInfo, now: datetime) -> None:
    """Accepts a date between the registration and today, both on the site's calendar.

    Raises:
        Refused: `time_in_future`, `death_before_registration`.
    """
    if died_on > local_date(now, zone):
        raise Refused("time_in_future", "The day given lies in the future.")
    if died_on < local_date(registered_at, zone):
        raise Refused("death_before_registration", "The participant was registered after that day.")


def check_alive(death: Death | None) -> None:
    """Accepts what only the living can be asked, sent or registered for.

    Raises:
        Refused: `participant_died`.
    """
    if death is not None:
        raise Refused("participant_died", "A death is recorded; every contact has ended.")


def check_not_recorded(death: Death | None) -> None:
    """Accepts a death of somebody for whom none is recorded.

    Raises:
        Refused: `death_recorded`.
    """
    if death is not None:
        raise Refused("death_recorded", "A death is recorded already; correct that record.")


def check_dead(death: Death | None) -> Death:
    """The death that is to be corrected.

    Raises:
        Refused: `no_death_recorded`.
    """
    if death is None:
        raise Refused("no_death_recorded", "No death is recorded for this participant.")
    return death


def check_reason(reason: str) -> None:
    """Accepts a correction that says why.

    Raises:
        Refused: `reason_required`.
    """
    if not reason.strip():
        raise Refused("reason_required", "Say why the record is corrected.")


def treatment_ends_at(died_on: date, zone: ZoneInfo, now: datetime) -> datetime:
    """The latest instant at which somebody who died on a local date was alive, and not after now.

    The hour is not asked for; with the latest possible one, no dose of that day is taken for one after death.
    """
    end_of_day = datetime.combine(died_on + timedelta(days=1), time(), tzinfo=zone)
    return min(end_of_day.astimezone(now.tzinfo), now)

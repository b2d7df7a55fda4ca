"""Sentinel participants and intervals between first doses at one level, in elapsed hours on UTC instants."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from math import ceil

from services.enrolment.domain.ids import ParticipantId


class EnforceAt(StrEnum):
    REGISTRATION = "registration"
    DOSING = "dosing"


@dataclass(frozen=True, slots=True, kw_only=True)
class StaggerPolicy:
    """The first `sentinel_n` registered at a level are its sentinels; intervals are elapsed hours.

    Source: EMA, EMEA/CHMP/SWP/28367/07 Rev. 1, which asks for observation between first participants and
    leaves number and length to the protocol.
    """

    sentinel_n: int = 0
    interval_after_sentinel_hours: int = 0
    interval_between_hours: int = 0
    enforce_at: EnforceAt = EnforceAt.DOSING


@dataclass(frozen=True, slots=True, kw_only=True)
class AtLevel:
    """A participant of the level; `first_dose_at` is None while not dosed.

    `authorised` means that a first dose may be given any moment. Leave out who will never be dosed.
    """

    participant_id: ParticipantId
    registered_at: datetime
    first_dose_at: datetime | None = None
    authorised: bool = False

    @property
    def turn(self) -> tuple[datetime, str]:
        """Order of registration; ids are time-ordered and settle equal instants."""
        return self.registered_at, self.participant_id


class StaggerStatus(StrEnum):
    CLEAR = "clear"
    INTERVAL_RUNS = "interval_runs"
    SENTINEL_NOT_DOSED = "sentinel_not_dosed"
    DOSE_AUTHORISED = "dose_authorised"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stagger:
    """Whether a first dose may be given now; `earliest_at` is None while no date can be named."""

    status: StaggerStatus
    earliest_at: datetime | None

    @property
    def code(self) -> str:
        """Refusal code, empty when clear."""
        match self.status:
            case StaggerStatus.CLEAR:
                return ""
            case StaggerStatus.SENTINEL_NOT_DOSED:
                return "sentinel_not_dosed"
            case StaggerStatus.INTERVAL_RUNS | StaggerStatus.DOSE_AUTHORISED:
                return "stagger_not_elapsed"


def interval_end(first_dose_at: datetime, hours: int | Fraction) -> datetime:
    """The instant in UTC at which so many hours have elapsed since a first dose, whatever clocks on walls did.

    A fraction of a microsecond counts as a whole one: the interval is never cut short.

    Raises:
        OverflowError: it lies beyond the calendar.
    """
    return first_dose_at.astimezone(UTC) + timedelta(microseconds=ceil(hours * 3_600_000_000))


def evaluate_stagger(
    policy: StaggerPolicy, candidate: AtLevel, others: Sequence[AtLevel], now: datetime
) -> Stagger:
    """When the first dose of the candidate may be given.

    Args:
        policy: the protocol's intervals.
        candidate: the participant in question; before registering, with `now` as time of registration.
        others: everybody else at the level, in any order.
        now: the instant of the check.

    Returns:
        No date while a sentinel is not dosed, or while another first dose is authorised and not yet given:
        its interval has not begun, and two children must not be dosed side by side through that gap.
    """
    ordered = sorted(others, key=lambda other: other.turn)
    sentinels = ordered[: policy.sentinel_n]
    is_sentinel = sum(other.turn < candidate.turn for other in ordered) < policy.sentinel_n
    if not is_sentinel and any(other.first_dose_at is None for other in sentinels):
        return Stagger(status=StaggerStatus.SENTINEL_NOT_DOSED, earliest_at=None)
    spaced = policy.interval_between_hours > 0 or (
        policy.sentinel_n > 0 and policy.interval_after_sentinel_hours > 0
    )
    if spaced and any(other.authorised and other.first_dose_at is None for other in ordered):
        return Stagger(status=StaggerStatus.DOSE_AUTHORISED, earliest_at=None)
    earliest = now.astimezone(UTC)
    for index, other in enumerate(ordered):
        if other.first_dose_at is not None:
            hours = policy.interval_between_hours
            if index < policy.sentinel_n:
                hours = max(hours, policy.interval_after_sentinel_hours)
            earliest = max(earliest, interval_end(other.first_dose_at, hours))
    clear = earliest <= now
    return Stagger(status=StaggerStatus.CLEAR if clear else StaggerStatus.INTERVAL_RUNS, earliest_at=earliest)

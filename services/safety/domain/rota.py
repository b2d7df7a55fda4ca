"""The duty rota: named people with a duty from an instant to an instant, and the gaps between them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.safety.domain.ids import DutyPeriodId, PersonId
from services.safety.domain.refusals import Refused


class Duty(StrEnum):
    DUTY_OFFICER = "duty_officer"
    SECOND_OFFICER = "second_officer"
    MEDICAL_MONITOR = "medical_monitor"
    SPONSOR_LEAD = "sponsor_lead"


@dataclass(frozen=True, slots=True, kw_only=True)
class RotaEntry:
    """One person's duty: from `from_at` (inclusive) until `until_at` (exclusive), both aware UTC."""

    person: PersonId
    duty: Duty
    from_at: datetime
    until_at: datetime

    def covers(self, instant: datetime) -> bool:
        return self.from_at <= instant < self.until_at


EVERY_TRIAL = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyPeriod:
    """A person's duty for one trial, or for all with `*`, as the rota lists it.

    `address` is where mail reaches the person, empty if nothing does; `order` sorts people of one duty.
    `ended_at` is set when the period was ended before its time.
    """

    id: DutyPeriodId
    trial_code: str
    person: PersonId
    name: str
    address: str
    duty: Duty
    order: int
    from_at: datetime
    until_at: datetime
    ended_at: datetime | None = None

    def as_entry(self) -> RotaEntry:
        until = self.until_at if self.ended_at is None else min(self.until_at, self.ended_at)
        return RotaEntry(person=self.person, duty=self.duty, from_at=self.from_at, until_at=until)


def require_lasting(period: DutyPeriod) -> None:
    """Refuse a period that ends before it begins.

    Raises:
        Refused: `duty_period_invalid`.
    """
    if period.until_at <= period.from_at:
        raise Refused("duty_period_invalid", "until_at is not later than from_at.")


def decide_ending(period: DutyPeriod, *, now: datetime) -> DutyPeriod:
    """The period, ended now.

    Raises:
        Refused: `duty_period_ended` when it is over or was ended before.
    """
    if period.ended_at is not None or period.until_at <= now:
        raise Refused("duty_period_ended", "The period is over.")
    return replace(period, ended_at=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class RotaGap:
    duty: Duty
    from_at: datetime
    until_at: datetime


def on_duty(
    rota: Iterable[RotaEntry], instant: datetime, duties: Iterable[Duty] = tuple(Duty)
) -> tuple[PersonId, ...]:
    """Everyone who holds one of `duties` at `instant`, each once, in the order of their ids."""
    wanted = frozenset(duties)
    return tuple(sorted({entry.person for entry in rota if entry.duty in wanted and entry.covers(instant)}))


def rota_gaps(
    rota: Iterable[RotaEntry], duty: Duty, *, from_at: datetime, until_at: datetime
) -> tuple[RotaGap, ...]:
    """Stretches between two instants in which nobody holds `duty`; each is an alert in advance."""
    gaps: list[RotaGap] = []
    covered_until = from_at
    for entry in sorted((entry for entry in rota if entry.duty is duty), key=lambda entry: entry.from_at):
        if entry.until_at <= covered_until or entry.from_at >= entry.until_at:
            continue
        if entry.from_at > covered_until:
            gaps.append(RotaGap(duty=duty, from_at=covered_until, until_at=min(entry.from_at, until_at)))
        covered_until = max(covered_until, entry.until_at)
        if covered_until >= until_at:
            break
    if covered_until < until_at:
        gaps.append(RotaGap(duty=duty, from_at=covered_until, until_at=until_at))
    return tuple(gap for gap in gaps if gap.from_at < gap.until_at)

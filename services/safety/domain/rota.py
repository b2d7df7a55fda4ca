"""The duty rota: named people with a duty from an instant to an instant, and the gaps between them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.safety.domain.ids import PersonId


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

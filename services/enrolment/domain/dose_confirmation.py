"""What the pharmacy is told of a dose, and the question about an amount that differs from it."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """What the pharmacy is told; `kind` is `registration` or `authorisation`, amounts are decimal text.

    `measure` is the weight in kg or the surface in m² that `planned` was computed from.
    """

    id: str
    trial_id: str
    site_number: str
    participant_id: str
    participant_number: str
    kind: str
    authorisation_id: str | None
    part: str
    level: int
    dose: str
    unit: str
    basis: str
    measure: str | None
    measured_on: date | None
    planned: str | None
    planned_at: datetime | None
    doses: int
    confirmed_at: datetime
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseQuery:
    """A question about an amount; `state` is `open` or `answered`, amounts are decimal text."""

    id: str
    trial_id: str
    site_number: str
    participant_id: str
    participant_number: str
    administration_id: str
    planned: str
    given: str
    state: str
    opened_at: datetime
    answer: str | None = None
    answered_by: str | None = None
    answered_at: datetime | None = None

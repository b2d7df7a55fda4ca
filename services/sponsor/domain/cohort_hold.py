"""The sponsor's own hold of a level, on top of the cohort rule; it follows the recommendation by itself."""

from dataclasses import dataclass
from datetime import datetime

from services.sponsor.domain.ids import CohortHoldId, PartLevel, TrialId


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortHold:
    """One level, held since `changed_at`, or released then; `reason` is that of the latest hold."""

    id: CohortHoldId
    trial_id: TrialId
    place: PartLevel
    held: bool
    reason: str
    changed_at: datetime

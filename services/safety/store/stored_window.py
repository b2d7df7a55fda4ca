"""A DLT window as the store keeps it."""

from dataclasses import dataclass
from datetime import datetime

from services.safety.domain.ids import ParticipantId, TrialId, WindowId


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredWindow:
    """A window and its verdict now; `alerted` are the alerts that it has raised, as `kind:cause`.

    `level_received` is the level that the verdict speaks of, None before the first dose.
    """

    window_id: WindowId
    participant_id: ParticipantId
    trial_id: TrialId
    version: int
    verdict: str
    provisional: str
    criteria: tuple[str, ...]
    reasons: tuple[str, ...]
    alerted: frozenset[str]
    next_check_at: datetime | None
    closes_at: datetime | None
    closed_at: datetime | None
    voided_at: datetime | None
    level_received: int | None = None

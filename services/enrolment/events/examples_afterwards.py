"""Examples of the events after registration, as the contracts show them."""

from datetime import UTC, date, datetime
from typing import Any

from services.enrolment.events.afterwards_events import (
    CourseStepRecordedV1,
    DeathCorrectedV1,
    EpisodeStartedV1,
    ParticipantDiedV1,
    ParticipantFoundV1,
    ParticipantLostV1,
    SampleDestructionRequestedV1,
    TreatmentResumedV1,
)
from services.enrolment.events.event_model import PublishedEvent

_AT = datetime(2026, 10, 24, 13, 0, tzinfo=UTC)
_WHO: dict[str, Any] = {
    "trial_id": "01993f6e-0000-7000-8000-000000000001",
    "participant_id": "01993f6e-0000-7000-8000-000000000014",
}

AFTERWARDS_EXAMPLES: tuple[PublishedEvent, ...] = (
    CourseStepRecordedV1(**_WHO, step="infusion", happened_at=_AT, outcome="done", recorded_at=_AT),
    ParticipantLostV1(**_WHO, lost_at=_AT, attempts=3, channels=["letter", "telephone"]),
    ParticipantFoundV1(**_WHO, found_at=_AT, by="follow_up_contact"),
    EpisodeStartedV1(**_WHO, episode=2, started_at=_AT),
    ParticipantDiedV1(
        **_WHO, died_on=date(2026, 10, 24), cause="progression", ended_treatment=True, recorded_at=_AT
    ),
    DeathCorrectedV1(**_WHO, died_on=None, cause=None, corrected_at=_AT),
    TreatmentResumedV1(**_WHO, resumed_at=_AT),
    SampleDestructionRequestedV1(
        **_WHO, sample_ids=["01993f6e-0000-7000-8000-000000000031"], requested_at=_AT
    ),
)

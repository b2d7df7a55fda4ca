"""An example of the event about a take-over."""

from datetime import UTC, datetime

from services.enrolment.events.event_model import PublishedEvent
from services.enrolment.events.take_over_events import TakeOverCompletedV1

TAKE_OVER_EXAMPLES: tuple[PublishedEvent, ...] = (
    TakeOverCompletedV1(
        trial_id="01993f6e-0000-7000-8000-000000000001",
        take_over_id="01993f6e-0000-7000-8000-000000000071",
        folder_sha256="5" * 64,
        participants=40,
        waiting=12,
        completed_at=datetime(2026, 10, 24, 13, 0, tzinfo=UTC),
    ),
)

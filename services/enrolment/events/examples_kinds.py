"""Examples of what is said of parts without dose levels, and of parts with a target."""

from datetime import UTC, datetime

from services.enrolment.events.dose_events import FirstDoseRecordedV2
from services.enrolment.events.event_model import PublishedEvent
from services.enrolment.events.participant_events import ParticipantRegisteredV2
from services.enrolment.events.recruitment_events import RecruitmentClosedV1, RecruitmentReopenedV1

_TRIAL = "01993f6e-0000-7000-8000-000000000001"
_PARTICIPANT = "01993f6e-0000-7000-8000-000000000014"
_RECRUITMENT = "01993f6e-0000-7000-8000-000000000019"
_AT = datetime(2026, 10, 24, 13, 0, tzinfo=UTC)

KIND_EXAMPLES: tuple[PublishedEvent, ...] = (
    ParticipantRegisteredV2(
        trial_id=_TRIAL,
        participant_id=_PARTICIPANT,
        participant_number="EP01-012-0078",
        screening_id="01993f6e-0000-7000-8000-000000000013",
        screening_number="S-012-0078",
        site_number="012",
        zone="Europe/London",
        protocol_version="3.0",
        part="samples",
        stratum="1",
        registered_at=_AT,
        before_halt_seen=False,
    ),
    FirstDoseRecordedV2(trial_id=_TRIAL, participant_id=_PARTICIPANT, part="induction", given_at=_AT),
    RecruitmentClosedV1(
        trial_id=_TRIAL,
        recruitment_id=_RECRUITMENT,
        part="samples",
        cause="target_reached",
        target=12,
        registered=12,
        at_target="refuse",
        allow_until=None,
        closed_at=_AT,
    ),
    RecruitmentReopenedV1(
        trial_id=_TRIAL,
        recruitment_id=_RECRUITMENT,
        part="samples",
        target=12,
        registered=11,
        reopened_at=_AT,
    ),
)

"""One example of each event about referrals, possible duplicates and transfers."""

from datetime import UTC, datetime

from services.enrolment.events.event_model import PublishedEvent
from services.enrolment.events.people_events import (
    DuplicateResolvedV1,
    DuplicateSuspectedV1,
    ParticipantTransferredV1,
    ReferralReceivedV1,
    ReferralRepliedV1,
)

_TRIAL = "01993f6e-0000-7000-8000-000000000001"
_REFERRAL = "01993f6e-0000-7000-8000-000000000021"
_SUSPICION = "01993f6e-0000-7000-8000-000000000022"
_SCREENING = "01993f6e-0000-7000-8000-000000000013"
_PARTICIPANT = "01993f6e-0000-7000-8000-000000000014"
_AT = datetime(2026, 10, 24, 13, 0, tzinfo=UTC)

PEOPLE_EXAMPLES: tuple[PublishedEvent, ...] = (
    ReferralReceivedV1(
        trial_id=_TRIAL,
        referral_id=_REFERRAL,
        site_number="012",
        part="escalation-1",
        urgency="soon",
        received_at=_AT,
    ),
    ReferralRepliedV1(
        trial_id=_TRIAL,
        referral_id=_REFERRAL,
        site_number="012",
        outcome="screening_started",
        by_way_of="letter",
        sent_at=_AT,
    ),
    DuplicateSuspectedV1(trial_id=_TRIAL, suspicion_id=_SUSPICION, screening_id=_SCREENING, suspected_at=_AT),
    DuplicateResolvedV1(
        trial_id=_TRIAL,
        suspicion_id=_SUSPICION,
        screening_id=_SCREENING,
        resolution="false_match",
        resolved_at=_AT,
    ),
    ParticipantTransferredV1(
        trial_id=_TRIAL,
        participant_id=_PARTICIPANT,
        participant_number="EP01-012-0078",
        from_site_number="012",
        to_site_number="034",
        zone="Europe/London",
        transferred_at=_AT,
    ),
)

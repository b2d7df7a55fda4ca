"""One example of each event about consent that is due and of eligibility, as the contracts show them."""

from datetime import UTC, date, datetime
from typing import Any

from services.enrolment.events.consent_events import (
    AdultConsentDueV1,
    EligibilitySignedV1,
    ReConsentDueV1,
    ReConsentRequestedV1,
    RegistrationFlaggedV1,
)
from services.enrolment.events.event_model import PublishedEvent

_TRIAL = "01993f6e-0000-7000-8000-000000000001"
_AT = datetime(2026, 12, 1, 0, 0, tzinfo=UTC)
_WHO: dict[str, Any] = {"trial_id": _TRIAL, "participant_id": "01993f6e-0000-7000-8000-000000000014"}
_FORM: dict[str, Any] = {"document": "parents", "version": "4.0", "due_on": date(2026, 12, 31)}

CONSENT_EXAMPLES: tuple[PublishedEvent, ...] = (
    EligibilitySignedV1(
        trial_id=_TRIAL,
        screening_id="01993f6e-0000-7000-8000-000000000013",
        eligibility_id="01993f6e-0000-7000-8000-000000000051",
        criteria_version="3.0",
        judgement="in_interests",
        delegated=True,
        signed_at=_AT,
        received_at=_AT,
    ),
    AdultConsentDueV1(**_WHO, site_number="012", blocks=["optional_procedures"], due_at=_AT),
    ReConsentRequestedV1(**_WHO, **_FORM, site_number="012", requested_at=_AT),
    ReConsentDueV1(**_WHO, **_FORM, site_number="012", said_at=_AT),
    RegistrationFlaggedV1(
        **_WHO,
        registration_id="01993f6e-0000-7000-8000-000000000052",
        flag="consent_corrected",
        flagged_at=_AT,
    ),
)

"""Examples of the events about corrected doses and doses authorised for one child."""

from datetime import UTC, datetime, timedelta
from typing import Any

from services.enrolment.events.dose_correction_events import (
    CountersignatureOverdueV1,
    DoseCorrectedV1,
    DoseVoidedV1,
    ExceptionalAuthorisationRecordedV1,
    FirstDoseCorrectedV1,
    FirstDoseVoidedV1,
)
from services.enrolment.events.dose_events import AdministrationV1
from services.enrolment.events.event_model import PublishedEvent

_AT = datetime(2026, 10, 24, 13, 0, tzinfo=UTC)
_TRUE = _AT + timedelta(days=1)
_TOLD = _AT + timedelta(days=3)
_AUTHORISATION = "01993f6e-0000-7000-8000-000000000021"
_ADMINISTRATION = "01993f6e-0000-7000-8000-000000000022"
_OTHER = "01993f6e-0000-7000-8000-000000000023"
_WHO: dict[str, Any] = {
    "trial_id": "01993f6e-0000-7000-8000-000000000001",
    "participant_id": "01993f6e-0000-7000-8000-000000000014",
}

DOSE_CORRECTION_EXAMPLES: tuple[PublishedEvent, ...] = (
    DoseCorrectedV1(
        **_WHO,
        administration_id=_ADMINISTRATION,
        withdrawn_at=_AT,
        administrations=[AdministrationV1(at=_TRUE, given=True, missed_because=None)],
        newly_unauthorised=False,
        first_dose_follows=True,
        reason_code="wrong_time",
        corrected_at=_TOLD,
    ),
    DoseVoidedV1(
        **_WHO,
        administration_id=_ADMINISTRATION,
        withdrawn_at=_AT,
        administrations=[],
        first_dose_follows=True,
        moved_to=_OTHER,
        reason_code="wrong_participant",
        voided_at=_TOLD,
    ),
    FirstDoseCorrectedV1(
        **_WHO,
        part="escalation-1",
        level_received=2,
        given_at=_TRUE,
        given_at_before=_AT,
        level_received_before=2,
        reason_code="wrong_time",
        corrected_at=_TOLD,
    ),
    FirstDoseVoidedV1(
        **_WHO,
        part="escalation-1",
        given_at_before=_AT,
        level_received_before=2,
        reason_code="wrong_participant",
        voided_at=_TOLD,
    ),
    ExceptionalAuthorisationRecordedV1(
        **_WHO,
        authorisation_id=_AUTHORISATION,
        site_number="012",
        set_aside=["dosing_halted"],
        channel="telephone",
        authorised_at=_AT,
        countersign_due_at=_TRUE,
    ),
    CountersignatureOverdueV1(
        **_WHO,
        authorisation_id=_AUTHORISATION,
        missing=["medical_monitor"],
        countersign_due_at=_TRUE,
    ),
)

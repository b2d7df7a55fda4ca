"""One example of each event, as the contracts show them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from services.enrolment.events.dose_events import AdministrationV1, DoseRecordedV1, FirstDoseRecordedV1
from services.enrolment.events.event_model import PublishedEvent
from services.enrolment.events.examples_afterwards import AFTERWARDS_EXAMPLES
from services.enrolment.events.examples_consent import CONSENT_EXAMPLES
from services.enrolment.events.examples_doses import DOSE_CORRECTION_EXAMPLES
from services.enrolment.events.examples_kinds import KIND_EXAMPLES
from services.enrolment.events.examples_people import PEOPLE_EXAMPLES
from services.enrolment.events.examples_randomisation import RANDOMISATION_EXAMPLES
from services.enrolment.events.examples_take_over import TAKE_OVER_EXAMPLES
from services.enrolment.events.participant_events import (
    ParticipantAllocatedV1,
    ParticipantRegisteredV1,
    ParticipationChangedV1,
    RegistrationVoidedV1,
    TreatmentEndedV1,
)
from services.enrolment.events.place_events import (
    DoseDecisionReceivedV1,
    DoseLevelClosedV1,
    DoseLevelOpenedV1,
    SlotExpiredV1,
    SlotExpiringV1,
    SlotFrozenV1,
    SlotOfferedV1,
    SlotOpenedV1,
    SlotReleasedV1,
    SlotReservedV1,
    SlotRevokedV1,
    SlotUnfrozenV1,
    SlotWaitlistedV1,
)
from services.enrolment.events.screening_events import (
    ConsentRecordedV1,
    ScreeningFailedV1,
    ScreeningStartedV1,
)

_TRIAL = "01993f6e-0000-7000-8000-000000000001"
_SLOT = "01993f6e-0000-7000-8000-000000000011"
_ENTRY = "01993f6e-0000-7000-8000-000000000012"
_SCREENING = "01993f6e-0000-7000-8000-000000000013"
_PARTICIPANT = "01993f6e-0000-7000-8000-000000000014"
_LEVEL = "01993f6e-0000-7000-8000-000000000015"
_DECISION = "01993f6e-0000-7000-8000-000000000016"
_AT = datetime(2026, 10, 24, 13, 0, tzinfo=UTC)
_UNTIL = _AT + timedelta(hours=72)
_WHERE: dict[str, Any] = {"trial_id": _TRIAL, "slot_id": _SLOT, "part": "escalation-1", "level": 2}
_WHO: dict[str, Any] = {"trial_id": _TRIAL, "participant_id": _PARTICIPANT}

EXAMPLES: tuple[PublishedEvent, ...] = (
    SlotOpenedV1(
        **_WHERE, origin="decision", decision_id=_DECISION, replaces_participant_id=None, opened_at=_AT
    ),
    SlotReservedV1(**_WHERE, site_number="012", screening_number="S-012-0078", expires_at=_UNTIL),
    SlotWaitlistedV1(
        trial_id=_TRIAL,
        entry_id=_ENTRY,
        part="escalation-1",
        site_number="012",
        screening_number="S-012-0078",
        notified_at=_AT,
    ),
    SlotOfferedV1(
        **_WHERE,
        entry_id=_ENTRY,
        site_number="012",
        deadline=_UNTIL,
        origin="replacement",
        earliest_first_dose_at=_AT + timedelta(days=7),
    ),
    SlotReleasedV1(**_WHERE, site_number="012", released_at=_AT),
    SlotExpiringV1(**_WHERE, site_number="012", expires_at=_UNTIL),
    SlotExpiredV1(**_WHERE, site_number="012", expired_at=_UNTIL),
    SlotRevokedV1(**_WHERE, site_number="012", reason="cohort_rule", revoked_at=_AT),
    SlotFrozenV1(**_WHERE, reason="halt:01993f6e-0000-7000-8000-000000000017", frozen_at=_AT),
    SlotUnfrozenV1(**_WHERE, unfrozen_at=_AT, expires_at=_UNTIL),
    ScreeningStartedV1(
        trial_id=_TRIAL,
        screening_id=_SCREENING,
        screening_number="S-012-0078",
        part="escalation-1",
        site_number="012",
        started_at=_AT,
    ),
    ScreeningFailedV1(trial_id=_TRIAL, screening_id=_SCREENING, reason_code="organ_function", failed_at=_AT),
    ConsentRecordedV1(
        trial_id=_TRIAL,
        screening_id=_SCREENING,
        purpose="parental_consent",
        document="parents",
        version="3.0",
        outcome="given",
        signed_at=_AT,
        received_at=_AT,
    ),
    ParticipantRegisteredV1(
        **_WHO,
        participant_number="EP01-012-0078",
        screening_id=_SCREENING,
        screening_number="S-012-0078",
        site_number="012",
        zone="Europe/London",
        protocol_version="3.0",
        part="escalation-1",
        stratum="1",
        level=2,
        slot_id=_SLOT,
        decision_id=_DECISION,
        registered_at=_AT,
        before_halt_seen=False,
    ),
    ParticipantAllocatedV1(
        **_WHO,
        part="escalation-1",
        level=2,
        dose="33",
        unit="mg/m2",
        decision_id=_DECISION,
        rule_cell="n=2 dlt=0 pending=1: same",
    ),
    FirstDoseRecordedV1(**_WHO, part="escalation-1", level_received=2, given_at=_AT),
    DoseRecordedV1(
        **_WHO,
        administrations=[
            AdministrationV1(at=_AT, given=True, missed_because=None),
            AdministrationV1(at=_AT + timedelta(days=1), given=False, missed_because="toxicity"),
        ],
        authorised=True,
        late_entry=False,
        recorded_at=_AT + timedelta(days=1),
    ),
    TreatmentEndedV1(**_WHO, ended_at=_AT, reason="progression", before_first_dose=False),
    ParticipationChangedV1(
        **_WHO,
        elements={
            "treatment": "stopped",
            "trial_visits_procedures": "continues",
            "contact": "continues",
            "data_from_routine_records": "continues",
            "sample_use": "continues",
            "data_already_collected": "continues",
        },
        by="participant_or_parent",
        changed_at=_AT,
    ),
    RegistrationVoidedV1(**_WHO, reason_code="wrong_child", voided_at=_AT),
    DoseLevelOpenedV1(
        trial_id=_TRIAL,
        level_id=_LEVEL,
        part="escalation-1",
        level=2,
        decision_id=_DECISION,
        places=6,
        opened_at=_AT,
    ),
    DoseLevelClosedV1(
        trial_id=_TRIAL,
        level_id=_LEVEL,
        part="escalation-1",
        level=2,
        cause="cohort_rule",
        rule_cell="n=4 dlt=2 pending=1: close",
        decision_id=_DECISION,
        closed_at=_AT,
    ),
    DoseDecisionReceivedV1(
        trial_id=_TRIAL, decision_id=_DECISION, site_number="012", role="pharmacist", received_at=_AT
    ),
    *CONSENT_EXAMPLES,
    *KIND_EXAMPLES,
    *DOSE_CORRECTION_EXAMPLES,
    *AFTERWARDS_EXAMPLES,
    *PEOPLE_EXAMPLES,
    *RANDOMISATION_EXAMPLES,
    *TAKE_OVER_EXAMPLES,
)

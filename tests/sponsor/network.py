"""What enrolment and safety say about one trial, as the sponsor hears it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from services.enrolment.events.dose_correction_events import (
    DoseVoidedV1,
    FirstDoseCorrectedV1,
    FirstDoseVoidedV1,
)
from services.enrolment.events.dose_events import DoseRecordedV1, FirstDoseRecordedV1, FirstDoseRecordedV2
from services.enrolment.events.participant_events import (
    ParticipantAllocatedV1,
    ParticipantRegisteredV1,
    ParticipantRegisteredV2,
    RegistrationVoidedV1,
    TreatmentEndedV1,
)
from services.enrolment.events.people_events import ParticipantTransferredV1
from services.enrolment.events.place_events import (
    DoseDecisionReceivedV1,
    DoseLevelClosedV1,
    DoseLevelOpenedV1,
)
from services.enrolment.events.screening_events import ScreeningFailedV1, ScreeningStartedV1
from services.safety.events.published import (
    AdverseEventAmendedV1,
    AdverseEventReportedV1,
    DltVerdictRecordedV1,
    DltWindowClosedV1,
    DltWindowReopenedV1,
)
from shared.envelope import Record
from shared.ids import new_id
from shared.testing.fake_producer import FakeProducer
from shared.testing.running import Running

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


@dataclass
class Network:
    """What enrolment and safety say about one trial, delivered to the sponsor's inboxes."""

    running: Running
    trial_id: str
    enrolment: FakeProducer = field(default_factory=lambda: FakeProducer("enrolment"))
    safety: FakeProducer = field(default_factory=lambda: FakeProducer("safety"))
    sequence: int = 0

    async def hear(self, *records: Record) -> None:
        """Deliver records of either service, then a watermark of each."""
        for producer in (self.enrolment, self.safety):
            own = [record for record in records if record.topic == producer.topic]
            await producer.deliver(self.running.service.inboxes[producer.service], *own)

    def registered(
        self, participant_id: str, part: str, level: int, *, decision_id: str = "", stratum: str = "I"
    ) -> Record:
        self.sequence += 1
        body = ParticipantRegisteredV1(
            trial_id=self.trial_id,
            participant_id=participant_id,
            participant_number=f"EP01-012-{self.sequence:04}",
            screening_id=new_id(),
            screening_number=f"S-012-{self.sequence:04}",
            site_number="012",
            zone="Europe/London",
            protocol_version="1.0",
            part=part,
            stratum=stratum,
            level=level,
            slot_id=new_id(),
            decision_id=decision_id,
            registered_at=AT,
            before_halt_seen=False,
        )
        return self._enrolment(body, participant_id)

    def registered_without_level(self, participant_id: str, part: str) -> Record:
        self.sequence += 1
        body = ParticipantRegisteredV2(
            trial_id=self.trial_id,
            participant_id=participant_id,
            participant_number=f"EP01-012-{self.sequence:04}",
            screening_id=new_id(),
            screening_number=f"S-012-{self.sequence:04}",
            site_number="012",
            zone="Europe/London",
            protocol_version="1.0",
            part=part,
            stratum="all",
            registered_at=AT,
            before_halt_seen=False,
        )
        return self._enrolment(body, participant_id)

    def dosed_without_level(self, participant_id: str, part: str) -> Record:
        body = FirstDoseRecordedV2(
            trial_id=self.trial_id, participant_id=participant_id, part=part, given_at=AT + timedelta(days=1)
        )
        return self._enrolment(body, participant_id)

    def allocated(self, participant_id: str, part: str, level: int) -> Record:
        body = ParticipantAllocatedV1(
            trial_id=self.trial_id,
            participant_id=participant_id,
            part=part,
            level=level,
            dose="50",
            unit="mg/m2",
            decision_id="",
            rule_cell="(0, 0, 0)",
        )
        return self._enrolment(body, participant_id)

    def dosed(self, participant_id: str, part: str, level: int) -> Record:
        body = FirstDoseRecordedV1(
            trial_id=self.trial_id,
            participant_id=participant_id,
            part=part,
            level_received=level,
            given_at=AT + timedelta(days=1),
        )
        return self._enrolment(body, participant_id)

    def first_dose_corrected(self, participant_id: str, part: str, at: datetime) -> Record:
        body = FirstDoseCorrectedV1(
            trial_id=self.trial_id,
            participant_id=participant_id,
            part=part,
            level_received=1,
            given_at=at,
            given_at_before=AT + timedelta(days=1),
            level_received_before=1,
            reason_code="wrong_time",
            corrected_at=AT + timedelta(days=9),
        )
        return self._enrolment(body, participant_id)

    def first_dose_voided(self, participant_id: str, part: str) -> Record:
        body = FirstDoseVoidedV1(
            trial_id=self.trial_id,
            participant_id=participant_id,
            part=part,
            given_at_before=AT + timedelta(days=1),
            level_received_before=1,
            reason_code="wrong_participant",
            voided_at=AT + timedelta(days=9),
        )
        return self._enrolment(body, participant_id)

    def transferred(self, participant_id: str, to_site_number: str) -> Record:
        body = ParticipantTransferredV1(
            trial_id=self.trial_id,
            participant_id=participant_id,
            participant_number="EP01-012-0078",
            from_site_number="012",
            to_site_number=to_site_number,
            zone="Europe/London",
            transferred_at=AT,
        )
        return self._enrolment(body, participant_id)

    def voided(self, participant_id: str) -> Record:
        body = RegistrationVoidedV1(
            trial_id=self.trial_id, participant_id=participant_id, reason_code="error", voided_at=AT
        )
        return self._enrolment(body, participant_id)

    def ended(self, participant_id: str, *, before_first_dose: bool = False) -> Record:
        body = TreatmentEndedV1(
            trial_id=self.trial_id,
            participant_id=participant_id,
            ended_at=AT,
            reason="participant_choice",
            before_first_dose=before_first_dose,
        )
        return self._enrolment(body, participant_id)

    def level_opened(self, part: str, level: int, decision_id: str) -> Record:
        body = DoseLevelOpenedV1(
            trial_id=self.trial_id,
            level_id=self._level_id(part, level),
            part=part,
            level=level,
            decision_id=decision_id,
            places=6,
            opened_at=AT,
        )
        return self._enrolment(body, self._level_id(part, level))

    def level_closed(self, part: str, level: int) -> Record:
        body = DoseLevelClosedV1(
            trial_id=self.trial_id,
            level_id=self._level_id(part, level),
            part=part,
            level=level,
            cause="cohort_rule",
            rule_cell="(4, 2, 0)",
            decision_id=None,
            closed_at=AT,
        )
        return self._enrolment(body, self._level_id(part, level))

    def verdict(
        self, participant_id: str, verdict: str, part: str, level: int, *, provisional: str = "none"
    ) -> Record:
        window_id = f"window-of-{participant_id}"
        body = DltVerdictRecordedV1.model_validate(
            {
                "trial_id": self.trial_id,
                "window_id": window_id,
                "participant_id": participant_id,
                "version": 1,
                "verdict": verdict,
                "provisional": provisional,
                "part": part,
                "level_allocated": level,
                "level_received": level,
                "criteria": [],
                "reasons": [],
                "definition": "ep01-dlt 1",
                "dictionary": "5.0+0",
                "convention": "day_difference",
                "cause": "timer",
                "report_id": None,
                "recorded_at": AT,
            }
        )
        return self.safety.event(body, aggregate_id=window_id, scope=self.trial_id)

    def window_closed(self, participant_id: str) -> Record:
        window_id = f"window-of-{participant_id}"
        body = DltWindowClosedV1(
            trial_id=self.trial_id, window_id=window_id, participant_id=participant_id, closed_at=AT
        )
        return self.safety.event(body, aggregate_id=window_id, scope=self.trial_id)

    def window_reopened(self, participant_id: str) -> Record:
        window_id = f"window-of-{participant_id}"
        body = DltWindowReopenedV1(
            trial_id=self.trial_id,
            window_id=window_id,
            participant_id=participant_id,
            closes_at=AT + timedelta(days=40),
            reopened_at=AT + timedelta(days=9),
        )
        return self.safety.event(body, aggregate_id=window_id, scope=self.trial_id)

    def doses(self, participant_id: str, *administrations: tuple[datetime, str | None]) -> Record:
        """Doses recorded as one act, each as (when, why missed); None: it was given."""
        body = DoseRecordedV1.model_validate(
            {
                "trial_id": self.trial_id,
                "participant_id": participant_id,
                "administrations": [
                    {"at": at, "given": missed is None, "missed_because": missed}
                    for at, missed in administrations
                ],
                "authorised": True,
                "late_entry": False,
                "recorded_at": AT,
            }
        )
        return self._enrolment(body, participant_id)

    def dose_voided(self, participant_id: str, at: datetime) -> Record:
        body = DoseVoidedV1(
            trial_id=self.trial_id,
            participant_id=participant_id,
            administration_id=new_id(),
            withdrawn_at=at,
            administrations=[],
            first_dose_follows=False,
            moved_to=None,
            reason_code="not_given",
            voided_at=AT,
        )
        return self._enrolment(body, participant_id)

    def decision_received(self, decision_id: str, site_number: str = "012") -> Record:
        body = DoseDecisionReceivedV1(
            trial_id=self.trial_id,
            decision_id=decision_id,
            site_number=site_number,
            role="pharmacist",
            received_at=AT,
        )
        return self._enrolment(body, decision_id)

    def screened(self, screening_id: str, site_number: str = "012") -> Record:
        self.sequence += 1
        body = ScreeningStartedV1(
            trial_id=self.trial_id,
            screening_id=screening_id,
            screening_number=f"S-{site_number}-{self.sequence:04}",
            part="escalation",
            site_number=site_number,
            started_at=AT,
        )
        return self._enrolment(body, screening_id)

    def screening_failed(self, screening_id: str, reason_code: str) -> Record:
        body = ScreeningFailedV1(
            trial_id=self.trial_id, screening_id=screening_id, reason_code=reason_code, failed_at=AT
        )
        return self._enrolment(body, screening_id)

    def adverse_event(self, report_id: str, participant_id: str | None, **stated: Any) -> Record:
        """A report, or with `version` above 1 what became of it."""
        facts: dict[str, Any] = {
            "trial_id": self.trial_id,
            "report_id": report_id,
            "version": 1,
            "matched": "unmatched" if participant_id is None else "matched",
            "holds_trial": False,
            "participant_id": participant_id,
            "site_number": "012",
            "term": "Nausea",
            "dictionary": "5.0+0",
            "grade": 2,
            "serious": False,
            "seriousness": [],
            "suspected": True,
            "onset_on": AT.date() + timedelta(days=3),
            "outcome": None,
            "aware_at": AT + timedelta(days=4),
            "queries": [],
        } | stated
        amended = facts["version"] > 1
        body: Any = (
            AdverseEventAmendedV1.model_validate(facts | {"changed": ["grade"]})
            if amended
            else AdverseEventReportedV1.model_validate(facts)
        )
        at = body.aware_at + timedelta(hours=body.version)
        return self.safety.event(body, aggregate_id=report_id, scope=self.trial_id, occurred_at=at)

    def _enrolment(self, body: Any, aggregate_id: str) -> Record:
        return self.enrolment.event(body, aggregate_id=aggregate_id, scope=self.trial_id)

    def _level_id(self, part: str, level: int) -> str:
        return f"level-{part}-{level}"

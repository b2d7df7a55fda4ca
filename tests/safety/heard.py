"""What the safety service has heard from the sponsor and from enrolment about one trial."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from services.enrolment.events.afterwards_events import CourseStepRecordedV1
from services.enrolment.events.dose_correction_events import (
    CountersignatureOverdueV1,
    DoseCorrectedV1,
    DoseVoidedV1,
    ExceptionalAuthorisationRecordedV1,
    FirstDoseCorrectedV1,
    FirstDoseVoidedV1,
)
from services.enrolment.events.dose_events import AdministrationV1, DoseRecordedV1, FirstDoseRecordedV1
from services.enrolment.events.participant_events import (
    ParticipantAllocatedV1,
    ParticipantRegisteredV1,
    ParticipantRegisteredV2,
    ParticipationChangedV1,
    RegistrationVoidedV1,
    TreatmentEndedV1,
)
from services.enrolment.events.screening_events import ConsentRecordedV1
from services.sponsor.events.protocol_file import ProtocolFile
from services.sponsor.events.published import (
    DelegationEndedV1,
    DelegationGrantedV1,
    ProtocolVersionApprovedV3,
    SiteGreenLitV1,
)
from shared.clock import format_instant, server_now
from shared.envelope import Record
from shared.inbox import Inbox
from shared.testing.fake_producer import FakeProducer
from shared.testing.running import Running
from tests.safety.protocol import protocol

TRIAL = "01993f6e-0000-7000-8000-00000000ep01"
NUMBER = "EP01-012-0017"


@dataclass
class Heard:
    """What the other services have said so far, and their next events, in domain time."""

    running: Running
    sponsor: FakeProducer = field(default_factory=lambda: FakeProducer("sponsor"))
    enrolment: FakeProducer = field(default_factory=lambda: FakeProducer("enrolment"))
    history: list[Record] = field(default_factory=list)
    trial_id: str = TRIAL

    # -- time -------------------------------------------------------------------------------------

    async def now(self) -> datetime:
        return await self.running.service.database.read(self.running.service.domain_clock.now)

    async def today(self) -> date:
        return (await self.now()).date()

    async def move(self, to: datetime) -> None:
        await self.running.move_clock(format_instant(to))

    # -- events -----------------------------------------------------------------------------------

    def inbox(self, producer: str) -> Inbox:
        return self.running.service.inboxes[producer]

    async def tell(self, producer: FakeProducer, *records: Record) -> None:
        self.history.extend(records)
        await producer.deliver(self.inbox(producer.service), *records)

    def say(self, body: Any, aggregate_id: str | None = None) -> Record:
        """The next event of a participant, or of another aggregate of enrolment."""
        return self.enrolment.event(
            body, aggregate_id=aggregate_id or body.participant_id, scope=self.trial_id
        )

    def approved(self, document: dict[str, Any] | None = None) -> Record:
        file = ProtocolFile.model_validate_json(json.dumps(document or protocol()))
        body = ProtocolVersionApprovedV3(
            trial_id=self.trial_id,
            trial_code=file.trial.code,
            protocol_version=file.protocol_version,
            protocol_sha256="0" * 64,
            protocol=file,
            approval_reference="ref",
            approved_on=date(2026, 1, 1),
            effective_at=datetime.fromisoformat("2026-01-02T00:00:00+00:00"),
            previous_sunset_at=None,
        )
        aggregate_id = f"protocol-{file.protocol_version}"
        return self.sponsor.event(body, aggregate_id=aggregate_id, scope=self.trial_id)

    def green_lit(self, site_number: str = "012", zone: str = "Europe/London") -> Record:
        body = SiteGreenLitV1(
            trial_id=self.trial_id,
            site_id=f"site-{site_number}",
            site_number=site_number,
            organisation="Hospital",
            country="GB",
            zone=zone,
            protocol_version="1.0",
            granted_at=server_now(),
            recruitment_cap=None,
        )
        return self.sponsor.event(body, aggregate_id=f"site-{site_number}", scope=self.trial_id)

    def delegated(self, person: str = "dr-site", role: str = "site_investigator") -> Record:
        body = DelegationGrantedV1(
            trial_id=self.trial_id,
            delegation_id=f"delegation-{person}",
            person=person,
            role=role,
            site_number="012",
            from_at=server_now() - timedelta(days=30),
            until_at=None,
        )
        return self.sponsor.event(body, aggregate_id=body.delegation_id, scope=self.trial_id)

    def delegation_ended(self, person: str = "dr-site") -> Record:
        body = DelegationEndedV1(
            trial_id=self.trial_id,
            delegation_id=f"delegation-{person}",
            ended_at=server_now() - timedelta(hours=1),
        )
        return self.sponsor.event(body, aggregate_id=body.delegation_id, scope=self.trial_id)

    async def open_trial(self, document: dict[str, Any] | None = None) -> None:
        await self.tell(self.sponsor, self.approved(document), self.green_lit(), self.delegated())

    def registered(
        self,
        participant_id: str = "participant-1",
        number: str = NUMBER,
        *,
        site: str = "012",
        zone: str = "Europe/London",
        version: str = "1.0",
    ) -> Record:
        return self.say(
            ParticipantRegisteredV1(
                trial_id=self.trial_id,
                participant_id=participant_id,
                participant_number=number,
                screening_id=f"screening-{participant_id}",
                screening_number="S-012-0017",
                site_number=site,
                zone=zone,
                protocol_version=version,
                part="escalation",
                stratum="I",
                level=1,
                slot_id="slot",
                decision_id="decision",
                registered_at=server_now() - timedelta(days=90),
                before_halt_seen=False,
            )
        )

    def registered_without_level(
        self, participant_id: str = "participant-1", number: str = NUMBER, *, part: str = "cohort"
    ) -> Record:
        return self.say(
            ParticipantRegisteredV2(
                trial_id=self.trial_id,
                participant_id=participant_id,
                participant_number=number,
                screening_id=f"screening-{participant_id}",
                screening_number="S-012-0017",
                site_number="012",
                zone="Europe/London",
                protocol_version="1.0",
                part=part,
                stratum="all",
                registered_at=server_now() - timedelta(days=90),
                before_halt_seen=False,
            )
        )

    def course_step(
        self,
        step: str,
        *,
        at: datetime,
        outcome: str = "done",
        participant_id: str = "participant-1",
    ) -> Record:
        return self.say(
            CourseStepRecordedV1.model_validate(
                {
                    "trial_id": self.trial_id,
                    "participant_id": participant_id,
                    "step": step,
                    "happened_at": at,
                    "outcome": outcome,
                    "recorded_at": server_now(),
                }
            )
        )

    def allocated(self, participant_id: str = "participant-1", level: int = 1) -> Record:
        return self.say(
            ParticipantAllocatedV1(
                trial_id=self.trial_id,
                participant_id=participant_id,
                part="escalation",
                level=level,
                dose="10",
                unit="mg",
                decision_id="decision",
                rule_cell="1/0/1",
            )
        )

    def consented(self, participant_id: str = "participant-1", *, at: datetime) -> Record:
        body = ConsentRecordedV1(
            trial_id=self.trial_id,
            screening_id=f"screening-{participant_id}",
            purpose="parental_consent",
            document="parents",
            version="1.0",
            outcome="given",
            signed_at=at,
            received_at=at,
        )
        return self.say(body, aggregate_id=body.screening_id)

    def first_dose(self, participant_id: str = "participant-1", *, at: datetime) -> Record:
        return self.say(
            FirstDoseRecordedV1(
                trial_id=self.trial_id,
                participant_id=participant_id,
                part="escalation",
                level_received=1,
                given_at=at,
            )
        )

    def doses(
        self,
        given: Sequence[datetime] = (),
        missed: Sequence[tuple[datetime, str | None]] = (),
        *,
        participant_id: str = "participant-1",
        authorised: bool = True,
    ) -> Record:
        administrations = [AdministrationV1(at=at, given=True, missed_because=None) for at in given]
        administrations += [AdministrationV1(at=at, given=False, missed_because=why) for at, why in missed]
        return self.say(
            DoseRecordedV1(
                trial_id=self.trial_id,
                participant_id=participant_id,
                administrations=administrations,
                authorised=authorised,
                late_entry=False,
                recorded_at=server_now(),
            )
        )

    def dose_corrected(
        self,
        wrong: datetime,
        right: datetime,
        *,
        participant_id: str = "participant-1",
        first_dose_follows: bool = True,
        newly_unauthorised: bool = False,
    ) -> Record:
        return self.say(
            DoseCorrectedV1(
                trial_id=self.trial_id,
                participant_id=participant_id,
                administration_id="administration",
                withdrawn_at=wrong,
                administrations=[AdministrationV1(at=right, given=True, missed_because=None)],
                newly_unauthorised=newly_unauthorised,
                first_dose_follows=first_dose_follows,
                reason_code="wrong_time",
                corrected_at=server_now(),
            )
        )

    def first_dose_corrected(
        self, wrong: datetime, right: datetime, *, participant_id: str = "participant-1", level: int = 1
    ) -> Record:
        return self.say(
            FirstDoseCorrectedV1(
                trial_id=self.trial_id,
                participant_id=participant_id,
                part="escalation",
                level_received=level,
                given_at=right,
                given_at_before=wrong,
                level_received_before=1,
                reason_code="wrong_time",
                corrected_at=server_now(),
            )
        )

    def dose_voided(self, at: datetime, *, participant_id: str = "participant-1") -> list[Record]:
        """A first dose, the only one, that was none of this participant's."""
        why: dict[str, Any] = {
            "trial_id": self.trial_id,
            "participant_id": participant_id,
            "reason_code": "wrong_participant",
            "voided_at": server_now(),
        }
        dose = DoseVoidedV1(
            **why,
            administration_id="administration",
            withdrawn_at=at,
            administrations=[],
            first_dose_follows=True,
            moved_to=None,
        )
        first = FirstDoseVoidedV1(**why, part="escalation", given_at_before=at, level_received_before=1)
        return [self.say(dose), self.say(first)]

    def authorised_by_exception(self, name: str = "authorisation-1") -> Record:
        body = ExceptionalAuthorisationRecordedV1(
            trial_id=self.trial_id,
            participant_id="participant-1",
            authorisation_id=name,
            site_number="012",
            set_aside=["dosing_halted"],
            channel="telephone",
            authorised_at=server_now(),
            countersign_due_at=server_now() + timedelta(hours=24),
        )
        return self.say(body, aggregate_id=name)

    def not_countersigned(self, name: str = "authorisation-1") -> Record:
        body = CountersignatureOverdueV1(
            trial_id=self.trial_id,
            participant_id="participant-1",
            authorisation_id=name,
            missing=["medical_monitor"],
            countersign_due_at=server_now(),
        )
        return self.say(body, aggregate_id=name)

    def ended(self, reason: str, *, at: datetime, participant_id: str = "participant-1") -> Record:
        return self.say(
            TreatmentEndedV1(
                trial_id=self.trial_id,
                participant_id=participant_id,
                ended_at=at,
                reason=reason,
                before_first_dose=False,
            )
        )

    def participation(self, elements: dict[str, Any], *, at: datetime) -> Record:
        return self.say(
            ParticipationChangedV1(
                trial_id=self.trial_id,
                participant_id="participant-1",
                elements=elements,
                by="participant_or_parent",
                changed_at=at,
            )
        )

    def voided(self, participant_id: str = "participant-1") -> Record:
        return self.say(
            RegistrationVoidedV1(
                trial_id=self.trial_id,
                participant_id=participant_id,
                reason_code="error",
                voided_at=server_now(),
            )
        )

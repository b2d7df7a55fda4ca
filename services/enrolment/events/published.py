"""What the enrolment service says on `enrolment.events.v1`. A version once released only gains optional fields.

The event's subject is the aggregate's id; `trial_id` is also the partition key. Times are RFC 3339 UTC.
Participants appear by pseudonym alone: no name, no NHS number, no date of birth, no free text.
"""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field


class PublishedEvent(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    event_type: ClassVar[str]


Level = Annotated[int, Field(ge=1, description="Dose level within its part, counted from 1")]
Part = Annotated[str, Field(description="Part of the trial, as the protocol file names it")]
SiteNumber = Annotated[str, Field(pattern=r"^[0-9]{3}$", description="The site's number in this trial")]


class SlotEvent(PublishedEvent):
    trial_id: str
    slot_id: str
    part: Part
    level: Level


class SlotOpenedV1(SlotEvent):
    """A place exists. Subject: the slot."""

    event_type: ClassVar[str] = "enrolment.slot.opened.v1"

    origin: Literal[
        "decision", "replacement", "withdrawal_before_dose", "expansion", "lapsed", "registration_voided"
    ]
    decision_id: str
    replaces_participant_id: str | None
    opened_at: datetime


class SlotReservedV1(SlotEvent):
    """A site holds the place for one screening number until `expires_at`. Subject: the slot."""

    event_type: ClassVar[str] = "enrolment.slot.reserved.v1"

    site_number: SiteNumber
    screening_number: str
    expires_at: datetime


class SlotWaitlistedV1(PublishedEvent):
    """No place was free; the request waits in line. Subject: the waiting-list entry."""

    event_type: ClassVar[str] = "enrolment.slot.waitlisted.v1"

    trial_id: str
    entry_id: str
    part: Part
    site_number: SiteNumber
    screening_number: str
    notified_at: datetime


class SlotOfferedV1(SlotEvent):
    """The place is offered to the head of the line until `deadline`. Subject: the slot."""

    event_type: ClassVar[str] = "enrolment.slot.offered.v1"

    entry_id: str
    site_number: SiteNumber
    deadline: datetime


class SlotReleasedV1(SlotEvent):
    """The site gives its place back. Subject: the slot."""

    event_type: ClassVar[str] = "enrolment.slot.released.v1"

    site_number: SiteNumber
    released_at: datetime


class SlotExpiredV1(SlotEvent):
    """A reservation or an offer ended unused. Subject: the slot."""

    event_type: ClassVar[str] = "enrolment.slot.expired.v1"

    site_number: SiteNumber
    expired_at: datetime


class SlotRevokedV1(SlotEvent):
    """The place is taken away; a site that had reserved it gets first refusal later. Subject: the slot."""

    event_type: ClassVar[str] = "enrolment.slot.revoked.v1"

    site_number: SiteNumber | None
    reason: str
    revoked_at: datetime


class SlotFrozenV1(SlotEvent):
    """The reservation's clock stops. Subject: the slot."""

    event_type: ClassVar[str] = "enrolment.slot.frozen.v1"

    reason: str
    frozen_at: datetime


class SlotUnfrozenV1(SlotEvent):
    """The reservation's clock goes on; the frozen time is added. Subject: the slot."""

    event_type: ClassVar[str] = "enrolment.slot.unfrozen.v1"

    unfrozen_at: datetime
    expires_at: datetime | None


class ScreeningStartedV1(PublishedEvent):
    """A screening number was issued. Subject: the screening."""

    event_type: ClassVar[str] = "enrolment.screening.started.v1"

    trial_id: str
    screening_id: str
    screening_number: str
    part: Part
    site_number: SiteNumber
    started_at: datetime


class ScreeningFailedV1(PublishedEvent):
    """The screening ended without registration; the number stays used. Subject: the screening."""

    event_type: ClassVar[str] = "enrolment.screening.failed.v1"

    trial_id: str
    screening_id: str
    reason_code: str
    failed_at: datetime


class ConsentRecordedV1(PublishedEvent):
    """A consent or assent was recorded. Subject: the screening."""

    event_type: ClassVar[str] = "enrolment.consent.recorded.v1"

    trial_id: str
    screening_id: str
    purpose: Literal["parental_consent", "own_consent", "assent"]
    document: str
    version: str
    outcome: Literal["given", "refused", "not_sought", "not_capable"]
    signed_at: datetime
    received_at: datetime


class ParticipantRegisteredV1(PublishedEvent):
    """A child takes part; the place is used. Subject: the participant."""

    event_type: ClassVar[str] = "enrolment.participant.registered.v1"

    trial_id: str
    participant_id: str
    participant_number: str
    screening_id: str
    screening_number: str
    site_number: SiteNumber
    zone: Annotated[str, Field(description="IANA time zone of the site, for windows by local date")]
    protocol_version: str
    part: Part
    stratum: str
    level: Level
    slot_id: str
    decision_id: str
    registered_at: datetime
    before_halt_seen: Annotated[
        bool, Field(description="Committed at or after a halt that was not known here yet")
    ]


class ParticipantAllocatedV1(PublishedEvent):
    """The dose level under which the participant is treated. Subject: the participant."""

    event_type: ClassVar[str] = "enrolment.participant.allocated.v1"

    trial_id: str
    participant_id: str
    part: Part
    level: Level
    dose: str
    unit: str
    decision_id: str
    rule_cell: Annotated[str, Field(description="The cell of the cohort rule that let the registration pass")]


class FirstDoseRecordedV1(PublishedEvent):
    """The first dose was given; windows count from here. Subject: the participant."""

    event_type: ClassVar[str] = "enrolment.first-dose.recorded.v1"

    trial_id: str
    participant_id: str
    part: Part
    level_received: Level
    given_at: datetime


class AdministrationV1(BaseModel):
    """One planned dose: given, or missed."""

    at: datetime
    given: bool
    missed_because: Literal["toxicity", "progression", "logistics", "participant", "other"] | None


class DoseRecordedV1(PublishedEvent):
    """Doses given and missed, as one act recorded them; recording is never refused. Subject: the participant."""

    event_type: ClassVar[str] = "enrolment.dose.recorded.v1"

    trial_id: str
    participant_id: str
    administrations: list[AdministrationV1]
    authorised: bool
    late_entry: bool
    recorded_at: datetime


class TreatmentEndedV1(PublishedEvent):
    """Trial treatment is over for this participant. Subject: the participant."""

    event_type: ClassVar[str] = "enrolment.treatment.ended.v1"

    trial_id: str
    participant_id: str
    ended_at: datetime
    reason: Literal[
        "completed", "progression", "toxicity", "participant_choice", "clinician", "death", "other"
    ]
    before_first_dose: bool


class ParticipationChangedV1(PublishedEvent):
    """What the participant goes on with and what not; never with a reason. Subject: the participant."""

    event_type: ClassVar[str] = "enrolment.participation.changed.v1"

    trial_id: str
    participant_id: str
    elements: Annotated[
        dict[str, Literal["continues", "stopped"]], Field(description="Every element, as it is now")
    ]
    by: Literal["participant_or_parent", "clinician_decision", "sponsor"]
    changed_at: datetime


class RegistrationVoidedV1(PublishedEvent):
    """A registration made in error was voided before the first dose; it counts nowhere. Subject: the participant."""

    event_type: ClassVar[str] = "enrolment.registration.voided.v1"

    trial_id: str
    participant_id: str
    reason_code: str
    voided_at: datetime


class DoseLevelOpenedV1(PublishedEvent):
    """A dose level takes registrations, under a signed decision. Subject: the dose level."""

    event_type: ClassVar[str] = "enrolment.dose-level.opened.v1"

    trial_id: str
    level_id: str
    part: Part
    level: Level
    decision_id: str
    places: int
    opened_at: datetime


class DoseLevelClosedV1(PublishedEvent):
    """A dose level takes no registration until a new signed decision. Subject: the dose level."""

    event_type: ClassVar[str] = "enrolment.dose-level.closed.v1"

    trial_id: str
    level_id: str
    part: Part
    level: Level
    cause: Literal["cohort_rule", "decision", "next_level_opened", "trial_closed"]
    rule_cell: str | None
    decision_id: str | None
    closed_at: datetime


PUBLISHED: tuple[type[PublishedEvent], ...] = (
    SlotOpenedV1,
    SlotReservedV1,
    SlotWaitlistedV1,
    SlotOfferedV1,
    SlotReleasedV1,
    SlotExpiredV1,
    SlotRevokedV1,
    SlotFrozenV1,
    SlotUnfrozenV1,
    ScreeningStartedV1,
    ScreeningFailedV1,
    ConsentRecordedV1,
    ParticipantRegisteredV1,
    ParticipantAllocatedV1,
    FirstDoseRecordedV1,
    DoseRecordedV1,
    TreatmentEndedV1,
    ParticipationChangedV1,
    RegistrationVoidedV1,
    DoseLevelOpenedV1,
    DoseLevelClosedV1,
)

"""Participants: registered, allocated, and how far they take part."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from services.enrolment.events.event_model import Level, Part, PublishedEvent, SiteNumber


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
    slot_id: Annotated[str, Field(description="Empty when a late entry found no place")]
    decision_id: Annotated[str, Field(description="Empty when a late entry found no decision")]
    registered_at: datetime
    before_halt_seen: Annotated[
        bool, Field(description="Committed at or after a halt that was not known here yet")
    ]


class ParticipantRegisteredV2(PublishedEvent):
    """A child takes part where there are no dose levels; no place is used. Subject: the participant."""

    event_type: ClassVar[str] = "enrolment.participant.registered.v2"

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


PARTICIPANT_EVENTS: tuple[type[PublishedEvent], ...] = (
    ParticipantRegisteredV1,
    ParticipantRegisteredV2,
    ParticipantAllocatedV1,
    TreatmentEndedV1,
    ParticipationChangedV1,
    RegistrationVoidedV1,
)

"""Recorded doses that were corrected or voided, first doses among them, and doses authorised exceptionally."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from services.enrolment.events.dose_events import AdministrationV1
from services.enrolment.events.event_model import Part, PublishedEvent

CorrectionReason = Literal[
    "wrong_participant",
    "wrong_time",
    "wrong_level",
    "wrong_amount",
    "not_given",
    "entered_twice",
    "other",
]
Said = Annotated[
    list[AdministrationV1],
    Field(description="What stands on record now about the times concerned; a time not named has nothing"),
]
Follows = Annotated[
    bool,
    Field(description="An event about the first dose follows; judge nothing before it"),
]
LevelReceived = Annotated[int, Field(ge=0, description="Dose level that was given; 0 where there are none")]


class DoseCorrectedV1(PublishedEvent):
    """A recorded dose was reported wrongly and stands corrected. Subject: the participant.

    Whoever keeps doses by time takes away what was said of `withdrawn_at` and keeps `administrations`.
    """

    event_type: ClassVar[str] = "enrolment.dose.corrected.v1"

    trial_id: str
    participant_id: str
    administration_id: str
    withdrawn_at: datetime
    administrations: Said
    newly_unauthorised: Annotated[
        bool, Field(description="As corrected it was given without authorisation; as reported it was not")
    ]
    first_dose_follows: Follows
    reason_code: CorrectionReason
    corrected_at: datetime


class DoseVoidedV1(PublishedEvent):
    """A recorded dose was none of this participant's, or none at all. Subject: the participant."""

    event_type: ClassVar[str] = "enrolment.dose.voided.v1"

    trial_id: str
    participant_id: str
    administration_id: str
    withdrawn_at: datetime
    administrations: Said
    first_dose_follows: Follows
    moved_to: Annotated[
        str | None, Field(description="The participant for whom it is recorded instead, in the same act")
    ]
    reason_code: CorrectionReason
    voided_at: datetime


class FirstDoseCorrectedV1(PublishedEvent):
    """The first dose was at another time or level than told; windows count anew. Subject: the participant.

    Unlike a dose found later this may move the start of the windows to a later time.
    """

    event_type: ClassVar[str] = "enrolment.first-dose.corrected.v1"

    trial_id: str
    participant_id: str
    part: Part
    level_received: LevelReceived
    given_at: datetime
    given_at_before: datetime
    level_received_before: LevelReceived
    reason_code: CorrectionReason
    corrected_at: datetime


class FirstDoseVoidedV1(PublishedEvent):
    """No dose of this participant stands on record: no window has begun. Subject: the participant."""

    event_type: ClassVar[str] = "enrolment.first-dose.voided.v1"

    trial_id: str
    participant_id: str
    part: Part
    given_at_before: datetime
    level_received_before: LevelReceived
    reason_code: CorrectionReason
    voided_at: datetime


class ExceptionalAuthorisationRecordedV1(PublishedEvent):
    """Two people authorised one dose for one child despite a halt or an unknown state of the trial.

    Investigator and medical monitor must both countersign by `countersign_due_at`. Subject: the authorisation.
    """

    event_type: ClassVar[str] = "enrolment.exceptional-authorisation.recorded.v1"

    trial_id: str
    participant_id: str
    authorisation_id: str
    site_number: str
    set_aside: list[Literal["dosing_halted", "trial_state_unknown"]]
    channel: Literal["telephone", "video", "in_person"]
    authorised_at: datetime
    countersign_due_at: datetime


class CountersignatureOverdueV1(PublishedEvent):
    """An exceptional authorisation lacks a countersignature after its time. Subject: the authorisation."""

    event_type: ClassVar[str] = "enrolment.countersignature.overdue.v1"

    trial_id: str
    participant_id: str
    authorisation_id: str
    missing: list[Literal["site_investigator", "medical_monitor"]]
    countersign_due_at: datetime


DOSE_CORRECTION_EVENTS: tuple[type[PublishedEvent], ...] = (
    DoseCorrectedV1,
    DoseVoidedV1,
    FirstDoseCorrectedV1,
    FirstDoseVoidedV1,
    ExceptionalAuthorisationRecordedV1,
    CountersignatureOverdueV1,
)

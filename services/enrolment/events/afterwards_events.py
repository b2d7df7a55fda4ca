"""What happens after registration: steps of a course, loss and return, episodes, death, samples."""

from datetime import date, datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from services.enrolment.events.event_model import PublishedEvent


class CourseStepRecordedV1(PublishedEvent):
    """A dated step of an advanced therapy or a transplant. Subject: the participant.

    A later event about the same step and time takes the earlier one's place.
    """

    event_type: ClassVar[str] = "enrolment.course-step.recorded.v1"

    trial_id: str
    participant_id: str
    step: Literal["apheresis", "manufacture", "bridging", "lymphodepletion", "infusion", "transplant"]
    happened_at: Annotated[
        datetime, Field(description="As the site reports it, but never later than the entry")
    ]
    outcome: Literal["done", "failed", "out_of_specification"]
    recorded_at: datetime


class ParticipantLostV1(PublishedEvent):
    """Lost to follow-up: the attempts that the protocol asks for were in vain. Subject: the participant."""

    event_type: ClassVar[str] = "enrolment.participant.lost.v1"

    trial_id: str
    participant_id: str
    lost_at: datetime
    attempts: Annotated[int, Field(description="Attempts in vain on which this rests")]
    channels: list[str]


class ParticipantFoundV1(PublishedEvent):
    """No longer lost: there was contact. Subject: the participant."""

    event_type: ClassVar[str] = "enrolment.participant.found.v1"

    trial_id: str
    participant_id: str
    found_at: datetime
    by: Literal["follow_up_contact", "contact_attempt"]


class EpisodeStartedV1(PublishedEvent):
    """A participant takes part again after everything had stopped. Subject: the participant.

    The same participant: counted once, with no new place, level or window.
    """

    event_type: ClassVar[str] = "enrolment.episode.started.v1"

    trial_id: str
    participant_id: str
    episode: Annotated[int, Field(ge=2, description="Counted from 1, the registration")]
    started_at: datetime


class ParticipantDiedV1(PublishedEvent):
    """A death was recorded: every contact, mailing and task ends. Subject: the participant."""

    event_type: ClassVar[str] = "enrolment.participant.died.v1"

    trial_id: str
    participant_id: str
    died_on: Annotated[date, Field(description="Local date at the site")]
    cause: Literal["progression", "toxicity", "other", "unknown"]
    ended_treatment: bool
    recorded_at: datetime


class DeathCorrectedV1(PublishedEvent):
    """The record of a death was corrected. Subject: the participant."""

    event_type: ClassVar[str] = "enrolment.death.corrected.v1"

    trial_id: str
    participant_id: str
    died_on: Annotated[
        date | None, Field(description="None: the participant lives, the record was made in error")
    ]
    cause: Literal["progression", "toxicity", "other", "unknown"] | None
    corrected_at: datetime


class TreatmentResumedV1(PublishedEvent):
    """Treatment that was said to have ended goes on: the end was recorded in error. Subject: the participant."""

    event_type: ClassVar[str] = "enrolment.treatment.resumed.v1"

    trial_id: str
    participant_id: str
    resumed_at: datetime


class SampleDestructionRequestedV1(PublishedEvent):
    """Samples whose use was stopped are to be destroyed. Subject: the participant."""

    event_type: ClassVar[str] = "enrolment.sample-destruction.requested.v1"

    trial_id: str
    participant_id: str
    sample_ids: Annotated[list[str], Field(max_length=1000)]
    requested_at: datetime


AFTERWARDS_EVENTS: tuple[type[PublishedEvent], ...] = (
    CourseStepRecordedV1,
    ParticipantLostV1,
    ParticipantFoundV1,
    EpisodeStartedV1,
    ParticipantDiedV1,
    DeathCorrectedV1,
    TreatmentResumedV1,
    SampleDestructionRequestedV1,
)

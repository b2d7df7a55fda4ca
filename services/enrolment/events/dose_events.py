"""Doses given and missed, and the first one, from which windows count."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import BaseModel

from services.enrolment.events.event_model import Level, Part, PublishedEvent


class FirstDoseRecordedV1(PublishedEvent):
    """The first dose was given; windows count from here. Subject: the participant."""

    event_type: ClassVar[str] = "enrolment.first-dose.recorded.v1"

    trial_id: str
    participant_id: str
    part: Part
    level_received: Level
    given_at: datetime


class FirstDoseRecordedV2(PublishedEvent):
    """The first dose was given in a part without dose levels; what counts from it starts. Subject: the participant."""

    event_type: ClassVar[str] = "enrolment.first-dose.recorded.v2"

    trial_id: str
    participant_id: str
    part: Part
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


DOSE_EVENTS: tuple[type[PublishedEvent], ...] = (
    FirstDoseRecordedV1,
    FirstDoseRecordedV2,
    DoseRecordedV1,
)

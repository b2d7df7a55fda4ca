"""What the sponsor service reads of the others' events: only the fields it uses.

Their enumerations are read as text. A value that is not known here is not an error; whoever keeps the copy
says what an unknown value counts as.
"""

from datetime import datetime

from pydantic import BaseModel, ConfigDict


class ConsumedEvent(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    trial_id: str


class ParticipantEvent(ConsumedEvent):
    participant_id: str


class ParticipantRegistered(ParticipantEvent):
    participant_number: str
    site_number: str
    part: str
    level: int
    decision_id: str


class ParticipantRegisteredWithoutLevel(ParticipantEvent):
    """Somebody registered in a part without dose levels."""

    participant_number: str
    site_number: str
    part: str


class ParticipantAllocated(ParticipantEvent):
    part: str
    level: int


class ParticipantTransferred(ParticipantEvent):
    """Another site answers for the participant; number, level and decision stay."""

    to_site_number: str


class FirstDoseRecorded(ParticipantEvent):
    given_at: datetime


class DoseRecorded(ParticipantEvent):
    """Moves the participant's version alone: a snapshot names the version of everything it rests on."""


class DoseCorrected(ParticipantEvent):
    """As `DoseRecorded`; a first dose that it changes has an event of its own."""


class FirstDoseCorrected(ParticipantEvent):
    given_at: datetime


class FirstDoseVoided(ParticipantEvent):
    pass


class TreatmentEnded(ParticipantEvent):
    ended_at: datetime
    reason: str


class TreatmentResumed(ParticipantEvent):
    """The end of treatment was recorded in error."""


class ParticipationChanged(ParticipantEvent):
    elements: dict[str, str]


class RegistrationVoided(ParticipantEvent):
    pass


class DoseLevelOpened(ConsumedEvent):
    level_id: str
    part: str
    level: int
    decision_id: str


class DoseLevelClosed(ConsumedEvent):
    level_id: str
    part: str
    level: int
    cause: str


class DltVerdictRecorded(ConsumedEvent):
    window_id: str
    participant_id: str
    verdict: str
    provisional: str
    part: str
    level_allocated: int


class DltWindowReopened(ConsumedEvent):
    window_id: str
    participant_id: str


class DltWindowClosed(ConsumedEvent):
    window_id: str
    participant_id: str
    closed_at: datetime

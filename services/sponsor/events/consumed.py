"""What the sponsor service reads of the others' events: only the fields it uses.

Their enumerations are read as text. A value that is not known here is not an error; whoever keeps the copy
says what an unknown value counts as.
"""

from datetime import date, datetime

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


class Administration(BaseModel):
    """One planned dose: given, or missed."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: datetime
    given: bool
    missed_because: str | None


class DoseRecorded(ParticipantEvent):
    administrations: list[Administration]


class DoseCorrected(ParticipantEvent):
    """What was said of `withdrawn_at` stands no more; a first dose that it changes has an event of its own."""

    withdrawn_at: datetime
    administrations: list[Administration]


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


class ScreeningStarted(ConsumedEvent):
    screening_id: str
    site_number: str


class ScreeningFailed(ConsumedEvent):
    screening_id: str
    reason_code: str


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


class DecisionReceived(ConsumedEvent):
    decision_id: str
    site_number: str
    role: str
    received_at: datetime


class AdverseEvent(BaseModel):
    """A report as of its version; of a trial that nobody here knows it names none."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    trial_id: str | None
    report_id: str
    version: int
    matched: str
    participant_id: str | None
    site_number: str | None
    term: str | None
    dictionary: str
    grade: int | None
    serious: bool
    seriousness: list[str]
    suspected: bool
    onset_on: date | None
    outcome: str | None
    aware_at: datetime
    queries: list[str]
    soc: str | None = None
    causality: str | None = None
    sponsor_causality: str | None = None


class StoppingRuleCrossed(ConsumedEvent):
    """A stopping rule is crossed; `crossing_id` is also the id of the halt that stands for it."""

    trial_id: str
    crossing_id: str
    part: str | None
    level: int | None


class DltWindowClosed(ConsumedEvent):
    window_id: str
    participant_id: str
    closed_at: datetime

"""What the safety service reads of the other services' events: its own classes, with the fields it uses alone.

Words of others' vocabularies are read as plain text; what an unknown word means is decided where it is used.
"""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict


class Reader(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


# -- sponsor --------------------------------------------------------------------------------------------


class Treatment(Reader):
    doses_planned_in_window: int
    product: str = ""


class ProtocolTrial(Reader):
    """Who answers for the trial; a hosted one's events are forwarded to that sponsor."""

    legal_sponsor: str = ""
    hosted: bool = False


class Protocol(Reader):
    """The parts of a protocol file that safety needs; `dlt` is read strictly by the domain, not here.

    A trial without dose levels may define neither a DLT nor a treatment.
    """

    zone: str
    ctcae: str
    dlt: dict[str, Any] | None = None
    stopping_rules: list[dict[str, Any]] = []
    treatment: Treatment | None = None
    trial: ProtocolTrial = ProtocolTrial()
    reporting_regimes: list[str] = []
    safety: dict[str, Any] | None = None


class ProtocolVersionApproved(Reader):
    trial_id: str
    trial_code: str
    protocol_version: str
    protocol_sha256: str
    protocol: Protocol
    effective_at: datetime


class SiteGreenLit(Reader):
    trial_id: str
    site_number: str
    zone: str


class DelegationGranted(Reader):
    trial_id: str
    delegation_id: str
    person: str
    role: str
    site_number: str | None
    from_at: datetime
    until_at: datetime | None


class DelegationEnded(Reader):
    trial_id: str
    delegation_id: str
    ended_at: datetime


class HaltLifted(Reader):
    trial_id: str
    halt_id: str


class HaltImposed(Reader):
    trial_id: str
    halt_id: str


class DoseDecisionSuperseded(Reader):
    trial_id: str
    decision_id: str
    reason: str


class CommitteePackOutdated(Reader):
    trial_id: str
    pack_id: str


# -- enrolment ------------------------------------------------------------------------------------------


class ConsentRecorded(Reader):
    screening_id: str
    purpose: str
    document: str
    outcome: str
    signed_at: datetime


class ParticipantRegistered(Reader):
    trial_id: str
    participant_id: str
    participant_number: str
    screening_id: str
    site_number: str
    zone: str
    protocol_version: str
    part: str
    level: int
    registered_at: datetime


class ParticipantRegisteredWithoutLevel(Reader):
    """Somebody registered in a part without dose levels: no window, no verdict."""

    trial_id: str
    participant_id: str
    participant_number: str
    screening_id: str
    site_number: str
    zone: str
    protocol_version: str
    part: str
    registered_at: datetime


class CourseStepRecorded(Reader):
    """A step of a cell or gene therapy or a transplant; a later one about the same step and time replaces it."""

    trial_id: str
    participant_id: str
    step: str
    happened_at: datetime
    outcome: str


class FirstDoseRecordedWithoutLevel(Reader):
    trial_id: str
    participant_id: str
    given_at: datetime


class ParticipantAllocated(Reader):
    trial_id: str
    participant_id: str
    level: int


class FirstDoseRecorded(Reader):
    trial_id: str
    participant_id: str
    level_received: int
    given_at: datetime


class Administration(Reader):
    at: datetime
    given: bool
    missed_because: str | None


class DoseRecorded(Reader):
    trial_id: str
    participant_id: str
    administrations: list[Administration]
    authorised: bool


class DoseCorrected(Reader):
    """What was said of `withdrawn_at` is taken away; `administrations` is what stands now."""

    trial_id: str
    participant_id: str
    withdrawn_at: datetime
    administrations: list[Administration]
    newly_unauthorised: bool = False
    first_dose_follows: bool


class FirstDoseCorrected(Reader):
    trial_id: str
    participant_id: str
    level_received: int
    given_at: datetime


class FirstDoseVoided(Reader):
    trial_id: str
    participant_id: str


class ExceptionalAuthorisation(Reader):
    trial_id: str
    authorisation_id: str


class TreatmentEnded(Reader):
    trial_id: str
    participant_id: str
    ended_at: datetime
    reason: str


class TreatmentResumed(Reader):
    """The end of treatment was recorded in error."""

    trial_id: str
    participant_id: str


class ParticipationChanged(Reader):
    trial_id: str
    participant_id: str
    elements: dict[str, str]
    by: str
    changed_at: datetime


class RegistrationVoided(Reader):
    trial_id: str
    participant_id: str
    voided_at: datetime


class ParticipantTransferred(Reader):
    """Another site answers for the participant from now on; windows keep the zone they began in."""

    trial_id: str
    participant_id: str
    to_site_number: str


class TakeOverCompleted(Reader):
    """Everybody of a trial that is taken over has been told of."""

    trial_id: str


# -- any service ----------------------------------------------------------------------------------------


class EventParked(Reader):
    """Another service could not apply an event; `producer` is whose."""

    producer: str
    event_type_parked: str | None
    event_id: str | None
    scope: str | None
    reason: str

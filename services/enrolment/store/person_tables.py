"""Rows of people, by pseudonym alone: screenings with what was signed, participants, doses."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field

from services.enrolment.store.base import EnrolmentTable
from shared.tables import Instant, JsonText


class NumberSequenceRow(EnrolmentTable, table=True):
    """The last number given out at a site, per kind of number."""

    __tablename__ = "number_sequence"

    trial_id: str = Field(primary_key=True)
    site_number: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    last: int


class ScreeningRow(EnrolmentTable, table=True):
    """Year and month of birth are all that is known here of the date."""

    __tablename__ = "screening"
    __table_args__ = (Index("screening_number_once", "trial_id", "number", unique=True),)

    id: str = Field(primary_key=True)
    trial_id: str
    number: str
    site_number: str
    part: str
    born_year: int
    born_month: int
    state: str
    version: int
    started_at: datetime = Field(sa_type=Instant)
    reason_code: str


class ConsentRow(EnrolmentTable, table=True):
    __tablename__ = "consent"

    id: str = Field(primary_key=True)
    screening_id: str = Field(index=True)
    document: str
    version: str
    purpose: str
    capacity: str
    capacity_note: str
    no_personal_note: str
    parent: str
    site_number: str
    language: str
    method: str
    taken_by: str
    delegated: bool
    signed_at: datetime = Field(sa_type=Instant)
    received_at: datetime = Field(sa_type=Instant)


class AssentRow(EnrolmentTable, table=True):
    __tablename__ = "assent"

    id: str = Field(primary_key=True)
    screening_id: str = Field(index=True)
    document: str
    version: str
    language: str
    site_number: str
    answer: str
    reason: str
    taken_by: str
    delegated: bool
    signed_at: datetime = Field(sa_type=Instant)
    received_at: datetime = Field(sa_type=Instant)


class AssentDecisionRow(EnrolmentTable, table=True):
    """The investigator's reasoned decision about a refusal; it belongs to that refusal alone."""

    __tablename__ = "assent_decision"

    assent_id: str = Field(primary_key=True)
    screening_id: str
    reason: str
    signed_by: str
    signed_at: datetime = Field(sa_type=Instant)
    delegated: bool


class EligibilityRow(EnrolmentTable, table=True):
    __tablename__ = "eligibility"

    id: str = Field(primary_key=True)
    screening_id: str = Field(index=True)
    version: str
    answers: dict[str, Any] = Field(sa_type=JsonText)
    judgement: str | None
    signed_by: str
    signed_at: datetime = Field(sa_type=Instant)
    received_at: datetime = Field(sa_type=Instant)
    delegated: bool
    by_investigator: bool


class AgeStatementRow(EnrolmentTable, table=True):
    __tablename__ = "age_statement"

    id: str = Field(primary_key=True)
    screening_id: str = Field(index=True)
    age_years: int
    stated_on: date
    signed_by: str
    signed_at: datetime = Field(sa_type=Instant)
    delegated: bool


class RegistrationAttemptRow(EnrolmentTable, table=True):
    """Every guard's result of one attempt to register, whatever came of it."""

    __tablename__ = "registration_attempt"

    id: str = Field(primary_key=True)
    trial_id: str = Field(index=True)
    site_number: str
    screening_id: str
    slot_id: str | None
    participant_id: str | None
    code: str
    results: list[Any] = Field(sa_type=JsonText)
    at: datetime = Field(sa_type=Instant)
    kind: str | None
    kind_table: str | None


class ParticipantRow(EnrolmentTable, table=True):
    """Without dose levels `slot_id` is null, `level` 0, and dose, unit, decision and cell are empty."""

    __tablename__ = "participant"
    __table_args__ = (Index("participant_number_once", "number", unique=True),)

    id: str = Field(primary_key=True)
    trial_id: str = Field(index=True)
    number: str
    site_number: str
    screening_id: str = Field(unique=True)
    registration_id: str
    slot_id: str | None = Field(unique=True)
    part: str
    stratum: str
    level: int
    dose: str
    unit: str
    decision_id: str
    rule_cell: str
    protocol_version: str
    registered_at: datetime = Field(sa_type=Instant)
    first_dose_at: datetime | None = Field(sa_type=Instant, nullable=True)
    treatment_ended_at: datetime | None = Field(sa_type=Instant, nullable=True)
    treatment_end_reason: str | None
    stopped: list[str] = Field(sa_type=JsonText)
    voided_at: datetime | None = Field(sa_type=Instant, nullable=True)
    void_reason: str | None
    replacement: str
    halts_seen_late: list[str] = Field(sa_type=JsonText)


class DoseAuthorisationRow(EnrolmentTable, table=True):
    """`doses` administrations may be given under it, of which `used` were."""

    __tablename__ = "dose_authorisation"

    id: str = Field(primary_key=True)
    participant_id: str = Field(index=True)
    planned_at: datetime = Field(sa_type=Instant)
    doses: int
    used: int
    authorised_by: str
    authorised_at: datetime = Field(sa_type=Instant)
    results: list[Any] = Field(sa_type=JsonText)


class AdministrationRow(EnrolmentTable, table=True):
    """One planned dose, given or missed, as it was reported."""

    __tablename__ = "administration"

    id: str = Field(primary_key=True)
    participant_id: str = Field(index=True)
    record_id: str
    at: datetime = Field(sa_type=Instant)
    given: bool
    missed_because: str | None
    level: int
    amount: str | None
    planned_amount: str | None
    batch: str | None
    authorisation_id: str | None
    flags: list[str] = Field(sa_type=JsonText)
    recorded_by: str
    recorded_at: datetime = Field(sa_type=Instant)


class ParticipationChangeRow(EnrolmentTable, table=True):
    """One change of course; nobody is asked for a reason, so there is no place for one."""

    __tablename__ = "participation_change"

    id: str = Field(primary_key=True)
    participant_id: str = Field(index=True)
    elements: dict[str, Any] = Field(sa_type=JsonText)
    changed_by: str
    changed_at: datetime = Field(sa_type=Instant)

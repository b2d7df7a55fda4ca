"""Rows of consent beyond the signatures: corrections, uses of samples, coming of age, and molecular findings."""

from datetime import date, datetime

from sqlmodel import Field

from services.enrolment.store.base import EnrolmentTable
from shared.tables import Instant


class ConsentCorrectionRow(EnrolmentTable, table=True):
    """A consent that was recorded wrongly, and the one that stands in its place; the wrong one stays."""

    __tablename__ = "consent_correction"

    consent_id: str = Field(primary_key=True)
    screening_id: str = Field(index=True)
    superseded_by: str
    reason: str
    corrected_by: str
    corrected_at: datetime = Field(sa_type=Instant)


class RegistrationFlagRow(EnrolmentTable, table=True):
    """Something that a registration rested on was corrected since; the registration stands and says so."""

    __tablename__ = "registration_flag"

    id: str = Field(primary_key=True)
    registration_id: str = Field(index=True)
    flag: str
    about: str
    flagged_by: str
    flagged_at: datetime = Field(sa_type=Instant)


class SampleUseRow(EnrolmentTable, table=True):
    """One use of samples, consented to or not; the latest counts. `consent_id` is empty in a later change."""

    __tablename__ = "sample_use_consent"

    id: str = Field(primary_key=True)
    screening_id: str = Field(index=True)
    use: str
    consented: bool
    consent_id: str
    decided_at: datetime = Field(sa_type=Instant)
    recorded_by: str
    recorded_at: datetime = Field(sa_type=Instant)


class MolecularFindingRow(EnrolmentTable, table=True):
    __tablename__ = "molecular_finding"

    id: str = Field(primary_key=True)
    screening_id: str = Field(index=True)
    gene: str
    alteration: str
    detail: str
    result: str
    method: str
    determined_on: date
    recorded_by: str
    recorded_at: datetime = Field(sa_type=Instant)


class AdultConsentAnswerRow(EnrolmentTable, table=True):
    """What was heard instead of an own consent; nobody who declines is asked why."""

    __tablename__ = "adult_consent_answer"

    id: str = Field(primary_key=True)
    participant_id: str = Field(index=True)
    answer: str
    reason_code: str
    answered_at: datetime = Field(sa_type=Instant)
    recorded_by: str
    recorded_at: datetime = Field(sa_type=Instant)


class ConsentWatchRow(EnrolmentTable, table=True):
    """When a participant is next looked at for consents that became due; never again when null."""

    __tablename__ = "consent_watch"

    participant_id: str = Field(primary_key=True)
    look_at: datetime | None = Field(sa_type=Instant, nullable=True, index=True)


class ConsentDueRow(EnrolmentTable, table=True):
    """What was said to be due, once each; `document` and `version` are empty for the age of consent."""

    __tablename__ = "consent_due"

    participant_id: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    document: str = Field(primary_key=True)
    version: str = Field(primary_key=True)
    said_at: datetime = Field(sa_type=Instant)

"""Copies of other services' facts: values of events alone, so that a rebuild gives equal rows.

Facts about one participant lie in several tables, because each may arrive before the others.
"""

from datetime import datetime

from sqlalchemy import Text
from sqlmodel import Field

from services.safety.store.base import SafetyTable
from shared.tables import Instant


class ProtocolCopy(SafetyTable, table=True):
    """One approved protocol version; `dlt` is the definition as canonical JSON text, empty where there is none."""

    __tablename__ = "protocol_copy"

    trial_id: str = Field(primary_key=True)
    protocol_version: str = Field(primary_key=True)
    trial_code: str = Field(index=True)
    protocol_sha256: str
    zone: str
    ctcae: str
    dlt: str = Field(sa_type=Text)
    doses_planned: int
    effective_at: datetime = Field(sa_type=Instant)


class ReportingCopy(SafetyTable, table=True):
    """What one protocol version says of reporting (`reporting_terms.terms_from`), as canonical JSON text."""

    __tablename__ = "reporting_copy"

    trial_id: str = Field(primary_key=True)
    protocol_version: str = Field(primary_key=True)
    terms: str = Field(sa_type=Text)
    effective_at: datetime = Field(sa_type=Instant)


class StoppingRulesCopy(SafetyTable, table=True):
    """The stopping rules of one protocol version, empty where there are none; the newest version's are in force."""

    __tablename__ = "stopping_rules_copy"

    trial_id: str = Field(primary_key=True)
    protocol_version: str = Field(primary_key=True)
    rules: str = Field(sa_type=Text)
    effective_at: datetime = Field(sa_type=Instant)


class SiteCopy(SafetyTable, table=True):
    __tablename__ = "site_copy"

    trial_id: str = Field(primary_key=True)
    site_number: str = Field(primary_key=True)
    zone: str


class DelegationCopy(SafetyTable, table=True):
    """One entry of a delegation log; `site_number` empty means every site."""

    __tablename__ = "delegation_copy"

    delegation_id: str = Field(primary_key=True)
    trial_id: str
    person: str = Field(index=True)
    role: str
    site_number: str
    from_at: datetime = Field(sa_type=Instant)
    until_at: datetime | None = Field(sa_type=Instant, nullable=True)
    ended_at: datetime | None = Field(sa_type=Instant, nullable=True)


class ConsentCopy(SafetyTable, table=True):
    """The earliest signature of a document that was given for a screening."""

    __tablename__ = "consent_copy"

    screening_id: str = Field(primary_key=True)
    document: str = Field(primary_key=True)
    signed_at: datetime = Field(sa_type=Instant)


class ParticipantCopy(SafetyTable, table=True):
    """A registration; `level` is 0 in a part without dose levels."""

    __tablename__ = "participant_copy"

    participant_id: str = Field(primary_key=True)
    trial_id: str = Field(index=True)
    participant_number: str = Field(index=True)
    screening_id: str
    site_number: str
    zone: str
    protocol_version: str
    part: str
    level: int
    registered_at: datetime = Field(sa_type=Instant)


class CourseCopy(SafetyTable, table=True):
    """What happened to a participant since; a row begins with whichever fact arrives first."""

    __tablename__ = "course_copy"

    participant_id: str = Field(primary_key=True)
    allocated_level: int | None
    first_dose_at: datetime | None = Field(sa_type=Instant, nullable=True)
    level_received: int | None
    ended_at: datetime | None = Field(sa_type=Instant, nullable=True)
    ended_reason: str | None
    stopped_at: datetime | None = Field(sa_type=Instant, nullable=True)
    stopped_by: str | None
    voided_at: datetime | None = Field(sa_type=Instant, nullable=True)


class DoseCopy(SafetyTable, table=True):
    """One planned dose, given or missed; a later record of the same time replaces the earlier one."""

    __tablename__ = "dose_copy"

    participant_id: str = Field(primary_key=True)
    at: datetime = Field(primary_key=True, sa_type=Instant)
    given: bool
    missed_because: str | None


class CourseStepCopy(SafetyTable, table=True):
    """One dated step of a course; a later record of the same step and time replaces the earlier one."""

    __tablename__ = "course_step_copy"

    participant_id: str = Field(primary_key=True)
    step: str = Field(primary_key=True)
    happened_at: datetime = Field(primary_key=True, sa_type=Instant)
    outcome: str


COPIES = (
    "protocol_copy",
    "reporting_copy",
    "stopping_rules_copy",
    "site_copy",
    "delegation_copy",
    "consent_copy",
    "participant_copy",
    "course_copy",
    "dose_copy",
    "course_step_copy",
)
"""Tables that a rebuild clears."""

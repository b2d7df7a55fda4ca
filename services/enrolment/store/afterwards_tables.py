"""Rows of what happens after registration: steps of a course, follow-up, episodes, losses, deaths, mailings."""

from datetime import date, datetime
from typing import Any

from sqlmodel import Field

from services.enrolment.store.base import EnrolmentTable
from shared.tables import Instant, JsonText


class CourseStepRow(EnrolmentTable, table=True):
    """One dated step of an advanced therapy or a transplant, as it was reported; every word about it is kept."""

    __tablename__ = "course_step"

    id: str = Field(primary_key=True)
    participant_id: str = Field(index=True)
    step: str
    happened_at: datetime = Field(sa_type=Instant)
    outcome: str
    batch: str
    amount: str
    unit: str
    handed_over_to: str
    flags: list[str] = Field(sa_type=JsonText)
    recorded_by: str
    recorded_at: datetime = Field(sa_type=Instant)


class PlanCheckRow(EnrolmentTable, table=True):
    """The outcome of quality assurance for one radiotherapy plan."""

    __tablename__ = "plan_check"

    id: str = Field(primary_key=True)
    participant_id: str = Field(index=True)
    plan: str
    outcome: str
    checked_on: date
    recorded_by: str
    recorded_at: datetime = Field(sa_type=Instant)


class SampleRow(EnrolmentTable, table=True):
    __tablename__ = "sample"

    id: str = Field(primary_key=True)
    participant_id: str = Field(index=True)
    material: str
    label: str
    collected_at: datetime = Field(sa_type=Instant)
    recorded_by: str
    recorded_at: datetime = Field(sa_type=Instant)


class SampleEventRow(EnrolmentTable, table=True):
    """What happened to a sample after its collection."""

    __tablename__ = "sample_event"

    id: str = Field(primary_key=True)
    sample_id: str = Field(index=True)
    happening: str
    at: datetime = Field(sa_type=Instant)
    passed_to: str
    use: str
    recorded_by: str
    recorded_at: datetime = Field(sa_type=Instant)


class FollowUpContactRow(EnrolmentTable, table=True):
    """What was said of one entry of the schedule, with the entry as it stood then; the last word counts."""

    __tablename__ = "follow_up_contact"

    id: str = Field(primary_key=True)
    participant_id: str = Field(index=True)
    visit: str
    day: int
    label: str
    kind: str
    due_on: date
    opens_on: date
    closes_on: date
    protocol_version: str
    outcome: str
    happened_on: date
    flags: list[str] = Field(sa_type=JsonText)
    recorded_by: str
    recorded_at: datetime = Field(sa_type=Instant)


class ContactAttemptRow(EnrolmentTable, table=True):
    __tablename__ = "contact_attempt"

    id: str = Field(primary_key=True)
    participant_id: str = Field(index=True)
    channel: str
    attempted_at: datetime = Field(sa_type=Instant)
    reached: bool
    recorded_by: str
    recorded_at: datetime = Field(sa_type=Instant)


class LossRow(EnrolmentTable, table=True):
    """A participant was lost, and found again when `found_at` is set; `attempts` are those it rested on."""

    __tablename__ = "loss"

    id: str = Field(primary_key=True)
    participant_id: str = Field(index=True)
    lost_at: datetime = Field(sa_type=Instant)
    attempts: list[Any] = Field(sa_type=JsonText)
    found_at: datetime | None = Field(sa_type=Instant, nullable=True)
    found_by: str
    declared_by: str


class EpisodeRow(EnrolmentTable, table=True):
    """Taking part again; the registration itself is episode 1 and has no row."""

    __tablename__ = "episode"

    id: str = Field(primary_key=True)
    participant_id: str = Field(index=True)
    number: int
    consent_id: str
    elements: list[str] = Field(sa_type=JsonText)
    started_at: datetime = Field(sa_type=Instant)
    recorded_by: str


class DeathRow(EnrolmentTable, table=True):
    """A death as it was recorded; one that was withdrawn stays, and says so."""

    __tablename__ = "death"

    id: str = Field(primary_key=True)
    participant_id: str = Field(index=True)
    died_on: date
    cause: str
    ended_treatment: bool
    recorded_by: str
    recorded_at: datetime = Field(sa_type=Instant)
    withdrawn_at: datetime | None = Field(sa_type=Instant, nullable=True)


class DeathCheckRow(EnrolmentTable, table=True):
    """A look into records of deaths; by screening, since people are written to before they take part."""

    __tablename__ = "death_check"

    id: str = Field(primary_key=True)
    screening_id: str = Field(index=True)
    checked_on: date
    result: str
    recorded_by: str
    recorded_at: datetime = Field(sa_type=Instant)


class MailingRow(EnrolmentTable, table=True):
    __tablename__ = "mailing"

    id: str = Field(primary_key=True)
    screening_id: str = Field(index=True)
    mailing: str
    sent_on: date
    death_check_id: str
    recorded_by: str
    recorded_at: datetime = Field(sa_type=Instant)


class OptOutRow(EnrolmentTable, table=True):
    """Nothing takes an opt-out back."""

    __tablename__ = "opt_out"

    screening_id: str = Field(primary_key=True)
    opted_out_at: datetime = Field(sa_type=Instant)
    recorded_by: str

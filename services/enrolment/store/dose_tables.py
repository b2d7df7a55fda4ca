"""Rows around doses: confirmations, queries, corrections, and doses authorised by two people for one child."""

from datetime import date, datetime
from typing import Any

from sqlmodel import Field

from services.enrolment.store.base import EnrolmentTable
from shared.tables import Instant, JsonText


class DoseConfirmationRow(EnrolmentTable, table=True):
    """What the pharmacy is told of a registration or an authorised dose; amounts are exact decimal text."""

    __tablename__ = "dose_confirmation"

    id: str = Field(primary_key=True)
    trial_id: str = Field(index=True)
    site_number: str
    participant_id: str = Field(index=True)
    participant_number: str
    kind: str
    authorisation_id: str | None = Field(unique=True)
    part: str
    level: int
    dose: str
    unit: str
    basis: str
    measure: str | None
    measured_on: date | None
    planned: str | None
    planned_at: datetime | None = Field(sa_type=Instant, nullable=True)
    doses: int
    confirmed_at: datetime = Field(sa_type=Instant)
    acknowledged_by: str | None
    acknowledged_at: datetime | None = Field(sa_type=Instant, nullable=True)


class DoseQueryRow(EnrolmentTable, table=True):
    """A question about a dose given more than 10 % from planned; `open` until somebody answers it."""

    __tablename__ = "dose_query"

    id: str = Field(primary_key=True)
    trial_id: str = Field(index=True)
    site_number: str
    participant_id: str
    participant_number: str
    administration_id: str = Field(unique=True)
    planned: str
    given: str
    state: str
    opened_at: datetime = Field(sa_type=Instant)
    answer: str | None
    answered_by: str | None
    answered_at: datetime | None = Field(sa_type=Instant, nullable=True)


class DoseCorrectionRow(EnrolmentTable, table=True):
    """One recorded dose that no longer stands, and why; its own row stays as it was reported.

    `replaced_by` is the administration that says it right, of this participant or of `moved_to`.
    """

    __tablename__ = "dose_correction"

    administration_id: str = Field(primary_key=True)
    trial_id: str
    participant_id: str = Field(index=True)
    replaced_by: str | None
    moved_to: str | None
    reason_code: str
    reason: str
    corrected_by: str
    corrected_at: datetime = Field(sa_type=Instant)


class ExceptionalAuthorisationRow(EnrolmentTable, table=True):
    """One dose for one child despite a halt or an unknown state, by two people; both sign again afterwards."""

    __tablename__ = "exceptional_authorisation"

    authorisation_id: str = Field(primary_key=True)
    trial_id: str = Field(index=True)
    site_number: str
    participant_id: str
    investigator: str
    medical_monitor: str
    stated_by: str
    channel: str
    reason: str
    harm: str
    set_aside: list[Any] = Field(sa_type=JsonText)
    authorised_at: datetime = Field(sa_type=Instant)
    countersign_due_at: datetime = Field(sa_type=Instant)
    investigator_signed_at: datetime | None = Field(sa_type=Instant, nullable=True)
    monitor_signed_at: datetime | None = Field(sa_type=Instant, nullable=True)
    overdue_told_at: datetime | None = Field(sa_type=Instant, nullable=True)

"""Rows of dated requests for a place, and of what is prepared for and entered after an outage."""

from datetime import date, datetime
from typing import Any

from sqlmodel import Field

from services.enrolment.store.base import EnrolmentTable
from shared.tables import Instant, JsonText


class DatedRequestRow(EnrolmentTable, table=True):
    """What a site last stated about the dates of a screening; `priority_reason` is empty where none was given.

    It belongs to the screening, so it stays with it through the line, an offer, a freeze and a first refusal.
    """

    __tablename__ = "dated_request"

    screening_id: str = Field(primary_key=True)
    trial_id: str = Field(index=True)
    earliest_start_on: date | None
    washout_ends_on: date | None
    priority_reason: str
    stated_by: str
    stated_at: datetime = Field(sa_type=Instant)


class DowntimeBlockRow(EnrolmentTable, table=True):
    """Participant numbers given to a site in advance, to be used while the service cannot be reached."""

    __tablename__ = "downtime_block"

    id: str = Field(primary_key=True)
    trial_id: str = Field(index=True)
    site_number: str
    issued_by: str
    issued_at: datetime = Field(sa_type=Instant)


class DowntimeNumberRow(EnrolmentTable, table=True):
    """One number of a block; used once, by the participant that it names then."""

    __tablename__ = "downtime_number"

    number: str = Field(primary_key=True)
    block_id: str = Field(index=True)
    participant_id: str | None = Field(unique=True)
    used_at: datetime | None = Field(sa_type=Instant, nullable=True)


class DowntimeRegistrationRow(EnrolmentTable, table=True):
    """A registration entered after an outage: who gave the place by telephone, and what was not in order."""

    __tablename__ = "downtime_registration"

    registration_id: str = Field(primary_key=True)
    participant_id: str
    trial_id: str = Field(index=True)
    number: str
    claimed_registered_at: datetime = Field(sa_type=Instant)
    duty_person: str
    called_at: datetime = Field(sa_type=Instant)
    sponsor_confirmed_by: str
    safety_confirmed_by: str
    differences: list[Any] = Field(sa_type=JsonText)
    entered_by: str
    entered_at: datetime = Field(sa_type=Instant)

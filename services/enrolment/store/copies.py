"""Copies of the other services' facts: nothing but values of events, so that a rebuild gives equal rows.

Facts of different aggregates may arrive in any order; each row holds what one kind of event says, and an
event about a row that another kind has not made yet makes it.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field

from services.enrolment.store.base import EnrolmentTable
from shared.tables import Instant, JsonText


class ProtocolCopyRow(EnrolmentTable, table=True):
    """One approved version; `terms` is the part of the protocol file that this service reads.

    `targets` are of the parts that have one, each as (part, target, policy at the target, last day of allowing).
    """

    __tablename__ = "protocol_copy"

    trial_id: str = Field(primary_key=True)
    protocol_version: str = Field(primary_key=True)
    protocol_sha256: str
    effective_at: datetime = Field(sa_type=Instant)
    previous_sunset_at: datetime | None = Field(sa_type=Instant, nullable=True)
    levels: list[Any] = Field(sa_type=JsonText)
    slot_policy: dict[str, Any] = Field(sa_type=JsonText)
    targets: list[Any] = Field(sa_type=JsonText)
    terms: dict[str, Any] = Field(sa_type=JsonText)


class TrialCopyRow(EnrolmentTable, table=True):
    __tablename__ = "trial_copy"

    trial_id: str = Field(primary_key=True)
    code: str = Field(index=True)
    status: str


class SiteCopyRow(EnrolmentTable, table=True):
    __tablename__ = "site_copy"

    trial_id: str = Field(primary_key=True)
    site_number: str = Field(primary_key=True)
    status: str
    country: str
    zone: str
    recruitment_cap: int | None
    organisation: str = ""


class GreenLightCopyRow(EnrolmentTable, table=True):
    """A site may recruit on this protocol version."""

    __tablename__ = "green_light_copy"

    trial_id: str = Field(primary_key=True)
    site_number: str = Field(primary_key=True)
    protocol_version: str = Field(primary_key=True)


class DelegationCopyRow(EnrolmentTable, table=True):
    __tablename__ = "delegation_copy"
    __table_args__ = (Index("delegation_of_person", "trial_id", "person"),)

    delegation_id: str = Field(primary_key=True)
    trial_id: str = Field(index=True)
    person: str
    role: str
    site_number: str | None
    from_at: datetime = Field(sa_type=Instant)
    until_at: datetime | None = Field(sa_type=Instant, nullable=True)
    ended: bool
    unblinded: bool = False


class DecisionCopyRow(EnrolmentTable, table=True):
    __tablename__ = "decision_copy"

    decision_id: str = Field(primary_key=True)
    trial_id: str = Field(index=True)
    kind: str
    part: str
    level: int
    places: int
    rule: dict[str, Any] | None = Field(sa_type=JsonText, nullable=True)
    signers: int
    in_force_at: datetime = Field(sa_type=Instant)
    superseded: bool


class DecisionGroundCopyRow(EnrolmentTable, table=True):
    """What a decision rests on, as its event says: data cut, recommendation, signatures, override, letter."""

    __tablename__ = "decision_ground_copy"

    decision_id: str = Field(primary_key=True)
    trial_id: str = Field(index=True)
    ground: dict[str, Any] = Field(sa_type=JsonText)


class DecisionEndCopyRow(EnrolmentTable, table=True):
    """Why and when a decision stopped standing."""

    __tablename__ = "decision_end_copy"

    decision_id: str = Field(primary_key=True)
    trial_id: str
    reason: str
    superseded_at: datetime = Field(sa_type=Instant)


class CohortHoldCopyRow(EnrolmentTable, table=True):
    __tablename__ = "cohort_hold_copy"

    hold_id: str = Field(primary_key=True)
    trial_id: str = Field(index=True)
    part: str
    level: int
    held: bool


class HaltCopyRow(EnrolmentTable, table=True):
    __tablename__ = "halt_copy"

    halt_id: str = Field(primary_key=True)
    trial_id: str = Field(index=True)
    part: str | None
    level: int | None
    site_number: str | None
    recruitment: bool
    dosing: bool
    imposed_at: datetime = Field(sa_type=Instant)
    lifted: bool


class VerdictCopyRow(EnrolmentTable, table=True):
    __tablename__ = "verdict_copy"

    window_id: str = Field(primary_key=True)
    trial_id: str = Field(index=True)
    participant_id: str
    verdict: str
    provisional: str
    part: str
    level: int


class ReportCopyRow(EnrolmentTable, table=True):
    """An adverse event as far as registration depends on it; `trial_id` is empty while no trial is known."""

    __tablename__ = "report_copy"

    report_id: str = Field(primary_key=True)
    trial_id: str = Field(index=True)
    holds_trial: bool


COPIES = (
    "protocol_copy",
    "trial_copy",
    "site_copy",
    "green_light_copy",
    "delegation_copy",
    "decision_copy",
    "decision_ground_copy",
    "decision_end_copy",
    "cohort_hold_copy",
    "halt_copy",
    "verdict_copy",
    "report_copy",
)

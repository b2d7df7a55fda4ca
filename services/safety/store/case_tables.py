"""Rows of assessments, reference safety information, obligations and what met them."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Text, UniqueConstraint, text
from sqlmodel import Field

from services.safety.store.base import SafetyTable
from shared.tables import Instant, JsonText

_RUNNING = text("next_check_at IS NOT NULL")


class AssessmentRow(SafetyTable, table=True):
    """One version of one party's view of an event, never changed; `product` is empty where it is of none.

    Whom the desk heard and why are JSON, because somebody's words may hold what no text column takes.
    """

    __tablename__ = "assessment"
    __table_args__ = (
        UniqueConstraint(
            "adverse_event_id", "product", "kind", "party", "version", name="assessment_version"
        ),
    )

    id: str = Field(primary_key=True)
    adverse_event_id: str
    product: str
    kind: str
    party: str
    version: int
    value: list[str] = Field(sa_type=JsonText)
    standing: str
    opinion_of: str = Field(sa_type=JsonText)
    recorded_by: str
    recorded_at: datetime = Field(sa_type=Instant)
    reason: str = Field(sa_type=JsonText)
    event_version: int
    source: str


class CaseClassificationRow(SafetyTable, table=True):
    """One version of the derived class of an event with regard to a product, never changed, with its inputs."""

    __tablename__ = "case_classification"

    adverse_event_id: str = Field(primary_key=True)
    product: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    event_class: str
    provisional: bool
    grave: bool
    details: dict[str, Any] = Field(sa_type=JsonText)
    recorded_at: datetime = Field(sa_type=Instant)


class ReferenceVersionRow(SafetyTable, table=True):
    """One version of a product's reference safety information; without `approved_on` it is ignored."""

    __tablename__ = "reference_version"
    __table_args__ = (UniqueConstraint("trial_key", "product", "label", name="reference_version_label"),)

    id: str = Field(primary_key=True)
    trial_id: str | None
    trial_key: str
    product: str
    label: str
    document: str = Field(sa_type=Text)
    issued_on: str
    approved_on: str | None
    approval_reference: str = Field(sa_type=Text)
    approved_by: str | None
    entries: list[dict[str, Any]] = Field(sa_type=JsonText)
    recorded_by: str
    recorded_at: datetime = Field(sa_type=Instant)


class ObligationRow(SafetyTable, table=True):
    """One report owed to one recipient. `counted_from` and `due_at` place the warnings; `warned` is the last."""

    __tablename__ = "obligation"
    __table_args__ = (
        Index("obligation_of_event", "adverse_event_id"),
        Index("obligation_of_trial", "trial_key", "id"),
        Index("obligation_to_check", "next_check_at", sqlite_where=_RUNNING, postgresql_where=_RUNNING),
    )

    id: str = Field(primary_key=True)
    adverse_event_id: str
    scope: str
    trial_id: str | None
    trial_key: str
    regime: str
    rule: str
    rule_version: int
    recipient: str
    day_0: str | None
    due_date: str | None
    due_at: datetime = Field(sa_type=Instant)
    counted_from: datetime = Field(sa_type=Instant)
    opened_on: str
    opened_at: datetime = Field(sa_type=Instant)
    state: str
    warned: int
    next_check_at: datetime | None = Field(sa_type=Instant, nullable=True)
    met_at: datetime | None = Field(sa_type=Instant, nullable=True)
    in_time: bool | None
    submission_id: str | None
    breached_at: datetime | None = Field(sa_type=Instant, nullable=True)
    ended_at: datetime | None = Field(sa_type=Instant, nullable=True)
    ended_by: str | None
    ended_reason: str = Field(sa_type=Text)
    replaced_by: str | None
    proof: dict[str, Any] = Field(sa_type=JsonText)


class SubmissionRow(SafetyTable, table=True):
    """One report that left, by our file or by another way: when, by what reference, with what receipt."""

    __tablename__ = "submission"
    __table_args__ = (Index("submission_of_event", "adverse_event_id"),)

    id: str = Field(primary_key=True)
    adverse_event_id: str
    recipients: list[str] = Field(sa_type=JsonText)
    sent_at: datetime = Field(sa_type=Instant)
    outside: bool
    complete: bool
    reference: str = Field(sa_type=Text)
    receipt: str = Field(sa_type=Text)
    file_sha256: str | None
    state: str
    answered_at: datetime | None = Field(sa_type=Instant, nullable=True)
    answer_reference: str = Field(sa_type=Text)
    recorded_by: str
    recorded_at: datetime = Field(sa_type=Instant)

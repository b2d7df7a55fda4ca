"""Rows of stopping rules: what participants are to them, their counts, and their crossings; signed judgements."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Text, UniqueConstraint
from sqlmodel import Field

from services.safety.store.base import SafetyTable
from shared.tables import Instant, JsonText


class StoppingOutcomeRow(SafetyTable, table=True):
    """What one participant is to one rule now."""

    __tablename__ = "stopping_outcome"

    trial_id: str = Field(primary_key=True)
    rule_id: str = Field(primary_key=True)
    participant_id: str = Field(primary_key=True, index=True)
    outcome: str
    provisional: bool
    evaluable_at: datetime | None = Field(sa_type=Instant, nullable=True)
    registered_at: datetime = Field(sa_type=Instant)


class StoppingCountRow(SafetyTable, table=True):
    """The counts of one rule as last evaluated; whoever evaluates it holds this row."""

    __tablename__ = "stopping_count"

    trial_id: str = Field(primary_key=True)
    rule_id: str = Field(primary_key=True)
    rule_version: int
    n: int
    events: int
    pending: list[str] = Field(sa_type=JsonText)
    provisional: list[str] = Field(sa_type=JsonText)
    would_cross_at: int | None
    counted_at: datetime = Field(sa_type=Instant)


class StoppingCrossingRow(SafetyTable, table=True):
    """One crossing, which stays; explanations are added, and `decided_at` is when people lifted its hold.

    `decided_events` are the events known at that decision: only a later one can cross the rule again.
    """

    __tablename__ = "stopping_crossing"
    __table_args__ = (
        UniqueConstraint("trial_id", "rule_id", "rule_version", "events", name="stopping_crossing_once"),
    )

    id: str = Field(primary_key=True)
    trial_id: str
    trial_key: str = Field(index=True)
    rule_id: str
    rule_version: int
    part: str | None
    level: int | None
    n: int
    events: int
    stops_at: int
    path: list[Any] = Field(sa_type=JsonText)
    pending: list[str] = Field(sa_type=JsonText)
    action: str
    cause: str
    crossed_at: datetime = Field(sa_type=Instant)
    explanations: list[Any] = Field(sa_type=JsonText)
    decided_at: datetime | None = Field(sa_type=Instant, nullable=True)
    decided_events: int | None


class DltJudgementRow(SafetyTable, table=True):
    """An investigator's signed judgement that a participant had a DLT, and what the committee said of it."""

    __tablename__ = "dlt_judgement"

    id: str = Field(primary_key=True)
    participant_id: str = Field(index=True)
    criterion: str
    occurred_on: date
    signed_by: str
    signed_at: datetime = Field(sa_type=Instant)
    reason: str = Field(sa_type=Text)
    committee: str
    decided_by: str | None
    decided_at: datetime | None = Field(sa_type=Instant, nullable=True)
    decision_reason: str | None = Field(sa_type=Text, nullable=True)

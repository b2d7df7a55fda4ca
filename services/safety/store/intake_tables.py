"""Rows of reports that are no adverse events, and of what links reports to each other."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field

from services.safety.store.base import SafetyTable
from shared.tables import Instant, JsonText


class SpecialReportRow(SafetyTable, table=True):
    """A pregnancy, medication error, graded syndrome or late effect as it stands."""

    __tablename__ = "special_report"
    __table_args__ = (Index("special_report_of_trial", "trial_key", "id"),)

    id: str = Field(primary_key=True)
    kind: str
    scope: str
    trial_id: str | None
    trial_key: str
    participant_key: str
    participant_id: str | None = Field(index=True)
    site_number: str
    version: int
    is_open: bool
    received_at: datetime = Field(sa_type=Instant)
    reported_by: str


class SpecialReportVersionRow(SafetyTable, table=True):
    """One version, never changed."""

    __tablename__ = "special_report_version"

    special_report_id: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    facts: dict[str, Any] = Field(sa_type=JsonText)
    conclusion: dict[str, Any] = Field(sa_type=JsonText)
    recorded_by: str
    recorded_at: datetime = Field(sa_type=Instant)
    reason: str = Field(sa_type=Text)
    changed: list[str] = Field(sa_type=JsonText)


class ReportLinkRow(SafetyTable, table=True):
    """Two reports that belong together, and how; a merge is a link of the relation `duplicate_of`."""

    __tablename__ = "report_link"
    __table_args__ = (UniqueConstraint("from_id", "to_id", "relation", name="report_link_once"),)

    id: str = Field(primary_key=True)
    from_id: str = Field(index=True)
    to_id: str = Field(index=True)
    relation: str
    reason: str = Field(sa_type=Text)
    linked_by: str
    linked_at: datetime = Field(sa_type=Instant)

"""Rows of cases, of the files made of them, and of what regulators answered."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, LargeBinary, Text, UniqueConstraint
from sqlmodel import Field

from services.safety.store.base import SafetyTable
from shared.tables import Instant, JsonText


class CaseRouteRow(SafetyTable, table=True):
    """One dated version of where a trial's reports go; never changed, the newest of a name is in force."""

    __tablename__ = "case_route"
    __table_args__ = (Index("case_route_of_trial", "trial_key", "name", "id"),)

    id: str = Field(primary_key=True)
    trial_key: str
    name: str
    route: dict[str, Any] = Field(sa_type=JsonText)
    recorded_by: str
    recorded_at: datetime = Field(sa_type=Instant)


class CaseNumberRow(SafetyTable, table=True):
    """The last sequence given in a trial; it only grows, so that no number is given twice."""

    __tablename__ = "case_number"

    trial_key: str = Field(primary_key=True)
    last: int


class CaseRow(SafetyTable, table=True):
    """A case as it stands; `waits` says that its newest version is yet to be sent."""

    __tablename__ = "safety_case"
    __table_args__ = (
        UniqueConstraint("number", name="safety_case_number"),
        Index("safety_case_of_trial", "trial_key", "id"),
    )

    id: str = Field(primary_key=True)
    scope: str
    trial_id: str | None
    trial_key: str
    participant_id: str
    participant_number: str
    number: str
    worldwide_number: str
    first_received_on: str
    state: str
    waits: bool
    version: int
    opened_by: str
    opened_at: datetime = Field(sa_type=Instant)


class CaseVersionRow(SafetyTable, table=True):
    """One version of a case's content, never changed."""

    __tablename__ = "safety_case_version"

    case_id: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    kind: str
    latest_information_on: str
    reason: str = Field(sa_type=Text)
    content: dict[str, Any] = Field(sa_type=JsonText)
    recorded_by: str
    recorded_at: datetime = Field(sa_type=Instant)


class CaseReportRow(SafetyTable, table=True):
    """That a report is an event of a case."""

    __tablename__ = "safety_case_report"

    case_id: str = Field(primary_key=True)
    report_id: str = Field(primary_key=True, index=True)


class CaseBatchRow(SafetyTable, table=True):
    """One file: its bytes, what the rules found in it, and how far it got."""

    __tablename__ = "case_batch"
    __table_args__ = (
        UniqueConstraint("number", name="case_batch_number"),
        Index("case_batch_of_trial", "trial_key", "id"),
    )

    id: str = Field(primary_key=True)
    number: str
    trial_key: str
    route_id: str
    profile: str
    state: str
    content: bytes = Field(sa_type=LargeBinary)
    sha256: str
    findings: list[dict[str, str]] = Field(sa_type=JsonText)
    reason: str = Field(sa_type=Text)
    created_by: str
    created_at: datetime = Field(sa_type=Instant)
    sent_by: str | None
    sent_at: datetime | None = Field(sa_type=Instant, nullable=True)
    reference: str


class CaseSendingRow(SafetyTable, table=True):
    """One case in one file; `events` are the reports it told of, with their versions."""

    __tablename__ = "case_sending"

    batch_id: str = Field(primary_key=True)
    case_id: str = Field(primary_key=True, index=True)
    case_version: int
    kind: str
    state: str
    expedited: bool
    events: dict[str, int] = Field(sa_type=JsonText)
    sent_at: datetime | None = Field(sa_type=Instant, nullable=True)
    decided_at: datetime | None = Field(sa_type=Instant, nullable=True)
    details: list[str] = Field(sa_type=JsonText)


class CaseAcknowledgementRow(SafetyTable, table=True):
    """An acknowledgement as it came; without a batch it is quarantined."""

    __tablename__ = "case_acknowledgement"

    id: str = Field(primary_key=True)
    batch_id: str | None = Field(index=True)
    state: str
    code: str
    content: bytes = Field(sa_type=LargeBinary)
    sha256: str
    decided: dict[str, bool] = Field(sa_type=JsonText)
    received_by: str
    received_at: datetime = Field(sa_type=Instant)


class ReceivedCaseFileRow(SafetyTable, table=True):
    """A case report file that somebody else made, as it came, with what the rules found in it."""

    __tablename__ = "received_case_file"

    id: str = Field(primary_key=True)
    content: bytes = Field(sa_type=LargeBinary)
    sha256: str
    verdict: str
    findings: list[dict[str, str]] = Field(sa_type=JsonText)
    cases: list[dict[str, Any]] = Field(sa_type=JsonText)
    received_by: str
    received_at: datetime = Field(sa_type=Instant)


class ListingRow(SafetyTable, table=True):
    """A listing that was published: what it was asked, and the digest that a rebuilt one must have."""

    __tablename__ = "listing"
    __table_args__ = (Index("listing_of_trial", "trial_key", "id"),)

    id: str = Field(primary_key=True)
    trial_key: str
    kind: str
    from_on: str
    to_on: str
    lock_at: datetime = Field(sa_type=Instant)
    layout: str
    zone: str
    sha256: str
    size: int
    published_by: str
    published_at: datetime = Field(sa_type=Instant)

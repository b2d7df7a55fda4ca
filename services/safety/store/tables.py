"""Rows of the safety service's own facts; copies of others' facts are in `copies.py`."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Text, UniqueConstraint, text
from sqlmodel import Field

from services.safety.store import case_file_tables as case_file_tables
from services.safety.store import case_tables as case_tables
from services.safety.store import channel_tables as channel_tables
from services.safety.store import intake_tables as intake_tables
from services.safety.store import stopping_tables as stopping_tables
from services.safety.store.base import SafetyTable
from shared.tables import Instant, JsonText

_UNMATCHED = text("matched = 'unmatched'")
_UNANSWERED = text("seriousness_due_at IS NOT NULL")
_TO_CHECK = text("next_check_at IS NOT NULL")
_NOT_DONE = text("done_at IS NULL")
_NOT_SENT = text("state = 'waiting'")


class AdverseEventRow(SafetyTable, table=True):
    """A reported event as it stands; what it says is in its versions.

    `scope` is the partition key of its events and never changes, so that they stay in one order.
    """

    __tablename__ = "adverse_event"
    __table_args__ = (
        Index(
            "adverse_event_unmatched", "participant_key", sqlite_where=_UNMATCHED, postgresql_where=_UNMATCHED
        ),
        Index(
            "adverse_event_unanswered",
            "seriousness_due_at",
            sqlite_where=_UNANSWERED,
            postgresql_where=_UNANSWERED,
        ),
        Index("adverse_event_of_trial", "trial_key", "id"),
    )

    id: str = Field(primary_key=True)
    scope: str
    trial_id: str | None
    trial_key: str
    participant_key: str
    participant_id: str | None = Field(index=True)
    site_number: str
    matched: str
    version: int
    worst_grade: int
    death_on: str
    serious: bool
    received_at: datetime = Field(sa_type=Instant)
    seriousness_due_at: datetime | None = Field(sa_type=Instant, nullable=True)
    reported_by: str
    flags: list[str] = Field(sa_type=JsonText)
    clearance: dict[str, Any] | None = Field(sa_type=JsonText, nullable=True)


class AdverseEventVersionRow(SafetyTable, table=True):
    """One version, never changed: as coded, as stated, and what was concluded from it then."""

    __tablename__ = "adverse_event_version"

    adverse_event_id: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    content: dict[str, Any] = Field(sa_type=JsonText)
    statement: dict[str, Any] = Field(sa_type=JsonText)
    conclusion: dict[str, Any] = Field(sa_type=JsonText)
    recorded_by: str
    recorded_at: datetime = Field(sa_type=Instant)
    reason: str = Field(sa_type=Text)
    changed: list[str] = Field(sa_type=JsonText)


class DltWindowRow(SafetyTable, table=True):
    """A participant's window and its verdict now."""

    __tablename__ = "dlt_window"
    __table_args__ = (
        UniqueConstraint("participant_id", name="dlt_window_of_participant"),
        Index("dlt_window_to_check", "next_check_at", sqlite_where=_TO_CHECK, postgresql_where=_TO_CHECK),
    )

    window_id: str = Field(primary_key=True)
    participant_id: str
    trial_id: str = Field(index=True)
    version: int
    verdict: str
    provisional: str
    criteria: list[str] = Field(sa_type=JsonText)
    reasons: list[str] = Field(sa_type=JsonText)
    alerted: list[str] = Field(sa_type=JsonText)
    next_check_at: datetime | None = Field(sa_type=Instant, nullable=True)
    closes_at: datetime | None = Field(sa_type=Instant, nullable=True)
    closed_at: datetime | None = Field(sa_type=Instant, nullable=True)
    voided_at: datetime | None = Field(sa_type=Instant, nullable=True)
    level_received: int | None


class DltVerdictRow(SafetyTable, table=True):
    """One version of a verdict, never changed, with everything it rests on."""

    __tablename__ = "dlt_verdict"

    window_id: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    verdict: str
    provisional: str
    criteria: list[str] = Field(sa_type=JsonText)
    reasons: list[str] = Field(sa_type=JsonText)
    part: str
    level_allocated: int
    level_received: int | None
    basis: dict[str, Any] = Field(sa_type=JsonText)
    cause: str
    report_id: str | None
    recorded_at: datetime = Field(sa_type=Instant)


class DefinitionCheckRow(SafetyTable, table=True):
    """Whether a protocol version's DLT definition can be used with the dictionary that it pins."""

    __tablename__ = "definition_check"

    trial_id: str = Field(primary_key=True)
    protocol_version: str = Field(primary_key=True)
    protocol_sha256: str
    problems: list[str] = Field(sa_type=JsonText)
    checked_at: datetime = Field(sa_type=Instant)


class AlertRow(SafetyTable, table=True):
    """An alert; its identity is what caused it and its kind."""

    __tablename__ = "alert"
    __table_args__ = (
        UniqueConstraint("cause_id", "kind", name="alert_once"),
        Index("alert_of_trial", "trial_key", "id"),
    )

    id: str = Field(primary_key=True)
    scope: str
    trial_id: str | None
    trial_key: str
    zone: str
    kind: str
    priority: str
    cause_id: str
    state: str
    raised_at: datetime = Field(sa_type=Instant)
    acknowledged_by: str | None
    acknowledged_at: datetime | None = Field(sa_type=Instant, nullable=True)
    resolved_by: str | None
    resolved_at: datetime | None = Field(sa_type=Instant, nullable=True)


class AlertStepRow(SafetyTable, table=True):
    """One call of the ladder, due at a time; `called` are the people it called once it was done."""

    __tablename__ = "alert_step"
    __table_args__ = (Index("alert_step_due", "due_at", sqlite_where=_NOT_DONE, postgresql_where=_NOT_DONE),)

    alert_id: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    duties: list[str] = Field(sa_type=JsonText)
    due_at: datetime = Field(sa_type=Instant)
    acknowledge_by: datetime = Field(sa_type=Instant)
    last: bool
    done_at: datetime | None = Field(sa_type=Instant, nullable=True)
    called: list[str] = Field(sa_type=JsonText)


class AlertSendRow(SafetyTable, table=True):
    """One message to one person by one channel. Its `message_id` never changes: sent again, it is the same."""

    __tablename__ = "alert_send"
    __table_args__ = (
        UniqueConstraint("alert_id", "step", "person", "channel", name="alert_send_once"),
        Index("alert_send_due", "next_try_at", sqlite_where=_NOT_SENT, postgresql_where=_NOT_SENT),
    )

    id: str = Field(primary_key=True)
    alert_id: str
    step: int
    person: str
    channel: str
    address: str
    message_id: str
    acknowledge_by: datetime = Field(sa_type=Instant)
    state: str
    attempts: int
    created_at: datetime = Field(sa_type=Instant)
    next_try_at: datetime = Field(sa_type=Instant)
    claim: str | None
    last_error: str | None
    sent_at: datetime | None = Field(sa_type=Instant, nullable=True)


class AlertNoteRow(SafetyTable, table=True):
    """What somebody said about an alert: the acknowledgement, the resolution, or a word from off the duty list."""

    __tablename__ = "alert_note"

    id: str = Field(primary_key=True)
    alert_id: str = Field(index=True)
    person: str
    what: str
    note: str = Field(sa_type=Text)
    noted_at: datetime = Field(sa_type=Instant)


class DutyPeriodRow(SafetyTable, table=True):
    """One person's duty; `trial_key` is a trial's code or `*`."""

    __tablename__ = "duty_period"
    __table_args__ = (Index("duty_period_of_trial", "trial_key", "until_at"),)

    id: str = Field(primary_key=True)
    trial_key: str
    person: str
    name: str
    address: str
    duty: str
    duty_order: int
    from_at: datetime = Field(sa_type=Instant)
    until_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(sa_type=Instant, nullable=True)

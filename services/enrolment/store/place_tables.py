"""Rows of what this service decides about places: levels, decisions applied, slots, the waiting list."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field

from services.enrolment.store.base import EnrolmentTable
from shared.tables import Instant, JsonText

_HELD = text("screening_id IS NOT NULL AND state IN ('offered', 'reserved', 'frozen')")
_WAITS = text("state IN ('waiting', 'offered')")


class TrialGateRow(EnrolmentTable, table=True):
    """One row per trial, locked by everything that lets somebody in or keeps somebody out.

    It keeps the code under which grants name the trial (empty until it is heard), so that people are known
    here while the copies are being rebuilt.
    """

    __tablename__ = "trial_gate"

    trial_id: str = Field(primary_key=True)
    code: str = Field(index=True)


class DoseLevelRow(EnrolmentTable, table=True):
    __tablename__ = "dose_level"
    __table_args__ = (Index("dose_level_once", "trial_id", "part", "level", unique=True),)

    id: str = Field(primary_key=True)
    trial_id: str
    part: str
    level: int
    state: str
    opened_by: str | None
    closed_at: datetime | None = Field(sa_type=Instant, nullable=True)
    closed_because: str | None
    held_by: list[str] = Field(sa_type=JsonText)
    toxic_dlts: int


class AppliedDecisionRow(EnrolmentTable, table=True):
    """What became of a decision here; the decision itself is a copy."""

    __tablename__ = "applied_decision"

    decision_id: str = Field(primary_key=True)
    trial_id: str = Field(index=True)
    applied_at: datetime | None = Field(sa_type=Instant, nullable=True)
    took_effect: bool
    followed: bool
    supersession: str


class SlotRow(EnrolmentTable, table=True):
    """One place. `before_state` is the state under a freeze or before the end; times belong to that state.

    `warn_at` is when the holder is to be warned of the deadline, `warned_for` the deadline warned of last.
    """

    __tablename__ = "slot"
    __table_args__ = (
        Index("slot_of_trial", "trial_id", "state"),
        Index(
            "slot_due",
            "expires_at",
            sqlite_where=text("state IN ('offered', 'reserved')"),
            postgresql_where=text("state IN ('offered', 'reserved')"),
        ),
        Index(
            "slot_to_warn",
            "warn_at",
            sqlite_where=text("state IN ('offered', 'reserved') AND warn_at IS NOT NULL"),
            postgresql_where=text("state IN ('offered', 'reserved') AND warn_at IS NOT NULL"),
        ),
        Index("slot_one_holder", "screening_id", unique=True, sqlite_where=_HELD, postgresql_where=_HELD),
    )

    id: str = Field(primary_key=True)
    trial_id: str
    part: str
    level: int
    origin: str
    decision_id: str
    replaces: str | None
    opened_at: datetime = Field(sa_type=Instant)
    state: str
    before_state: str | None
    site_number: str | None
    screening_id: str | None
    held_at: datetime | None = Field(sa_type=Instant, nullable=True)
    expires_at: datetime | None = Field(sa_type=Instant, nullable=True)
    since: datetime | None = Field(sa_type=Instant, nullable=True)
    causes: list[str] = Field(sa_type=JsonText)
    participant_id: str | None
    reason: str | None
    entry_id: str | None
    succession: str
    refusal: str
    warn_at: datetime | None = Field(sa_type=Instant, nullable=True)
    warned_for: datetime | None = Field(sa_type=Instant, nullable=True)


class WaitingEntryRow(EnrolmentTable, table=True):
    __tablename__ = "waiting_entry"
    __table_args__ = (
        Index("waiting_once", "screening_id", unique=True, sqlite_where=_WAITS, postgresql_where=_WAITS),
    )

    id: str = Field(primary_key=True)
    trial_id: str = Field(index=True)
    part: str
    site_number: str
    screening_id: str
    notified_at: datetime = Field(sa_type=Instant)
    state: str
    offered_at: datetime | None = Field(sa_type=Instant, nullable=True)


class DecisionReceiptRow(EnrolmentTable, table=True):
    """A site has received a dose decision."""

    __tablename__ = "decision_receipt"

    decision_id: str = Field(primary_key=True)
    site_number: str = Field(primary_key=True)
    trial_id: str
    person: str
    received_at: datetime = Field(sa_type=Instant)

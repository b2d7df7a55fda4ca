"""Rows about who a person may be and who answers for them: referrals, re-screenings, duplicates, transfers."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field

from services.enrolment.store.base import EnrolmentTable
from shared.tables import Instant

_PROPOSED = text("state = 'proposed'")


class ReferralRow(EnrolmentTable, table=True):
    """A patient referred to a site, without anything that says who it is; `from_site_number` may be empty."""

    __tablename__ = "referral"

    id: str = Field(primary_key=True)
    trial_id: str = Field(index=True)
    site_number: str
    from_site_number: str
    organisation: str
    contact_reference: str
    age_years: int | None
    birth_year: int | None
    condition: str
    part: str
    urgency: str
    state: str
    sent_at: datetime = Field(sa_type=Instant)
    received_at: datetime = Field(sa_type=Instant)
    received_by: str
    acknowledged_at: datetime | None = Field(sa_type=Instant, nullable=True)
    acknowledged_by: str | None
    outcome: str | None
    outcome_at: datetime | None = Field(sa_type=Instant, nullable=True)
    outcome_by: str | None
    screening_id: str | None = Field(unique=True)
    reply_sent_at: datetime | None = Field(sa_type=Instant, nullable=True)
    reply_by_way_of: str | None
    replied_by: str | None


class RescreeningRow(EnrolmentTable, table=True):
    """A screening of somebody who was screened before: each follows one, and is followed by at most one."""

    __tablename__ = "rescreening"

    screening_id: str = Field(primary_key=True)
    previous_screening_id: str = Field(unique=True)


class IdentityHashRow(EnrolmentTable, table=True):
    """A keyed hash that the site computed; the key is never here, and no route gives the hash away."""

    __tablename__ = "identity_hash"
    __table_args__ = (
        Index("identity_hash_once", "screening_id", "kind", "key_version", "hash", unique=True),
        Index("identity_hash_equal", "kind", "key_version", "hash"),
    )

    id: str = Field(primary_key=True)
    trial_id: str
    screening_id: str
    kind: str
    key_version: str
    hash: str
    recorded_by: str
    recorded_at: datetime = Field(sa_type=Instant)


class DuplicateSuspicionRow(EnrolmentTable, table=True):
    """Two screenings with an equal hash; `screening_id` is the one that stops until a coordinator decides."""

    __tablename__ = "duplicate_suspicion"
    __table_args__ = (Index("duplicate_suspicion_once", "screening_id", "other_screening_id", unique=True),)

    id: str = Field(primary_key=True)
    trial_id: str = Field(index=True)
    screening_id: str
    other_screening_id: str
    kind: str
    key_version: str
    state: str
    suspected_at: datetime = Field(sa_type=Instant)
    resolved_at: datetime | None = Field(sa_type=Instant, nullable=True)
    resolved_by: str | None
    reason: str | None
    transfer_id: str | None


class TransferRow(EnrolmentTable, table=True):
    """A participant's way from one site to another; `answered_*` say who ended the proposal, and when."""

    __tablename__ = "transfer"
    __table_args__ = (
        Index(
            "transfer_one_at_a_time",
            "participant_id",
            unique=True,
            postgresql_where=_PROPOSED,
            sqlite_where=_PROPOSED,
        ),
    )

    id: str = Field(primary_key=True)
    trial_id: str = Field(index=True)
    participant_id: str = Field(index=True)
    from_site_number: str
    to_site_number: str
    state: str
    reason_code: str
    proposed_at: datetime = Field(sa_type=Instant)
    proposed_by: str
    answered_at: datetime | None = Field(sa_type=Instant, nullable=True)
    answered_by: str | None

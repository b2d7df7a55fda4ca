"""Rows of the sponsor service's own facts; copies of others' facts are in `copies.py`."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from services.sponsor.store.base import SponsorTable
from shared.tables import Instant, JsonText


class TrialRow(SponsorTable, table=True):
    """One trial; locked by every command that changes something of it."""

    __tablename__ = "trial"

    id: str = Field(primary_key=True)
    code: str = Field(unique=True)
    state: str
    reason: str
    created_by: str
    created_at: datetime = Field(sa_type=Instant)


class ProtocolVersionRow(SponsorTable, table=True):
    """One uploaded protocol version, with its approval once there is one."""

    __tablename__ = "protocol_version"
    __table_args__ = (UniqueConstraint("trial_id", "version", name="protocol_version_once"),)

    id: str = Field(primary_key=True)
    trial_id: str
    version: str
    sha256: str
    document: dict[str, Any] = Field(sa_type=JsonText)
    uploaded_by: str
    uploaded_at: datetime = Field(sa_type=Instant)
    approval: dict[str, Any] | None = Field(sa_type=JsonText, nullable=True)
    effective_at: datetime | None = Field(sa_type=Instant, nullable=True)
    taken_up: bool


class FurtherApprovalRow(SponsorTable, table=True):
    """An approval besides the one that puts the version in force; added once and never changed."""

    __tablename__ = "further_approval"

    protocol_version_id: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    trial_id: str = Field(index=True)
    version: str
    reference: str
    approved_on: str
    last_day: str
    documents: list[Any] = Field(sa_type=JsonText)
    recorded_by: str
    recorded_at: datetime = Field(sa_type=Instant)


class UnblindingTestRow(SponsorTable, table=True):
    """Proof that emergency unblinding of a trial was tested."""

    __tablename__ = "unblinding_test"

    trial_id: str = Field(primary_key=True)
    evidence_id: str = Field(primary_key=True)
    tested_on: str
    recorded_by: str
    recorded_at: datetime = Field(sa_type=Instant)


class SiteRow(SponsorTable, table=True):
    """One hospital's participation in one trial."""

    __tablename__ = "site"
    __table_args__ = (UniqueConstraint("trial_id", "number", name="site_number_once"),)

    id: str = Field(primary_key=True)
    trial_id: str
    number: str
    organisation: str
    country: str
    zone: str
    principal_investigator: str
    recruitment_cap: int | None
    suspended_by: str | None
    suspended_at: datetime | None = Field(sa_type=Instant, nullable=True)
    suspended_because: str | None
    added_at: datetime = Field(sa_type=Instant)


class GreenLightRow(SponsorTable, table=True):
    """The green light of a site for one protocol version."""

    __tablename__ = "green_light"

    site_id: str = Field(primary_key=True)
    protocol_version: str = Field(primary_key=True)
    trial_id: str = Field(index=True)
    state: str
    evidence: list[Any] = Field(sa_type=JsonText)
    signed_by: list[str] = Field(sa_type=JsonText)
    granted_at: datetime | None = Field(sa_type=Instant, nullable=True)
    revoked_by: str | None
    revoked_at: datetime | None = Field(sa_type=Instant, nullable=True)
    revoked_because: str


class DelegationRow(SponsorTable, table=True):
    """One line of the delegation log; `site_id` is `*` for a role in the whole trial."""

    __tablename__ = "delegation"
    __table_args__ = (Index("delegation_of_person", "trial_id", "person_id"),)

    id: str = Field(primary_key=True)
    trial_id: str = Field(index=True)
    person_id: str
    role: str
    site_id: str
    unblinded: bool
    starts_at: datetime = Field(sa_type=Instant)
    ends_at: datetime | None = Field(sa_type=Instant, nullable=True)
    ended_because: str


class SnapshotRow(SponsorTable, table=True):
    """One frozen snapshot; never changed."""

    __tablename__ = "snapshot"

    id: str = Field(primary_key=True)
    trial_id: str = Field(index=True)
    part: str
    sha256: str
    content: bytes
    history: dict[str, Any] = Field(sa_type=JsonText)
    frozen_by: str
    frozen_at: datetime = Field(sa_type=Instant)


class DecisionRow(SponsorTable, table=True):
    """One dose decision; what was proposed never changes, its state does.

    `force_order` numbers the decisions of a trial in the order in which they took force; null before.
    """

    __tablename__ = "decision"
    __table_args__ = (UniqueConstraint("trial_id", "force_order", name="decision_force_order"),)

    id: str = Field(primary_key=True)
    trial_id: str = Field(index=True)
    part: str
    level: int
    kind: str
    places: int
    rule: dict[str, Any] | None = Field(sa_type=JsonText, nullable=True)
    recommendation: dict[str, Any] = Field(sa_type=JsonText)
    reasons: list[Any] = Field(sa_type=JsonText)
    snapshot_id: str
    snapshot_sha256: str
    text: str
    required_roles: list[str] = Field(sa_type=JsonText)
    minimum_signers: int
    letter: dict[str, Any] | None = Field(sa_type=JsonText, nullable=True)
    signing_roles: list[str] | None = Field(sa_type=JsonText, nullable=True)
    proposed_by: str
    proposed_at: datetime = Field(sa_type=Instant)
    state: str
    in_force_at: datetime | None = Field(sa_type=Instant, nullable=True)
    force_order: int | None
    ended_because: str
    ended_at: datetime | None = Field(sa_type=Instant, nullable=True)
    ended_reason: str
    finding: dict[str, Any] | None = Field(sa_type=JsonText, nullable=True)
    sitting: dict[str, Any] | None = Field(sa_type=JsonText, nullable=True)


class DecisionSignatureRow(SponsorTable, table=True):
    """One signature; rows are added and never changed."""

    __tablename__ = "decision_signature"

    decision_id: str = Field(primary_key=True)
    person_id: str = Field(primary_key=True)
    n: int
    printed_name: str
    role: str
    meaning: str
    signed_at: datetime = Field(sa_type=Instant)
    signed_hash: str
    proof_id: str


class HaltRow(SponsorTable, table=True):
    """One halt, from imposed to lifted."""

    __tablename__ = "halt"

    id: str = Field(primary_key=True)
    trial_id: str = Field(index=True)
    scope: dict[str, Any] = Field(sa_type=JsonText)
    reason: str
    imposed_by: str
    effective_at: datetime = Field(sa_type=Instant)
    plan: str
    request: dict[str, Any] | None = Field(sa_type=JsonText, nullable=True)
    lifted_by: str | None
    lifted_at: datetime | None = Field(sa_type=Instant, nullable=True)


class RecommendationRow(SponsorTable, table=True):
    """One recommendation as it was raised, with what it was computed from; `n` counts within its part."""

    __tablename__ = "recommendation"
    __table_args__ = (UniqueConstraint("trial_id", "part", "n", name="recommendation_once"),)

    id: str = Field(primary_key=True)
    trial_id: str
    part: str
    n: int
    protocol_version: str
    recommendation: dict[str, Any] = Field(sa_type=JsonText)
    counts: list[Any] = Field(sa_type=JsonText)
    raised_at: datetime = Field(sa_type=Instant)


class CohortHoldRow(SponsorTable, table=True):
    """The sponsor's own hold of one level, held or released."""

    __tablename__ = "cohort_hold"
    __table_args__ = (UniqueConstraint("trial_id", "part", "level", name="cohort_hold_once"),)

    id: str = Field(primary_key=True)
    trial_id: str
    part: str
    level: int
    held: bool
    reason: str
    changed_at: datetime = Field(sa_type=Instant)

"""Rows of committees: charters, meetings, what members are shown, receipts of halts."""

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from services.sponsor.store.base import SponsorTable
from shared.tables import Instant, JsonText


class CharterRow(SponsorTable, table=True):
    """One version of a committee's charter; what it says never changes, its signatures are added."""

    __tablename__ = "committee_charter"
    __table_args__ = (UniqueConstraint("trial_id", "n", name="committee_charter_once"),)

    id: str = Field(primary_key=True)
    trial_id: str
    n: int
    content: dict[str, Any] = Field(sa_type=JsonText)
    text: str
    sha256: str
    proposed_by: str
    proposed_at: datetime = Field(sa_type=Instant)
    in_force_at: datetime | None = Field(sa_type=Instant, nullable=True)


class CommitteeSignatureRow(SponsorTable, table=True):
    """One signature of a charter; rows are added and never changed."""

    __tablename__ = "committee_signature"

    record_id: str = Field(primary_key=True)
    person_id: str = Field(primary_key=True)
    n: int
    printed_name: str
    role: str
    meaning: str
    signed_at: datetime = Field(sa_type=Instant)
    signed_hash: str
    proof_id: str


class QualityStatementRow(SponsorTable, table=True):
    """Somebody's signed statement that they verified the data of a part as they stood; never changed."""

    __tablename__ = "quality_statement"

    id: str = Field(primary_key=True)
    trial_id: str = Field(index=True)
    part: str
    standings_sha256: str
    fields: list[str] = Field(sa_type=JsonText)
    text: str
    person_id: str
    role: str
    signed_at: datetime = Field(sa_type=Instant)
    signed_hash: str
    proof_id: str


class MeetingRow(SponsorTable, table=True):
    """One meeting, from called to closed."""

    __tablename__ = "committee_meeting"

    id: str = Field(primary_key=True)
    trial_id: str = Field(index=True)
    part: str
    charter_id: str
    called_by: str
    called_at: datetime = Field(sa_type=Instant)
    planned_for: datetime = Field(sa_type=Instant)
    snapshot_id: str | None
    held_at: datetime | None = Field(sa_type=Instant, nullable=True)
    opened_by: str | None


class DeclarationRow(SponsorTable, table=True):
    """What a member declared about conflicts of interest before a meeting; the first word stays."""

    __tablename__ = "committee_declaration"

    meeting_id: str = Field(primary_key=True)
    person_id: str = Field(primary_key=True)
    conflict: bool
    words: str
    declared_at: datetime = Field(sa_type=Instant)


class AttendanceRow(SponsorTable, table=True):
    """A member who was present at a meeting."""

    __tablename__ = "committee_attendance"

    meeting_id: str = Field(primary_key=True)
    person_id: str = Field(primary_key=True)
    recorded_by: str
    recorded_at: datetime = Field(sa_type=Instant)


class CommitteeFileRow(SponsorTable, table=True):
    """A file for the committee, such as pharmacokinetics; its bytes never change."""

    __tablename__ = "committee_file"
    __table_args__ = (UniqueConstraint("trial_id", "part", "name", name="committee_file_once"),)

    id: str = Field(primary_key=True)
    trial_id: str
    part: str
    name: str
    kind: str
    media_type: str
    size: int
    sha256: str
    content: bytes
    added_by: str
    added_at: datetime = Field(sa_type=Instant)


class PackRow(SponsorTable, table=True):
    """What a committee is shown, frozen with its snapshot; only its mark of being out of date is added.

    `data` is what it is made from, `content` the archive as it was built, `sha256` that of the archive.
    """

    __tablename__ = "committee_pack"
    __table_args__ = (UniqueConstraint("trial_id", "part", "n", name="committee_pack_once"),)

    id: str = Field(primary_key=True)
    trial_id: str
    part: str
    n: int
    snapshot_id: str = Field(unique=True)
    previous_id: str | None
    data: bytes
    data_sha256: str
    content: bytes
    sha256: str
    built_by: str
    built_at: datetime = Field(sa_type=Instant)
    outdated_at: datetime | None = Field(sa_type=Instant, nullable=True)
    outdated_because: list[Any] | None = Field(sa_type=JsonText, nullable=True)


class HaltReceiptRow(SponsorTable, table=True):
    """A site has been told of a halt and says so; the first receipt of a site counts."""

    __tablename__ = "halt_receipt"

    halt_id: str = Field(primary_key=True)
    site_number: str = Field(primary_key=True)
    trial_id: str
    person_id: str
    role: str
    received_at: datetime = Field(sa_type=Instant)

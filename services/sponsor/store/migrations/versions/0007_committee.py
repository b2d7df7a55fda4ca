"""Committee: charter, members, meetings, packs."""

import sqlalchemy as sa
from alembic import op

from shared.tables import Instant, JsonText

revision = "0007_committee"
down_revision = "0006_take_over"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _copies()
    _charters_and_meetings()
    _packs()
    op.add_column("decision", sa.Column("sitting", JsonText(), nullable=True))
    op.create_table(
        "halt_receipt",
        sa.Column("halt_id", sa.String(), nullable=False),
        sa.Column("site_number", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("halt_id", "site_number"),
    )


def _copies() -> None:
    op.create_table(
        "dose_copy",
        sa.Column("dose_id", sa.String(), nullable=False),
        sa.Column("participant_id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("missed_because", sa.String(), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("dose_id"),
    )
    op.create_index("ix_dose_copy_trial_id", "dose_copy", ["trial_id"])
    op.create_table(
        "adverse_event_copy",
        sa.Column("report_id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=True),
        sa.Column("participant_id", sa.String(), nullable=True),
        sa.Column("site_number", sa.String(), nullable=True),
        sa.Column("matched", sa.String(), nullable=False),
        sa.Column("report_version", sa.Integer(), nullable=False),
        sa.Column("term", sa.String(), nullable=True),
        sa.Column("soc", sa.String(), nullable=True),
        sa.Column("dictionary", sa.String(), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=True),
        sa.Column("serious", sa.Boolean(), nullable=False),
        sa.Column("seriousness", JsonText(), nullable=False),
        sa.Column("suspected", sa.Boolean(), nullable=False),
        sa.Column("causality", sa.String(), nullable=True),
        sa.Column("sponsor_causality", sa.String(), nullable=True),
        sa.Column("onset_on", sa.String(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("aware_at", Instant(), nullable=False),
        sa.Column("queries", JsonText(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("report_id"),
    )
    op.create_index("ix_adverse_event_copy_trial_id", "adverse_event_copy", ["trial_id"])
    op.create_table(
        "decision_receipt_copy",
        sa.Column("receipt_id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("decision_id", sa.String(), nullable=False),
        sa.Column("site_number", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("receipt_id"),
    )
    op.create_index("ix_decision_receipt_copy_trial_id", "decision_receipt_copy", ["trial_id"])


def _charters_and_meetings() -> None:
    op.create_table(
        "committee_charter",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("content", JsonText(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("proposed_by", sa.String(), nullable=False),
        sa.Column("proposed_at", Instant(), nullable=False),
        sa.Column("in_force_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("trial_id", "n", name="committee_charter_once"),
    )
    op.create_table(
        "committee_signature",
        sa.Column("record_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("printed_name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("meaning", sa.String(), nullable=False),
        sa.Column("signed_at", Instant(), nullable=False),
        sa.Column("signed_hash", sa.String(), nullable=False),
        sa.Column("proof_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "person_id"),
    )
    op.create_table(
        "quality_statement",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("standings_sha256", sa.String(), nullable=False),
        sa.Column("fields", JsonText(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("signed_at", Instant(), nullable=False),
        sa.Column("signed_hash", sa.String(), nullable=False),
        sa.Column("proof_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_quality_statement_trial_id", "quality_statement", ["trial_id"])
    op.create_table(
        "committee_meeting",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("charter_id", sa.String(), nullable=False),
        sa.Column("called_by", sa.String(), nullable=False),
        sa.Column("called_at", Instant(), nullable=False),
        sa.Column("planned_for", Instant(), nullable=False),
        sa.Column("snapshot_id", sa.String(), nullable=True),
        sa.Column("held_at", Instant(), nullable=True),
        sa.Column("opened_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_committee_meeting_trial_id", "committee_meeting", ["trial_id"])
    op.create_table(
        "committee_declaration",
        sa.Column("meeting_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("conflict", sa.Boolean(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("declared_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("meeting_id", "person_id"),
    )
    op.create_table(
        "committee_attendance",
        sa.Column("meeting_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("meeting_id", "person_id"),
    )


def _packs() -> None:
    op.create_table(
        "committee_file",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.Column("added_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("trial_id", "part", "name", name="committee_file_once"),
    )
    op.create_table(
        "committee_pack",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("snapshot_id", sa.String(), nullable=False),
        sa.Column("previous_id", sa.String(), nullable=True),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("data_sha256", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("built_by", sa.String(), nullable=False),
        sa.Column("built_at", Instant(), nullable=False),
        sa.Column("outdated_at", Instant(), nullable=True),
        sa.Column("outdated_because", JsonText(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("trial_id", "part", "n", name="committee_pack_once"),
        sa.UniqueConstraint("snapshot_id"),
    )

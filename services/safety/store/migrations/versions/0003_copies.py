"""Copies of what sponsor and enrolment say."""

import sqlalchemy as sa
from alembic import op

from shared.tables import Instant

revision = "0003_copies"
down_revision = "0002_records"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "protocol_copy",
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("protocol_version", sa.String(), nullable=False),
        sa.Column("trial_code", sa.String(), nullable=False),
        sa.Column("protocol_sha256", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("ctcae", sa.String(), nullable=False),
        sa.Column("dlt", sa.Text(), nullable=False),
        sa.Column("doses_planned", sa.Integer(), nullable=False),
        sa.Column("effective_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("trial_id", "protocol_version"),
    )
    op.create_index("ix_protocol_copy_trial_code", "protocol_copy", ["trial_code"])
    op.create_table(
        "site_copy",
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("site_number", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("trial_id", "site_number"),
    )
    op.create_table(
        "delegation_copy",
        sa.Column("delegation_id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("site_number", sa.String(), nullable=False),
        sa.Column("from_at", Instant(), nullable=False),
        sa.Column("until_at", Instant(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("delegation_id"),
    )
    op.create_index("ix_delegation_copy_person", "delegation_copy", ["person"])
    op.create_table(
        "consent_copy",
        sa.Column("screening_id", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("signed_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("screening_id", "document"),
    )
    op.create_table(
        "participant_copy",
        sa.Column("participant_id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("participant_number", sa.String(), nullable=False),
        sa.Column("screening_id", sa.String(), nullable=False),
        sa.Column("site_number", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("protocol_version", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("registered_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("participant_id"),
    )
    op.create_index("ix_participant_copy_participant_number", "participant_copy", ["participant_number"])
    op.create_index("ix_participant_copy_trial_id", "participant_copy", ["trial_id"])
    op.create_table(
        "course_copy",
        sa.Column("participant_id", sa.String(), nullable=False),
        sa.Column("allocated_level", sa.Integer(), nullable=True),
        sa.Column("first_dose_at", Instant(), nullable=True),
        sa.Column("level_received", sa.Integer(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("ended_reason", sa.String(), nullable=True),
        sa.Column("stopped_at", Instant(), nullable=True),
        sa.Column("stopped_by", sa.String(), nullable=True),
        sa.Column("voided_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("participant_id"),
    )
    op.create_table(
        "dose_copy",
        sa.Column("participant_id", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("missed_because", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("participant_id", "at"),
    )

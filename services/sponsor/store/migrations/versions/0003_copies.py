"""Copies of what enrolment and safety say."""

import sqlalchemy as sa
from alembic import op

from shared.tables import Instant, JsonText

revision = "0003_copies"
down_revision = "0002_records"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "participant_copy",
        sa.Column("participant_id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("participant_number", sa.String(), nullable=True),
        sa.Column("site_number", sa.String(), nullable=True),
        sa.Column("part", sa.String(), nullable=True),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("decision_id", sa.String(), nullable=True),
        sa.Column("voided", sa.Boolean(), nullable=True),
        sa.Column("first_dose_at", Instant(), nullable=True),
        sa.Column("treatment_ended_at", Instant(), nullable=True),
        sa.Column("treatment_end_reason", sa.String(), nullable=True),
        sa.Column("elements", JsonText(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("participant_id"),
    )
    op.create_index("ix_participant_copy_trial_id", "participant_copy", ["trial_id"])
    op.create_table(
        "level_copy",
        sa.Column("level_id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("decision_id", sa.String(), nullable=True),
        sa.Column("cause", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("level_id"),
    )
    op.create_index("ix_level_copy_trial_id", "level_copy", ["trial_id"])
    op.create_table(
        "verdict_copy",
        sa.Column("window_id", sa.String(), nullable=False),
        sa.Column("participant_id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=True),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("verdict", sa.String(), nullable=True),
        sa.Column("provisional", sa.String(), nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("window_id"),
    )
    op.create_index("ix_verdict_copy_trial_id", "verdict_copy", ["trial_id"])

"""Trials taken over while they run."""

import sqlalchemy as sa
from alembic import op

from shared.folder_schema import create_folder_tables
from shared.tables import Instant, JsonText

revision = "0006_take_over"
down_revision = "0005_corrections"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_folder_tables()
    op.create_table(
        "taken_over_verdict",
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("participant_number", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("criteria", JsonText(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("judged_by", sa.String(), nullable=False),
        sa.Column("judged_at", Instant(), nullable=False),
        sa.Column("report_ids", JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("trial_id", "participant_number"),
    )
    op.create_table(
        "taken_over_report",
        sa.Column("report_id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("participant_number", sa.String(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("statement", JsonText(), nullable=False),
        sa.Column("signed_by", sa.String(), nullable=False),
        sa.Column("entered_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("report_id"),
    )
    op.create_index("ix_taken_over_report_trial_id", "taken_over_report", ["trial_id"], unique=False)

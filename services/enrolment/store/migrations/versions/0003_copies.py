"""Copies of what sponsor and safety say."""

import sqlalchemy as sa
from alembic import op

from shared.tables import Instant, JsonText

revision = "0003_copies"
down_revision = "0002_records"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cohort_hold_copy",
        sa.Column("hold_id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("hold_id"),
    )
    op.create_index("ix_cohort_hold_copy_trial_id", "cohort_hold_copy", ["trial_id"], unique=False)
    op.create_table(
        "decision_copy",
        sa.Column("decision_id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("rule", JsonText(), nullable=True),
        sa.Column("signers", sa.Integer(), nullable=False),
        sa.Column("in_force_at", Instant(), nullable=False),
        sa.Column("superseded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("decision_id"),
    )
    op.create_index("ix_decision_copy_trial_id", "decision_copy", ["trial_id"], unique=False)
    op.create_table(
        "delegation_copy",
        sa.Column("delegation_id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("site_number", sa.String(), nullable=True),
        sa.Column("from_at", Instant(), nullable=False),
        sa.Column("until_at", Instant(), nullable=True),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("delegation_id"),
    )
    op.create_index("ix_delegation_copy_trial_id", "delegation_copy", ["trial_id"], unique=False)
    op.create_table(
        "green_light_copy",
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("site_number", sa.String(), nullable=False),
        sa.Column("protocol_version", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("trial_id", "site_number", "protocol_version"),
    )
    op.create_table(
        "halt_copy",
        sa.Column("halt_id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=True),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("site_number", sa.String(), nullable=True),
        sa.Column("recruitment", sa.Boolean(), nullable=False),
        sa.Column("dosing", sa.Boolean(), nullable=False),
        sa.Column("imposed_at", Instant(), nullable=False),
        sa.Column("lifted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("halt_id"),
    )
    op.create_index("ix_halt_copy_trial_id", "halt_copy", ["trial_id"], unique=False)
    op.create_table(
        "protocol_copy",
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("protocol_version", sa.String(), nullable=False),
        sa.Column("protocol_sha256", sa.String(), nullable=False),
        sa.Column("effective_at", Instant(), nullable=False),
        sa.Column("previous_sunset_at", Instant(), nullable=True),
        sa.Column("levels", JsonText(), nullable=False),
        sa.Column("slot_policy", JsonText(), nullable=False),
        sa.Column("terms", JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("trial_id", "protocol_version"),
    )
    op.create_table(
        "report_copy",
        sa.Column("report_id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("holds_trial", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("report_id"),
    )
    op.create_index("ix_report_copy_trial_id", "report_copy", ["trial_id"], unique=False)
    op.create_table(
        "site_copy",
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("site_number", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("recruitment_cap", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("trial_id", "site_number"),
    )
    op.create_table(
        "trial_copy",
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("trial_id"),
    )
    op.create_index("ix_trial_copy_code", "trial_copy", ["code"], unique=False)
    op.create_table(
        "verdict_copy",
        sa.Column("window_id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("participant_id", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("provisional", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("window_id"),
    )
    op.create_index("ix_verdict_copy_trial_id", "verdict_copy", ["trial_id"], unique=False)

"""Confirmations, corrections and named-child authorisations."""

import sqlalchemy as sa
from alembic import op

from shared.tables import Instant, JsonText

revision = "0009_doses"
down_revision = "0008_afterwards"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("administration", sa.Column("batch", sa.String(), nullable=True))
    op.create_table(
        "dose_confirmation",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("site_number", sa.String(), nullable=False),
        sa.Column("participant_id", sa.String(), nullable=False),
        sa.Column("participant_number", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("authorisation_id", sa.String(), nullable=True),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("dose", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("measure", sa.String(), nullable=True),
        sa.Column("measured_on", sa.Date(), nullable=True),
        sa.Column("planned", sa.String(), nullable=True),
        sa.Column("planned_at", Instant(), nullable=True),
        sa.Column("doses", sa.Integer(), nullable=False),
        sa.Column("confirmed_at", Instant(), nullable=False),
        sa.Column("acknowledged_by", sa.String(), nullable=True),
        sa.Column("acknowledged_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("authorisation_id"),
    )
    op.create_index("ix_dose_confirmation_trial_id", "dose_confirmation", ["trial_id"], unique=False)
    op.create_index(
        "ix_dose_confirmation_participant_id", "dose_confirmation", ["participant_id"], unique=False
    )
    op.create_table(
        "dose_query",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("site_number", sa.String(), nullable=False),
        sa.Column("participant_id", sa.String(), nullable=False),
        sa.Column("participant_number", sa.String(), nullable=False),
        sa.Column("administration_id", sa.String(), nullable=False),
        sa.Column("planned", sa.String(), nullable=False),
        sa.Column("given", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("answered_by", sa.String(), nullable=True),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("administration_id"),
    )
    op.create_index("ix_dose_query_trial_id", "dose_query", ["trial_id"], unique=False)
    op.create_table(
        "dose_correction",
        sa.Column("administration_id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("participant_id", sa.String(), nullable=False),
        sa.Column("replaced_by", sa.String(), nullable=True),
        sa.Column("moved_to", sa.String(), nullable=True),
        sa.Column("reason_code", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("corrected_by", sa.String(), nullable=False),
        sa.Column("corrected_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("administration_id"),
    )
    op.create_index("ix_dose_correction_participant_id", "dose_correction", ["participant_id"], unique=False)
    op.create_table(
        "exceptional_authorisation",
        sa.Column("authorisation_id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("site_number", sa.String(), nullable=False),
        sa.Column("participant_id", sa.String(), nullable=False),
        sa.Column("investigator", sa.String(), nullable=False),
        sa.Column("medical_monitor", sa.String(), nullable=False),
        sa.Column("stated_by", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("harm", sa.String(), nullable=False),
        sa.Column("set_aside", JsonText(), nullable=False),
        sa.Column("authorised_at", Instant(), nullable=False),
        sa.Column("countersign_due_at", Instant(), nullable=False),
        sa.Column("investigator_signed_at", Instant(), nullable=True),
        sa.Column("monitor_signed_at", Instant(), nullable=True),
        sa.Column("overdue_told_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("authorisation_id"),
    )
    op.create_index(
        "ix_exceptional_authorisation_trial_id", "exceptional_authorisation", ["trial_id"], unique=False
    )

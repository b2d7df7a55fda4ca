"""Randomisation lists, draws and arms."""

import sqlalchemy as sa
from alembic import op

from shared.tables import Instant, JsonText

revision = "0006_randomisation"
down_revision = "0005_kinds"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("delegation_copy") as delegations:
        delegations.add_column(
            sa.Column("unblinded", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    _blinded()
    _lists()
    _allocations()


def _blinded() -> None:
    """What everybody of the trial may read."""
    op.create_table(
        "randomised",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("randomisation", sa.String(), nullable=False),
        sa.Column("participant_id", sa.String(), nullable=False),
        sa.Column("site_number", sa.String(), nullable=False),
        sa.Column("design_version", sa.String(), nullable=False),
        sa.Column("protocol_version", sa.String(), nullable=False),
        sa.Column("levels", JsonText(), nullable=False),
        sa.Column("stated_group", sa.String(), nullable=False),
        sa.Column("answers", JsonText(), nullable=False),
        sa.Column("open_arm", sa.String(), nullable=False),
        sa.Column("randomised_by", sa.String(), nullable=False),
        sa.Column("randomised_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("trial_id", "randomisation", "participant_id", name="randomised_once"),
    )
    op.create_index("ix_randomised_participant_id", "randomised", ["participant_id"], unique=False)
    op.create_table(
        "factor_correction",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("randomised_id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("randomisation", sa.String(), nullable=False),
        sa.Column("after_number", sa.Integer(), nullable=False),
        sa.Column("levels_before", JsonText(), nullable=False),
        sa.Column("levels_after", JsonText(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("corrected_by", sa.String(), nullable=False),
        sa.Column("corrected_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_factor_correction_randomised_id", "factor_correction", ["randomised_id"], unique=False
    )


def _lists() -> None:
    op.create_table(
        "unblinded_list",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("randomisation", sa.String(), nullable=False),
        sa.Column("design_version", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("generator", sa.String(), nullable=False),
        sa.Column("seed", sa.String(), nullable=False),
        sa.Column("rows_per_stratum", sa.Integer(), nullable=False),
        sa.Column("design", JsonText(), nullable=False),
        sa.Column("counts_follow_corrections", sa.Boolean(), nullable=False),
        sa.Column("prepared_by", sa.String(), nullable=False),
        sa.Column("prepared_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("trial_id", "randomisation", "design_version", name="unblinded_list_once"),
    )
    op.create_table(
        "unblinded_place",
        sa.Column("list_id", sa.String(), nullable=False),
        sa.Column("stratum", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("block", sa.Integer(), nullable=False),
        sa.Column("block_size", sa.Integer(), nullable=False),
        sa.Column("arm", sa.String(), nullable=False),
        sa.Column("allocation_id", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("list_id", "stratum", "place"),
        sa.UniqueConstraint("allocation_id"),
    )


def _allocations() -> None:
    op.create_table(
        "unblinded_allocation",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("randomisation", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.String(), nullable=False),
        sa.Column("site_number", sa.String(), nullable=False),
        sa.Column("list_id", sa.String(), nullable=False),
        sa.Column("arm", sa.String(), nullable=False),
        sa.Column("levels", JsonText(), nullable=False),
        sa.Column("stratum", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.Column("block", sa.Integer(), nullable=False),
        sa.Column("counts", JsonText(), nullable=True),
        sa.Column("draws", JsonText(), nullable=True),
        sa.Column("found", JsonText(), nullable=True),
        sa.Column("allocated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("trial_id", "randomisation", "number", name="unblinded_allocation_number"),
        sa.UniqueConstraint("trial_id", "randomisation", "participant_id", name="unblinded_allocation_once"),
        sa.UniqueConstraint("list_id", "stratum", "place", name="unblinded_allocation_place"),
    )

"""Approvals by kind of trial, tests of emergency unblinding, suspended sites, decisions by letter."""

import sqlalchemy as sa
from alembic import op

from shared.tables import Instant, JsonText

revision = "0005_kinds"
down_revision = "0004_delegation_of_person"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "further_approval",
        sa.Column("protocol_version_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("approved_on", sa.String(), nullable=False),
        sa.Column("last_day", sa.String(), nullable=False),
        sa.Column("documents", JsonText(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("protocol_version_id", "kind"),
    )
    op.create_index("ix_further_approval_trial_id", "further_approval", ["trial_id"])
    op.create_table(
        "unblinding_test",
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("evidence_id", sa.String(), nullable=False),
        sa.Column("tested_on", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("trial_id", "evidence_id"),
    )
    op.add_column("site", sa.Column("suspended_by", sa.String(), nullable=True))
    op.add_column("site", sa.Column("suspended_at", Instant(), nullable=True))
    op.add_column("site", sa.Column("suspended_because", sa.String(), nullable=True))
    op.add_column("decision", sa.Column("letter", JsonText(), nullable=True))
    op.add_column("decision", sa.Column("signing_roles", JsonText(), nullable=True))

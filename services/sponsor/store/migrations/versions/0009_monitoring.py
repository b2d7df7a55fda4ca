"""Copies for central monitoring: screenings, and when an adverse event was first reported."""

import sqlalchemy as sa
from alembic import op

from shared.tables import Instant

revision = "0009_monitoring"
down_revision = "0008_oversight"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "screening_copy",
        sa.Column("screening_id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("site_number", sa.String(), nullable=True),
        sa.Column("failed_because", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("screening_id"),
    )
    op.create_index("ix_screening_copy_trial_id", "screening_copy", ["trial_id"])
    op.add_column("adverse_event_copy", sa.Column("reported_at", Instant(), nullable=True))

"""Participants without a dose level (stored with level 0), and the dated steps of a course."""

import sqlalchemy as sa
from alembic import op

from shared.tables import Instant

revision = "0004_kinds"
down_revision = "0003_copies"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "course_step_copy",
        sa.Column("participant_id", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("happened_at", Instant(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("participant_id", "step", "happened_at"),
    )

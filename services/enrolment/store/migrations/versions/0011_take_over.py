"""Trials taken over while they run."""

import sqlalchemy as sa
from alembic import op

from shared.folder_schema import create_folder_tables

revision = "0011_take_over"
down_revision = "0010_finder"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_folder_tables()
    op.create_table(
        "taken_over_screening",
        sa.Column("screening_id", sa.String(), nullable=False),
        sa.Column("take_over_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("screening_id"),
    )

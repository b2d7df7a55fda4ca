"""The tables of signed folders, as a migration of each service that takes folders makes them. Frozen."""

import sqlalchemy as sa
from alembic import op

from shared.tables import Instant, JsonText


def create_folder_tables() -> None:
    """The folders that somebody has signed, and their signatures, within a migration."""
    op.create_table(
        "take_over",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("counts", JsonText(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("done_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("sha256"),
    )
    op.create_index("ix_take_over_scope", "take_over", ["scope"], unique=False)
    op.create_table(
        "take_over_signature",
        sa.Column("take_over_id", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("signed_at", Instant(), nullable=False),
        sa.Column("signed_hash", sa.String(), nullable=False),
        sa.Column("proof_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("take_over_id", "person"),
    )

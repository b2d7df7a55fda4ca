"""Reports besides adverse events, and links between reports."""

import sqlalchemy as sa
from alembic import op

from shared.tables import Instant, JsonText

revision = "0011_intake"
down_revision = "0010_channels"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "special_report",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=True),
        sa.Column("trial_key", sa.String(), nullable=False),
        sa.Column("participant_key", sa.String(), nullable=False),
        sa.Column("participant_id", sa.String(), nullable=True),
        sa.Column("site_number", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("reported_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("special_report_of_trial", "special_report", ["trial_key", "id"])
    op.create_index("ix_special_report_participant_id", "special_report", ["participant_id"])
    op.create_table(
        "special_report_version",
        sa.Column("special_report_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("facts", JsonText(), nullable=False),
        sa.Column("conclusion", JsonText(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed", JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("special_report_id", "version"),
    )
    op.create_table(
        "report_link",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("from_id", sa.String(), nullable=False),
        sa.Column("to_id", sa.String(), nullable=False),
        sa.Column("relation", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("linked_by", sa.String(), nullable=False),
        sa.Column("linked_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("from_id", "to_id", "relation", name="report_link_once"),
    )
    op.create_index("ix_report_link_from_id", "report_link", ["from_id"])
    op.create_index("ix_report_link_to_id", "report_link", ["to_id"])

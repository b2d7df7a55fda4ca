"""Channels of alerts and receipts per recipient."""

import sqlalchemy as sa
from alembic import op

from shared.tables import Instant

revision = "0010_channels"
down_revision = "0009_cases"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alert_channel",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("beat_at", Instant(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("outage", sa.String(), nullable=True),
        sa.Column("failing_since", Instant(), nullable=True),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("last_delivered_at", Instant(), nullable=True),
        sa.Column("last_test_on", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "alert_receipt",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("alert_id", sa.String(), nullable=False),
        sa.Column("send_id", sa.String(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("tried_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_alert_receipt_alert_id", "alert_receipt", ["alert_id"])

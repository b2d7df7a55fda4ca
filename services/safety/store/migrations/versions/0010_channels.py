"""Channels of alerts and receipts per recipient."""

revision = "0010_channels"
down_revision = "0009_cases"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""

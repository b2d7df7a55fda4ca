"""Indicators, tolerance limits and their evaluations."""

revision = "0009_monitoring"
down_revision = "0008_oversight"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""

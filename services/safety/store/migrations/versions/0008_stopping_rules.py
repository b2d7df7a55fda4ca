"""Stopping rules, their counts and crossings."""

revision = "0008_stopping_rules"
down_revision = "0007_assessments"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""

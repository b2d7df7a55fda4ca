"""Assessments, obligations and what met them."""

revision = "0007_assessments"
down_revision = "0006_take_over"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""

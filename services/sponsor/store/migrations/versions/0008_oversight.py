"""Obligations, deviations, breaches, end of trial."""

revision = "0008_oversight"
down_revision = "0007_committee"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""

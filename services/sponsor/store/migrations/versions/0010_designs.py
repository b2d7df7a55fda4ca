"""Designs beyond the first."""

revision = "0010_designs"
down_revision = "0009_monitoring"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""

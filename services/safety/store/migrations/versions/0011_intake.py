"""Pregnancies, errors, special interest, duplicates and links."""

revision = "0011_intake"
down_revision = "0010_channels"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""

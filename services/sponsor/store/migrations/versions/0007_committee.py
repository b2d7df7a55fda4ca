"""Committee: charter, members, meetings, packs."""

revision = "0007_committee"
down_revision = "0006_take_over"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""

"""Finder entries, dated requests, downtime numbers."""

revision = "0010_finder"
down_revision = "0009_doses"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise NotImplementedError("a store is never taken back; restore a backup")

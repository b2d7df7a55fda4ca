"""Trials taken over while they run."""

revision = "0011_take_over"
down_revision = "0010_finder"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise NotImplementedError("a store is never taken back; restore a backup")

"""Trials taken over while they run."""

revision = "0006_take_over"
down_revision = "0005_corrections"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise NotImplementedError("a store is never taken back; restore a backup")

"""Participants without a dose level."""

revision = "0004_kinds"
down_revision = "0003_copies"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise NotImplementedError("a store is never taken back; restore a backup")

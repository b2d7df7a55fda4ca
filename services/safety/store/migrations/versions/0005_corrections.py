"""First doses that were corrected."""

revision = "0005_corrections"
down_revision = "0004_kinds"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise NotImplementedError("a store is never taken back; restore a backup")

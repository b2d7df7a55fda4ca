"""Randomisation lists, draws and arms."""

revision = "0006_randomisation"
down_revision = "0005_kinds"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise NotImplementedError("a store is never taken back; restore a backup")

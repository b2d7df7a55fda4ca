"""Confirmations, corrections and named-child authorisations."""

revision = "0009_doses"
down_revision = "0008_afterwards"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise NotImplementedError("a store is never taken back; restore a backup")

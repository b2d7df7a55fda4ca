"""Referrals, duplicates, consent by age, transfers."""

revision = "0007_people"
down_revision = "0006_randomisation"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise NotImplementedError("a store is never taken back; restore a backup")

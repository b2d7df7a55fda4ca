"""Follow-up, episodes, steps of a course, death."""

revision = "0008_afterwards"
down_revision = "0007_people"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise NotImplementedError("a store is never taken back; restore a backup")

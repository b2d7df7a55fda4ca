"""Approvals by kind of trial, decisions by letter."""

revision = "0005_kinds"
down_revision = "0004_delegation_of_person"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise NotImplementedError("a store is never taken back; restore a backup")

"""A person's delegations in a trial are found without reading the trial's whole log."""

from alembic import op

revision = "0004_delegation_of_person"
down_revision = "0003_copies"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("delegation_of_person", "delegation_copy", ["trial_id", "person"])

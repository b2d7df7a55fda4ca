"""Cases, transmissions and acknowledgements."""

revision = "0009_cases"
down_revision = "0008_stopping_rules"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""

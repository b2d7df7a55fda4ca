"""What every service needs to say and to hear."""

from shared.delivery_schema import create_delivery_tables

revision = "0001_delivery"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_delivery_tables()

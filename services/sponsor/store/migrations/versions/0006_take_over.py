"""Sites, staff and decisions taken over."""

from shared.folder_schema import create_folder_tables

revision = "0006_take_over"
down_revision = "0005_kinds"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_folder_tables()

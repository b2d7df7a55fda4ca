"""First doses that were corrected: a window remembers the level that its verdict speaks of."""

import sqlalchemy as sa
from alembic import op

revision = "0005_corrections"
down_revision = "0004_kinds"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("dlt_window", sa.Column("level_received", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE dlt_window SET level_received = (SELECT v.level_received FROM dlt_verdict AS v"
        " WHERE v.window_id = dlt_window.window_id AND v.version = dlt_window.version)"
    )

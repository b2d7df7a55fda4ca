"""Trials without dose levels: registrations without a place; targets, and whether a part still recruits."""

import json

import sqlalchemy as sa
from alembic import op

from shared.tables import Instant, JsonText

revision = "0005_kinds"
down_revision = "0004_delegation_of_person"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("participant") as table:
        table.alter_column("slot_id", existing_type=sa.String(), nullable=True)
    with op.batch_alter_table("registration_attempt") as table:
        table.alter_column("slot_id", existing_type=sa.String(), nullable=True)
        table.add_column(sa.Column("kind", sa.String(), nullable=True))
        table.add_column(sa.Column("kind_table", sa.String(), nullable=True))
    op.add_column("protocol_copy", sa.Column("targets", JsonText(), nullable=False, server_default="[]"))
    _fill_targets()
    op.create_table(
        "part_recruitment",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("part_recruitment_once", "part_recruitment", ["trial_id", "part"], unique=True)


def _fill_targets() -> None:
    """What the copies say of targets already, in the column of its own that the board reads."""
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT trial_id, protocol_version, terms FROM protocol_copy"))
    update = sa.text(
        "UPDATE protocol_copy SET targets = :targets WHERE trial_id = :trial AND protocol_version = :version"
    )
    for trial, version, terms in rows.all():
        targets = [
            [part["part"], part["target"], part.get("at_target", "refuse"), part.get("allow_until")]
            for part in json.loads(terms)["parts"]
            if part.get("target") is not None
        ]
        text = json.dumps(targets, separators=(",", ":"))
        connection.execute(update, {"targets": text, "trial": trial, "version": version})

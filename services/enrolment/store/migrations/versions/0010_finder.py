"""Finder entries, dated requests, downtime numbers."""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

from shared.tables import Instant, JsonText

revision = "0010_finder"
down_revision = "0009_doses"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "finder_entry",
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("site_number", sa.String(), nullable=False),
        sa.Column("conditions", JsonText(), nullable=False),
        sa.Column("principal_investigator", JsonText(), nullable=True),
        sa.Column("contacts", JsonText(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("trial_id", "site_number"),
    )
    op.create_table(
        "decision_ground_copy",
        sa.Column("decision_id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("ground", JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("decision_id"),
    )
    op.create_index("ix_decision_ground_copy_trial_id", "decision_ground_copy", ["trial_id"], unique=False)
    op.create_table(
        "decision_end_copy",
        sa.Column("decision_id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("superseded_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("decision_id"),
    )
    op.add_column("site_copy", sa.Column("organisation", sa.String(), nullable=False, server_default=""))
    _places()
    _downtime()


def _places() -> None:
    """Dates that sites state with a request, and the warning before a deadline."""
    op.create_table(
        "dated_request",
        sa.Column("screening_id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("earliest_start_on", sa.Date(), nullable=True),
        sa.Column("washout_ends_on", sa.Date(), nullable=True),
        sa.Column("priority_reason", sa.String(), nullable=False),
        sa.Column("stated_by", sa.String(), nullable=False),
        sa.Column("stated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("screening_id"),
    )
    op.create_index("ix_dated_request_trial_id", "dated_request", ["trial_id"], unique=False)
    op.add_column("slot", sa.Column("warn_at", Instant(), nullable=True))
    op.add_column("slot", sa.Column("warned_for", Instant(), nullable=True))
    _arm_warnings()
    to_warn = sa.text("state IN ('offered', 'reserved') AND warn_at IS NOT NULL")
    op.create_index(
        "slot_to_warn", "slot", ["warn_at"], unique=False, sqlite_where=to_warn, postgresql_where=to_warn
    )


def _arm_warnings() -> None:
    """What is held already is warned of a day ahead, the policy where a protocol names no other."""
    slot = sa.table(
        "slot",
        sa.column("id", sa.String()),
        sa.column("state", sa.String()),
        sa.column("expires_at", Instant()),
        sa.column("warn_at", Instant()),
    )
    connection = op.get_bind()
    held = sa.select(slot.c.id, slot.c.expires_at).where(slot.c.state.in_(["offered", "reserved"]))
    for slot_id, expires_at in connection.execute(held).all():
        armed = slot.update().where(slot.c.id == slot_id).values(warn_at=expires_at - timedelta(hours=24))
        connection.execute(armed)


def _downtime() -> None:
    """Numbers given out in advance, and registrations entered after an outage."""
    op.create_table(
        "downtime_block",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("site_number", sa.String(), nullable=False),
        sa.Column("issued_by", sa.String(), nullable=False),
        sa.Column("issued_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_downtime_block_trial_id", "downtime_block", ["trial_id"], unique=False)
    op.create_table(
        "downtime_number",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("block_id", sa.String(), nullable=False),
        sa.Column("participant_id", sa.String(), nullable=True),
        sa.Column("used_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("participant_id"),
    )
    op.create_index("ix_downtime_number_block_id", "downtime_number", ["block_id"], unique=False)
    op.create_table(
        "downtime_registration",
        sa.Column("registration_id", sa.String(), nullable=False),
        sa.Column("participant_id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("claimed_registered_at", Instant(), nullable=False),
        sa.Column("duty_person", sa.String(), nullable=False),
        sa.Column("called_at", Instant(), nullable=False),
        sa.Column("sponsor_confirmed_by", sa.String(), nullable=False),
        sa.Column("safety_confirmed_by", sa.String(), nullable=False),
        sa.Column("differences", JsonText(), nullable=False),
        sa.Column("entered_by", sa.String(), nullable=False),
        sa.Column("entered_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("registration_id"),
    )
    op.create_index("ix_downtime_registration_trial_id", "downtime_registration", ["trial_id"], unique=False)

"""Referrals, re-screenings, duplicates by keyed hash, transfers."""

import sqlalchemy as sa
from alembic import op

from shared.tables import Instant

revision = "0007_people"
down_revision = "0006_randomisation"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _referral()
    op.create_table(
        "rescreening",
        sa.Column("screening_id", sa.String(), nullable=False),
        sa.Column("previous_screening_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("screening_id"),
        sa.UniqueConstraint("previous_screening_id"),
    )
    _duplicates()
    _transfer()


def _referral() -> None:
    op.create_table(
        "referral",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("site_number", sa.String(), nullable=False),
        sa.Column("from_site_number", sa.String(), nullable=False),
        sa.Column("organisation", sa.String(), nullable=False),
        sa.Column("contact_reference", sa.String(), nullable=False),
        sa.Column("age_years", sa.Integer(), nullable=True),
        sa.Column("birth_year", sa.Integer(), nullable=True),
        sa.Column("condition", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("urgency", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("sent_at", Instant(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("received_by", sa.String(), nullable=False),
        sa.Column("acknowledged_at", Instant(), nullable=True),
        sa.Column("acknowledged_by", sa.String(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("outcome_at", Instant(), nullable=True),
        sa.Column("outcome_by", sa.String(), nullable=True),
        sa.Column("screening_id", sa.String(), nullable=True),
        sa.Column("reply_sent_at", Instant(), nullable=True),
        sa.Column("reply_by_way_of", sa.String(), nullable=True),
        sa.Column("replied_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("screening_id"),
    )
    op.create_index("ix_referral_trial_id", "referral", ["trial_id"], unique=False)


def _duplicates() -> None:
    op.create_table(
        "identity_hash",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("screening_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key_version", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    once = ["screening_id", "kind", "key_version", "hash"]
    op.create_index("identity_hash_once", "identity_hash", once, unique=True)
    op.create_index("identity_hash_equal", "identity_hash", once[1:], unique=False)
    op.create_table(
        "duplicate_suspicion",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("screening_id", sa.String(), nullable=False),
        sa.Column("other_screening_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key_version", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("suspected_at", Instant(), nullable=False),
        sa.Column("resolved_at", Instant(), nullable=True),
        sa.Column("resolved_by", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("transfer_id", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_duplicate_suspicion_trial_id", "duplicate_suspicion", ["trial_id"], unique=False)
    pair = ["screening_id", "other_screening_id"]
    op.create_index("duplicate_suspicion_once", "duplicate_suspicion", pair, unique=True)


def _transfer() -> None:
    op.create_table(
        "transfer",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("participant_id", sa.String(), nullable=False),
        sa.Column("from_site_number", sa.String(), nullable=False),
        sa.Column("to_site_number", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason_code", sa.String(), nullable=False),
        sa.Column("proposed_at", Instant(), nullable=False),
        sa.Column("proposed_by", sa.String(), nullable=False),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("answered_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_transfer_trial_id", "transfer", ["trial_id"], unique=False)
    op.create_index("ix_transfer_participant_id", "transfer", ["participant_id"], unique=False)
    op.create_index(
        "transfer_one_at_a_time",
        "transfer",
        ["participant_id"],
        unique=True,
        postgresql_where=sa.text("state = 'proposed'"),
        sqlite_where=sa.text("state = 'proposed'"),
    )

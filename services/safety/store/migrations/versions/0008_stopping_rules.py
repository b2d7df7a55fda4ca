"""Stopping rules, their counts and crossings; DLTs by signed judgement."""

import sqlalchemy as sa
from alembic import op

from shared.tables import Instant, JsonText

revision = "0008_stopping_rules"
down_revision = "0007_assessments"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _copies()
    _counts()
    _crossings()
    _judgements()


def _copies() -> None:
    op.create_table(
        "stopping_rules_copy",
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("protocol_version", sa.String(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("effective_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("trial_id", "protocol_version"),
    )


def _counts() -> None:
    op.create_table(
        "stopping_outcome",
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("rule_id", sa.String(), nullable=False),
        sa.Column("participant_id", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("evaluable_at", Instant(), nullable=True),
        sa.Column("registered_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("trial_id", "rule_id", "participant_id"),
    )
    op.create_index("ix_stopping_outcome_participant_id", "stopping_outcome", ["participant_id"])
    op.create_table(
        "stopping_count",
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("rule_id", sa.String(), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("pending", JsonText(), nullable=False),
        sa.Column("provisional", JsonText(), nullable=False),
        sa.Column("would_cross_at", sa.Integer(), nullable=True),
        sa.Column("counted_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("trial_id", "rule_id"),
    )


def _crossings() -> None:
    op.create_table(
        "stopping_crossing",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("trial_key", sa.String(), nullable=False),
        sa.Column("rule_id", sa.String(), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(), nullable=True),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("stops_at", sa.Integer(), nullable=False),
        sa.Column("path", JsonText(), nullable=False),
        sa.Column("pending", JsonText(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("crossed_at", Instant(), nullable=False),
        sa.Column("explanations", JsonText(), nullable=False),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("decided_events", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("trial_id", "rule_id", "rule_version", "events", name="stopping_crossing_once"),
    )
    op.create_index("ix_stopping_crossing_trial_key", "stopping_crossing", ["trial_key"])


def _judgements() -> None:
    op.create_table(
        "dlt_judgement",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("participant_id", sa.String(), nullable=False),
        sa.Column("criterion", sa.String(), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("signed_by", sa.String(), nullable=False),
        sa.Column("signed_at", Instant(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("committee", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_dlt_judgement_participant_id", "dlt_judgement", ["participant_id"])

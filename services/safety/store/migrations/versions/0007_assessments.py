"""Assessments, obligations and what met them."""

import sqlalchemy as sa
from alembic import op

from shared.tables import Instant, JsonText

revision = "0007_assessments"
down_revision = "0006_take_over"
branch_labels = None
depends_on = None

_RUNNING = sa.text("next_check_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "reporting_copy",
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("protocol_version", sa.String(), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("effective_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("trial_id", "protocol_version"),
    )
    _create_judgements()
    _create_obligations()


def _create_judgements() -> None:
    op.create_table(
        "assessment",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("adverse_event_id", sa.String(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("party", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("value", JsonText(), nullable=False),
        sa.Column("standing", sa.String(), nullable=False),
        sa.Column("opinion_of", JsonText(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("reason", JsonText(), nullable=False),
        sa.Column("event_version", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint(
            "adverse_event_id", "product", "kind", "party", "version", name="assessment_version"
        ),
    )
    op.create_table(
        "case_classification",
        sa.Column("adverse_event_id", sa.String(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("event_class", sa.String(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("grave", sa.Boolean(), nullable=False),
        sa.Column("details", JsonText(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("adverse_event_id", "product", "version"),
    )
    op.create_table(
        "reference_version",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=True),
        sa.Column("trial_key", sa.String(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.String(), nullable=False),
        sa.Column("approved_on", sa.String(), nullable=True),
        sa.Column("approval_reference", sa.Text(), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("entries", JsonText(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("trial_key", "product", "label", name="reference_version_label"),
    )


def _create_obligations() -> None:
    op.create_table(
        "obligation",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("adverse_event_id", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=True),
        sa.Column("trial_key", sa.String(), nullable=False),
        sa.Column("regime", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("day_0", sa.String(), nullable=True),
        sa.Column("due_date", sa.String(), nullable=True),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("counted_from", Instant(), nullable=False),
        sa.Column("opened_on", sa.String(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("warned", sa.Integer(), nullable=False),
        sa.Column("next_check_at", Instant(), nullable=True),
        sa.Column("met_at", Instant(), nullable=True),
        sa.Column("in_time", sa.Boolean(), nullable=True),
        sa.Column("submission_id", sa.String(), nullable=True),
        sa.Column("breached_at", Instant(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.Column("ended_reason", sa.Text(), nullable=False),
        sa.Column("replaced_by", sa.String(), nullable=True),
        sa.Column("proof", JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("obligation_of_event", "obligation", ["adverse_event_id"])
    op.create_index("obligation_of_trial", "obligation", ["trial_key", "id"])
    op.create_index(
        "obligation_to_check",
        "obligation",
        ["next_check_at"],
        sqlite_where=_RUNNING,
        postgresql_where=_RUNNING,
    )
    op.create_table(
        "submission",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("adverse_event_id", sa.String(), nullable=False),
        sa.Column("recipients", JsonText(), nullable=False),
        sa.Column("sent_at", Instant(), nullable=False),
        sa.Column("outside", sa.Boolean(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.Column("file_sha256", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("answer_reference", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("submission_of_event", "submission", ["adverse_event_id"])

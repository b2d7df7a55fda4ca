"""Reports, windows and alerts."""

import sqlalchemy as sa
from alembic import op

from shared.tables import Instant, JsonText

revision = "0002_records"
down_revision = "0001_delivery"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "adverse_event",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=True),
        sa.Column("trial_key", sa.String(), nullable=False),
        sa.Column("participant_key", sa.String(), nullable=False),
        sa.Column("participant_id", sa.String(), nullable=True),
        sa.Column("site_number", sa.String(), nullable=False),
        sa.Column("matched", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("worst_grade", sa.Integer(), nullable=False),
        sa.Column("death_on", sa.String(), nullable=False),
        sa.Column("serious", sa.Boolean(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("seriousness_due_at", Instant(), nullable=True),
        sa.Column("reported_by", sa.String(), nullable=False),
        sa.Column("flags", JsonText(), nullable=False),
        sa.Column("clearance", JsonText(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("adverse_event_of_trial", "adverse_event", ["trial_key", "id"])
    op.create_index(
        "adverse_event_unanswered",
        "adverse_event",
        ["seriousness_due_at"],
        sqlite_where=sa.text("seriousness_due_at IS NOT NULL"),
        postgresql_where=sa.text("seriousness_due_at IS NOT NULL"),
    )
    op.create_index(
        "adverse_event_unmatched",
        "adverse_event",
        ["participant_key"],
        sqlite_where=sa.text("matched = 'unmatched'"),
        postgresql_where=sa.text("matched = 'unmatched'"),
    )
    op.create_index("ix_adverse_event_participant_id", "adverse_event", ["participant_id"])
    op.create_table(
        "adverse_event_version",
        sa.Column("adverse_event_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", JsonText(), nullable=False),
        sa.Column("statement", JsonText(), nullable=False),
        sa.Column("conclusion", JsonText(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed", JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("adverse_event_id", "version"),
    )
    op.create_table(
        "dlt_window",
        sa.Column("window_id", sa.String(), nullable=False),
        sa.Column("participant_id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("provisional", sa.String(), nullable=False),
        sa.Column("criteria", JsonText(), nullable=False),
        sa.Column("reasons", JsonText(), nullable=False),
        sa.Column("alerted", JsonText(), nullable=False),
        sa.Column("next_check_at", Instant(), nullable=True),
        sa.Column("closes_at", Instant(), nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("voided_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("window_id"),
        sa.UniqueConstraint("participant_id", name="dlt_window_of_participant"),
    )
    op.create_index(
        "dlt_window_to_check",
        "dlt_window",
        ["next_check_at"],
        sqlite_where=sa.text("next_check_at IS NOT NULL"),
        postgresql_where=sa.text("next_check_at IS NOT NULL"),
    )
    op.create_index("ix_dlt_window_trial_id", "dlt_window", ["trial_id"])
    op.create_table(
        "dlt_verdict",
        sa.Column("window_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("provisional", sa.String(), nullable=False),
        sa.Column("criteria", JsonText(), nullable=False),
        sa.Column("reasons", JsonText(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("level_allocated", sa.Integer(), nullable=False),
        sa.Column("level_received", sa.Integer(), nullable=True),
        sa.Column("basis", JsonText(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("report_id", sa.String(), nullable=True),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("window_id", "version"),
    )
    op.create_table(
        "definition_check",
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("protocol_version", sa.String(), nullable=False),
        sa.Column("protocol_sha256", sa.String(), nullable=False),
        sa.Column("problems", JsonText(), nullable=False),
        sa.Column("checked_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("trial_id", "protocol_version"),
    )
    op.create_table(
        "alert",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=True),
        sa.Column("trial_key", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("cause_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("raised_at", Instant(), nullable=False),
        sa.Column("acknowledged_by", sa.String(), nullable=True),
        sa.Column("acknowledged_at", Instant(), nullable=True),
        sa.Column("resolved_by", sa.String(), nullable=True),
        sa.Column("resolved_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("cause_id", "kind", name="alert_once"),
    )
    op.create_index("alert_of_trial", "alert", ["trial_key", "id"])
    op.create_table(
        "alert_step",
        sa.Column("alert_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("duties", JsonText(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("acknowledge_by", Instant(), nullable=False),
        sa.Column("last", sa.Boolean(), nullable=False),
        sa.Column("done_at", Instant(), nullable=True),
        sa.Column("called", JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", "number"),
    )
    op.create_index(
        "alert_step_due",
        "alert_step",
        ["due_at"],
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_table(
        "alert_send",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("alert_id", sa.String(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("acknowledge_by", Instant(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("next_try_at", Instant(), nullable=False),
        sa.Column("claim", sa.String(), nullable=True),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("sent_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("alert_id", "step", "person", "channel", name="alert_send_once"),
    )
    op.create_index(
        "alert_send_due",
        "alert_send",
        ["next_try_at"],
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "alert_note",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("alert_id", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("noted_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_alert_note_alert_id", "alert_note", ["alert_id"])
    op.create_table(
        "duty_period",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("trial_key", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("duty", sa.String(), nullable=False),
        sa.Column("duty_order", sa.Integer(), nullable=False),
        sa.Column("from_at", Instant(), nullable=False),
        sa.Column("until_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("duty_period_of_trial", "duty_period", ["trial_key", "until_at"])

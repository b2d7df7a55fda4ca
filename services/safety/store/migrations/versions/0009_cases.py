"""Cases, transmissions and acknowledgements."""

import sqlalchemy as sa
from alembic import op

from shared.tables import Instant, JsonText

revision = "0009_cases"
down_revision = "0008_stopping_rules"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_cases()
    _create_files()


def _create_cases() -> None:
    op.create_table(
        "case_route",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("trial_key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("route", JsonText(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("case_route_of_trial", "case_route", ["trial_key", "name", "id"], unique=False)
    op.create_table(
        "case_number",
        sa.Column("trial_key", sa.String(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("trial_key"),
    )
    op.create_table(
        "safety_case",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=True),
        sa.Column("trial_key", sa.String(), nullable=False),
        sa.Column("participant_id", sa.String(), nullable=False),
        sa.Column("participant_number", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("worldwide_number", sa.String(), nullable=False),
        sa.Column("first_received_on", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("waits", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number", name="safety_case_number"),
    )
    op.create_index("safety_case_of_trial", "safety_case", ["trial_key", "id"], unique=False)
    op.create_table(
        "safety_case_version",
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("latest_information_on", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("content", JsonText(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "version"),
    )
    op.create_table(
        "safety_case_report",
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("report_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "report_id"),
    )
    op.create_index("ix_safety_case_report_report_id", "safety_case_report", ["report_id"], unique=False)


def _create_files() -> None:
    op.create_table(
        "case_batch",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("trial_key", sa.String(), nullable=False),
        sa.Column("route_id", sa.String(), nullable=False),
        sa.Column("profile", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("findings", JsonText(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("sent_by", sa.String(), nullable=True),
        sa.Column("sent_at", Instant(), nullable=True),
        sa.Column("reference", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number", name="case_batch_number"),
    )
    op.create_index("case_batch_of_trial", "case_batch", ["trial_key", "id"], unique=False)
    op.create_table(
        "case_sending",
        sa.Column("batch_id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("case_version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("expedited", sa.Boolean(), nullable=False),
        sa.Column("events", JsonText(), nullable=False),
        sa.Column("sent_at", Instant(), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("details", JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "case_id"),
    )
    op.create_index("ix_case_sending_case_id", "case_sending", ["case_id"], unique=False)
    op.create_table(
        "case_acknowledgement",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("batch_id", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("decided", JsonText(), nullable=False),
        sa.Column("received_by", sa.String(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_case_acknowledgement_batch_id", "case_acknowledgement", ["batch_id"], unique=False)
    op.create_table(
        "received_case_file",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("findings", JsonText(), nullable=False),
        sa.Column("cases", JsonText(), nullable=False),
        sa.Column("received_by", sa.String(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "listing",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("trial_key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("from_on", sa.String(), nullable=False),
        sa.Column("to_on", sa.String(), nullable=False),
        sa.Column("lock_at", Instant(), nullable=False),
        sa.Column("layout", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("published_by", sa.String(), nullable=False),
        sa.Column("published_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("listing_of_trial", "listing", ["trial_key", "id"], unique=False)

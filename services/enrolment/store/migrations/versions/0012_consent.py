"""Consent by site, corrections, uses of samples, coming of age, molecular findings."""

import sqlalchemy as sa
from alembic import op

from shared.tables import Instant

revision = "0012_consent"
down_revision = "0011_take_over"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _signatures()
    _corrections()
    _choices()
    _renewals()


def _signatures() -> None:
    """Which site a signature belongs to; until now that was always the screening's."""
    for table, words in (("consent", ("parent", "no_personal_note")), ("assent", ("language",))):
        for column in (*words, "site_number"):
            op.add_column(table, sa.Column(column, sa.String(), nullable=False, server_default=""))
        op.execute(
            f"UPDATE {table} SET site_number ="
            f" (SELECT s.site_number FROM screening s WHERE s.id = {table}.screening_id)"
        )
    op.execute("UPDATE consent SET parent = 'first'")


def _corrections() -> None:
    op.create_table(
        "consent_correction",
        sa.Column("consent_id", sa.String(), nullable=False),
        sa.Column("screening_id", sa.String(), nullable=False),
        sa.Column("superseded_by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("corrected_by", sa.String(), nullable=False),
        sa.Column("corrected_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("consent_id"),
    )
    op.create_index("ix_consent_correction_screening_id", "consent_correction", ["screening_id"])
    op.create_table(
        "registration_flag",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("registration_id", sa.String(), nullable=False),
        sa.Column("flag", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("flagged_by", sa.String(), nullable=False),
        sa.Column("flagged_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_registration_flag_registration_id", "registration_flag", ["registration_id"])


def _choices() -> None:
    op.create_table(
        "sample_use_consent",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("screening_id", sa.String(), nullable=False),
        sa.Column("use", sa.String(), nullable=False),
        sa.Column("consented", sa.Boolean(), nullable=False),
        sa.Column("consent_id", sa.String(), nullable=False),
        sa.Column("decided_at", Instant(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_sample_use_consent_screening_id", "sample_use_consent", ["screening_id"])
    op.create_table(
        "molecular_finding",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("screening_id", sa.String(), nullable=False),
        sa.Column("gene", sa.String(), nullable=False),
        sa.Column("alteration", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("determined_on", sa.Date(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_molecular_finding_screening_id", "molecular_finding", ["screening_id"])


def _renewals() -> None:
    op.create_table(
        "adult_consent_answer",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("participant_id", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("reason_code", sa.String(), nullable=False),
        sa.Column("answered_at", Instant(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_adult_consent_answer_participant_id", "adult_consent_answer", ["participant_id"])
    op.create_table(
        "consent_watch",
        sa.Column("participant_id", sa.String(), nullable=False),
        sa.Column("look_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("participant_id"),
    )
    op.create_index("ix_consent_watch_look_at", "consent_watch", ["look_at"])
    op.create_table(
        "consent_due",
        sa.Column("participant_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("said_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("participant_id", "kind", "document", "version"),
    )

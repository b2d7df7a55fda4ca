"""People, places and what was done."""

import sqlalchemy as sa
from alembic import op

from shared.tables import Instant, JsonText

revision = "0002_records"
down_revision = "0001_delivery"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "administration",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("participant_id", sa.String(), nullable=False),
        sa.Column("record_id", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("missed_because", sa.String(), nullable=True),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("amount", sa.String(), nullable=True),
        sa.Column("planned_amount", sa.String(), nullable=True),
        sa.Column("authorisation_id", sa.String(), nullable=True),
        sa.Column("flags", JsonText(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_administration_participant_id", "administration", ["participant_id"], unique=False)
    op.create_table(
        "age_statement",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("screening_id", sa.String(), nullable=False),
        sa.Column("age_years", sa.Integer(), nullable=False),
        sa.Column("stated_on", sa.Date(), nullable=False),
        sa.Column("signed_by", sa.String(), nullable=False),
        sa.Column("signed_at", Instant(), nullable=False),
        sa.Column("delegated", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_age_statement_screening_id", "age_statement", ["screening_id"], unique=False)
    op.create_table(
        "applied_decision",
        sa.Column("decision_id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("applied_at", Instant(), nullable=True),
        sa.Column("took_effect", sa.Boolean(), nullable=False),
        sa.Column("followed", sa.Boolean(), nullable=False),
        sa.Column("supersession", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("decision_id"),
    )
    op.create_index("ix_applied_decision_trial_id", "applied_decision", ["trial_id"], unique=False)
    op.create_table(
        "assent",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("screening_id", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("taken_by", sa.String(), nullable=False),
        sa.Column("delegated", sa.Boolean(), nullable=False),
        sa.Column("signed_at", Instant(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_assent_screening_id", "assent", ["screening_id"], unique=False)
    op.create_table(
        "assent_decision",
        sa.Column("assent_id", sa.String(), nullable=False),
        sa.Column("screening_id", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("signed_by", sa.String(), nullable=False),
        sa.Column("signed_at", Instant(), nullable=False),
        sa.Column("delegated", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("assent_id"),
    )
    op.create_table(
        "consent",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("screening_id", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("capacity", sa.String(), nullable=False),
        sa.Column("capacity_note", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("taken_by", sa.String(), nullable=False),
        sa.Column("delegated", sa.Boolean(), nullable=False),
        sa.Column("signed_at", Instant(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_consent_screening_id", "consent", ["screening_id"], unique=False)
    op.create_table(
        "decision_receipt",
        sa.Column("decision_id", sa.String(), nullable=False),
        sa.Column("site_number", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("decision_id", "site_number"),
    )
    op.create_table(
        "dose_authorisation",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("participant_id", sa.String(), nullable=False),
        sa.Column("planned_at", Instant(), nullable=False),
        sa.Column("doses", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("authorised_by", sa.String(), nullable=False),
        sa.Column("authorised_at", Instant(), nullable=False),
        sa.Column("results", JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_dose_authorisation_participant_id", "dose_authorisation", ["participant_id"], unique=False
    )
    op.create_table(
        "dose_level",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("closed_because", sa.String(), nullable=True),
        sa.Column("held_by", JsonText(), nullable=False),
        sa.Column("toxic_dlts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("dose_level_once", "dose_level", ["trial_id", "part", "level"], unique=True)
    op.create_table(
        "eligibility",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("screening_id", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("answers", JsonText(), nullable=False),
        sa.Column("judgement", sa.String(), nullable=True),
        sa.Column("signed_by", sa.String(), nullable=False),
        sa.Column("signed_at", Instant(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("delegated", sa.Boolean(), nullable=False),
        sa.Column("by_investigator", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_eligibility_screening_id", "eligibility", ["screening_id"], unique=False)
    op.create_table(
        "number_sequence",
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("site_number", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("trial_id", "site_number", "kind"),
    )
    op.create_table(
        "participant",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("site_number", sa.String(), nullable=False),
        sa.Column("screening_id", sa.String(), nullable=False),
        sa.Column("registration_id", sa.String(), nullable=False),
        sa.Column("slot_id", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("stratum", sa.String(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("dose", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("decision_id", sa.String(), nullable=False),
        sa.Column("rule_cell", sa.String(), nullable=False),
        sa.Column("protocol_version", sa.String(), nullable=False),
        sa.Column("registered_at", Instant(), nullable=False),
        sa.Column("first_dose_at", Instant(), nullable=True),
        sa.Column("treatment_ended_at", Instant(), nullable=True),
        sa.Column("treatment_end_reason", sa.String(), nullable=True),
        sa.Column("stopped", JsonText(), nullable=False),
        sa.Column("voided_at", Instant(), nullable=True),
        sa.Column("void_reason", sa.String(), nullable=True),
        sa.Column("replacement", sa.String(), nullable=False),
        sa.Column("halts_seen_late", JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("screening_id"),
        sa.UniqueConstraint("slot_id"),
    )
    op.create_index("ix_participant_trial_id", "participant", ["trial_id"], unique=False)
    op.create_index("participant_number_once", "participant", ["number"], unique=True)
    op.create_table(
        "participation_change",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("participant_id", sa.String(), nullable=False),
        sa.Column("elements", JsonText(), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_participation_change_participant_id", "participation_change", ["participant_id"], unique=False
    )
    op.create_table(
        "registration_attempt",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("site_number", sa.String(), nullable=False),
        sa.Column("screening_id", sa.String(), nullable=False),
        sa.Column("slot_id", sa.String(), nullable=False),
        sa.Column("participant_id", sa.String(), nullable=True),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("results", JsonText(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_registration_attempt_trial_id", "registration_attempt", ["trial_id"], unique=False)
    op.create_table(
        "screening",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("site_number", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("born_year", sa.Integer(), nullable=False),
        sa.Column("born_month", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("reason_code", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("screening_number_once", "screening", ["trial_id", "number"], unique=True)
    op.create_table(
        "slot",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("decision_id", sa.String(), nullable=False),
        sa.Column("replaces", sa.String(), nullable=True),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("before_state", sa.String(), nullable=True),
        sa.Column("site_number", sa.String(), nullable=True),
        sa.Column("screening_id", sa.String(), nullable=True),
        sa.Column("held_at", Instant(), nullable=True),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("since", Instant(), nullable=True),
        sa.Column("causes", JsonText(), nullable=False),
        sa.Column("participant_id", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("entry_id", sa.String(), nullable=True),
        sa.Column("succession", sa.String(), nullable=False),
        sa.Column("refusal", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "slot_due",
        "slot",
        ["expires_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('offered', 'reserved')"),
        postgresql_where=sa.text("state IN ('offered', 'reserved')"),
    )
    op.create_index("slot_of_trial", "slot", ["trial_id", "state"], unique=False)
    op.create_index(
        "slot_one_holder",
        "slot",
        ["screening_id"],
        unique=True,
        sqlite_where=sa.text("screening_id IS NOT NULL AND state IN ('offered', 'reserved', 'frozen')"),
        postgresql_where=sa.text("screening_id IS NOT NULL AND state IN ('offered', 'reserved', 'frozen')"),
    )
    op.create_table(
        "trial_gate",
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("trial_id"),
    )
    op.create_index("ix_trial_gate_code", "trial_gate", ["code"], unique=False)
    op.create_table(
        "waiting_entry",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("site_number", sa.String(), nullable=False),
        sa.Column("screening_id", sa.String(), nullable=False),
        sa.Column("notified_at", Instant(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("offered_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_waiting_entry_trial_id", "waiting_entry", ["trial_id"], unique=False)
    op.create_index(
        "waiting_once",
        "waiting_entry",
        ["screening_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('waiting', 'offered')"),
        postgresql_where=sa.text("state IN ('waiting', 'offered')"),
    )

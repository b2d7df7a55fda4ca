"""Everything the first version of this service stores."""

import sqlalchemy as sa
from alembic import op

from shared.tables import Instant, JsonText

revision = "0001"
down_revision = None
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
        "aggregate_position",
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("producer", sa.Text(), nullable=False),
        sa.Column("aggregate_id", sa.Text(), nullable=False),
        sa.Column("last_sequence", sa.BigInteger(), nullable=False),
        sa.Column("batch_first", sa.BigInteger(), nullable=True),
        sa.Column("parked_since", Instant(), nullable=True),
        sa.Column("gap_since", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("consumer", "producer", "aggregate_id"),
    )
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
        "audit",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("aggregate_id", sa.Text(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("actor_role", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("domain_at", Instant(), nullable=False),
        sa.Column("demonstration", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.Column("causation_id", sa.Text(), nullable=True),
        sa.Column("details", sa.LargeBinary(), nullable=True),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("aggregate_id", "n", name="audit_chain"),
        sa.UniqueConstraint("event_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("audit_story", "audit", ["correlation_id"], unique=False)

    op.create_table(
        "cohort_hold_copy",
        sa.Column("hold_id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("hold_id"),
    )
    op.create_index("ix_cohort_hold_copy_trial_id", "cohort_hold_copy", ["trial_id"], unique=False)

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
        sa.Column("signed_at", Instant(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_consent_screening_id", "consent", ["screening_id"], unique=False)

    op.create_table(
        "decision_copy",
        sa.Column("decision_id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("rule", JsonText(), nullable=True),
        sa.Column("signers", sa.Integer(), nullable=False),
        sa.Column("in_force_at", Instant(), nullable=False),
        sa.Column("superseded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("decision_id"),
    )
    op.create_index("ix_decision_copy_trial_id", "decision_copy", ["trial_id"], unique=False)

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
        "delegation_copy",
        sa.Column("delegation_id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("site_number", sa.String(), nullable=True),
        sa.Column("from_at", Instant(), nullable=False),
        sa.Column("until_at", Instant(), nullable=True),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("delegation_id"),
    )
    op.create_index("ix_delegation_copy_trial_id", "delegation_copy", ["trial_id"], unique=False)

    op.create_table(
        "delivery_position",
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("pub_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "topic"),
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
        "green_light_copy",
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("site_number", sa.String(), nullable=False),
        sa.Column("protocol_version", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("trial_id", "site_number", "protocol_version"),
    )
    op.create_table(
        "halt_copy",
        sa.Column("halt_id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=True),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("site_number", sa.String(), nullable=True),
        sa.Column("recruitment", sa.Boolean(), nullable=False),
        sa.Column("dosing", sa.Boolean(), nullable=False),
        sa.Column("imposed_at", Instant(), nullable=False),
        sa.Column("lifted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("halt_id"),
    )
    op.create_index("ix_halt_copy_trial_id", "halt_copy", ["trial_id"], unique=False)

    op.create_table(
        "idempotency",
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("principal", "route", "key"),
    )
    op.create_table(
        "inbox",
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "event_id"),
    )
    op.create_index("inbox_by_topic", "inbox", ["topic", "partition"], unique=False)

    op.create_table(
        "number_sequence",
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("site_number", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("trial_id", "site_number", "kind"),
    )
    op.create_table(
        "outbox",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("dataschema", sa.Text(), nullable=False),
        sa.Column("aggregate_id", sa.Text(), nullable=False),
        sa.Column("aggregate_version", sa.BigInteger(), nullable=False),
        sa.Column("partition_key", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("blinding", sa.Text(), nullable=False),
        sa.Column("causation_id", sa.Text(), nullable=True),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.Column("traceparent", sa.Text(), nullable=True),
        sa.Column("occurred_at", Instant(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("audit_hash", sa.LargeBinary(), nullable=False),
        sa.Column("sent_at", Instant(), nullable=True),
        sa.Column("pub_seq", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.CheckConstraint("length(payload) <= 262144", name="outbox_payload_size"),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("event_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("outbox_published", "outbox", ["topic", "pub_seq"], unique=False)
    op.create_index(
        "outbox_unsent",
        "outbox",
        ["topic", "seq"],
        unique=False,
        sqlite_where=sa.text("sent_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL"),
    )

    op.create_table(
        "outbox_aggregate",
        sa.Column("aggregate_id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("audit_n", sa.BigInteger(), nullable=False),
        sa.Column("audit_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("aggregate_id"),
    )
    op.create_table(
        "parked_event",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("producer", sa.Text(), nullable=False),
        sa.Column("aggregate_id", sa.Text(), nullable=True),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("event_id", sa.Text(), nullable=True),
        sa.Column("partition_key", sa.Text(), nullable=True),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("headers", sa.LargeBinary(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("parked_at", Instant(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("resolved_at", Instant(), nullable=True),
        sa.Column("resolved_by", sa.Text(), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("consumer", "event_id", name="parked_event_once"),
        sa.UniqueConstraint(
            "consumer", "topic", "partition", "position", "digest", name="parked_record_once"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "parked_waiting",
        "parked_event",
        ["consumer", "producer", "aggregate_id", "sequence"],
        unique=False,
        sqlite_where=sa.text("state = 'parked'"),
        postgresql_where=sa.text("state = 'parked'"),
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
        "peer_audit_head",
        sa.Column("producer", sa.Text(), nullable=False),
        sa.Column("pub_seq", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.Text(), nullable=False),
        sa.Column("audit_rows", sa.BigInteger(), nullable=False),
        sa.Column("audit_last_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("producer", "pub_seq"),
    )
    op.create_table(
        "producer_position",
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("pub_seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("epoch", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("n", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("h", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("matched_pub_seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("matched_n", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("applied_at", Instant(), nullable=True),
        sa.Column("incomplete_since", Instant(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "topic", "partition"),
    )
    op.create_table(
        "protocol_copy",
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("protocol_version", sa.String(), nullable=False),
        sa.Column("protocol_sha256", sa.String(), nullable=False),
        sa.Column("effective_at", Instant(), nullable=False),
        sa.Column("previous_sunset_at", Instant(), nullable=True),
        sa.Column("levels", JsonText(), nullable=False),
        sa.Column("slot_policy", JsonText(), nullable=False),
        sa.Column("terms", JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("trial_id", "protocol_version"),
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
        "relay_leader",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("pub_seq", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("anchor_hash", sa.LargeBinary(), nullable=False),
        sa.Column("head_pub_seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("topic"),
    )
    op.create_table(
        "relay_state",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("h", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("topic", "partition"),
    )
    op.create_table(
        "replay_request",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=True),
        sa.Column("partition_key", sa.Text(), nullable=True),
        sa.Column("consumer", sa.Text(), nullable=True),
        sa.Column("after_pub_seq", sa.BigInteger(), nullable=False),
        sa.Column("until_pub_seq", sa.BigInteger(), nullable=False),
        sa.Column("requested_at", Instant(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "report_copy",
        sa.Column("report_id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("matched", sa.String(), nullable=False),
        sa.Column("serious", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("report_id"),
    )
    op.create_index("ix_report_copy_trial_id", "report_copy", ["trial_id"], unique=False)

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
        "site_copy",
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("site_number", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("recruitment_cap", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("trial_id", "site_number"),
    )
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
        "store_profile",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "trial_copy",
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("trial_id"),
    )
    op.create_index("ix_trial_copy_code", "trial_copy", ["code"], unique=False)

    op.create_table(
        "trial_gate",
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("trial_id"),
    )
    op.create_index("ix_trial_gate_code", "trial_gate", ["code"], unique=False)

    op.create_table(
        "used_proof",
        sa.Column("jti", sa.Text(), nullable=False),
        sa.Column("used_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("jti"),
    )
    op.create_table(
        "verdict_copy",
        sa.Column("window_id", sa.String(), nullable=False),
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("participant_id", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("provisional", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("window_id"),
    )
    op.create_index("ix_verdict_copy_trial_id", "verdict_copy", ["trial_id"], unique=False)

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

    op.create_table(
        "work_leader",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("renewed_at", Instant(), nullable=False),
        sa.Column("ran_until", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
    _forbid_changes_of_the_audit()


def _forbid_changes_of_the_audit() -> None:
    """Rows of the audit are only ever added; a redaction is another program's work, by hand and witnessed."""
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_no_{act.lower()} BEFORE {act} ON audit"
                " BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'the audit is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit"
        " FOR EACH ROW EXECUTE FUNCTION audit_is_append_only()"
    )
    op.execute(
        "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit"
        " FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()"
    )


def downgrade() -> None:
    raise NotImplementedError("a store is restored from a backup, never taken back a version")

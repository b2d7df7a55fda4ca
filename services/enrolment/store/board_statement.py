"""The one statement that reads a trial's board: $1 is the trial, $2 a slot wanted whatever became of it."""

from shared.joint_reads import Part, read_together


def _screening_of(table: str) -> tuple[str, str]:
    """State and number of the screening that a row of the table is about."""
    source = f"FROM screening AS s WHERE s.id = {table}.screening_id"
    return f"(SELECT s.state {source}) AS screening_state", f"(SELECT s.number {source}) AS screening_number"


READ_BOARD = read_together(
    Part(name="trial", columns=("code", "status"), source="trial_copy WHERE trial_id = $1"),
    Part(
        name="rebuilding",
        columns=("topic",),
        source="producer_position WHERE consumer = 'enrolment' AND state = 'rebuilding'",
    ),
    Part(
        name="protocol",
        columns=("protocol_version", "effective_at", "levels", "slot_policy", "targets"),
        source="protocol_copy WHERE trial_id = $1",
    ),
    Part(
        name="level",
        columns=(
            "id",
            "part",
            "level",
            "state",
            "opened_by",
            "closed_at",
            "closed_because",
            "held_by",
            "toxic_dlts",
        ),
        source="dose_level WHERE trial_id = $1",
    ),
    Part(
        name="decision",
        columns=(
            *(
                "d.decision_id",
                "d.kind",
                "d.part",
                "d.level",
                "d.places",
                "d.rule",
                "d.signers",
                "d.in_force_at",
            ),
            *("d.superseded", "a.applied_at", "a.took_effect", "a.followed", "a.supersession"),
        ),
        source="decision_copy AS d LEFT JOIN applied_decision AS a ON a.decision_id = d.decision_id"
        " WHERE d.trial_id = $1",
    ),
    Part(
        name="halt",
        columns=("halt_id", "part", "level", "site_number", "recruitment", "dosing", "imposed_at"),
        source="halt_copy WHERE trial_id = $1 AND NOT lifted",
    ),
    Part(
        name="hold",
        columns=("hold_id", "part", "level"),
        source="cohort_hold_copy WHERE trial_id = $1 AND held",
    ),
    Part(
        name="report",
        columns=("report_id",),
        source="report_copy WHERE trial_id = $1 AND holds_trial",
    ),
    Part(
        name="verdict",
        columns=("participant_id", "verdict", "provisional", "part", "level"),
        source="verdict_copy WHERE trial_id = $1",
    ),
    Part(
        name="member",
        columns=(
            *("id", "site_number", "part", "level", "decision_id", "registered_at", "first_dose_at"),
            *("treatment_ended_at", "stopped", "voided_at", "replacement", "halts_seen_late", "slot_id"),
            "(SELECT max(a.planned_at) FROM dose_authorisation AS a"
            " WHERE a.participant_id = participant.id AND a.used = 0) AS authorised_for",
        ),
        source="participant WHERE trial_id = $1",
    ),
    Part(
        name="slot",
        columns=(
            *(
                "id",
                "part",
                "level",
                "origin",
                "decision_id",
                "replaces",
                "opened_at",
                "state",
                "before_state",
            ),
            *("site_number", "screening_id", "held_at", "expires_at", "since", "causes", "participant_id"),
            *("reason", "entry_id", "succession", "refusal", "warn_at", "warned_for", *_screening_of("slot")),
        ),
        source="slot WHERE trial_id = $1 AND (state IN ('open', 'offered', 'reserved', 'frozen')"
        " OR succession = 'due' OR refusal IN ('open', 'offered') OR replaces IS NOT NULL OR id = $2)",
    ),
    Part(
        name="entry",
        columns=(
            *("id", "part", "site_number", "screening_id", "notified_at", "state", "offered_at"),
            *_screening_of("waiting_entry"),
        ),
        source="waiting_entry WHERE trial_id = $1",
    ),
    Part(
        name="site",
        columns=("site_number", "status", "zone", "country", "recruitment_cap"),
        source="site_copy WHERE trial_id = $1",
    ),
    Part(
        name="recruitment",
        columns=("id", "part", "closed_at"),
        source="part_recruitment WHERE trial_id = $1",
    ),
    Part(
        name="green_light",
        columns=("site_number", "protocol_version"),
        source="green_light_copy WHERE trial_id = $1",
    ),
)

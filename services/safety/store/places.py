"""Finding where a report belongs: the participant by number, else the trial by code."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.safety.domain.delegation import Delegation
from services.safety.domain.dlt_definition import DltDefinition
from services.safety.domain.ids import ParticipantId, TrialId
from services.safety.domain.place import HOME_ZONE, KnownParticipant, Place, TrialRef, zone_named
from services.safety.domain.reporting_terms import TermsOverTime, terms_of
from services.safety.domain.treatment_course import read_end_reason
from services.safety.store.definitions import parsed
from services.safety.store.dictionaries import dictionary_for
from services.safety.store.laboratory_rules import laboratory_rules_for
from shared.database import Sql, Tx, read_instant, read_optional_instant
from shared.joint_reads import Part, each, fetch_together, instant, optional_instant, read_together

NO_REPORT = ""
NOBODY = ""
Values = Mapping[str, Any]
Found = Mapping[str, list[dict[str, Any]]]


async def locate(
    tx: Tx,
    *,
    trial_key: str,
    participant_key: str,
    site_key: str = "",
    report_id: str = NO_REPORT,
    person: str = NOBODY,
) -> Place:
    """The place of a report. A participant's window is locked with it, as whoever reports judges it anew.

    Args:
        tx: the transaction.
        trial_key: trial code as reported; empty when none was, then the participant's number decides.
        participant_key: participant number as reported.
        site_key: site number as reported, for the zone of a participant who is not known.
        report_id: the report itself, so that it is not held against itself.
        person: whose delegations in the trial come with the place.
    """
    if participant_key:
        found = await fetch_together(tx, _BY_NUMBER, participant_key, report_id, person)
        for row in sorted(each(found, "known"), key=lambda row: str(row["participant_id"])):
            place = _place(found, row, participant_key)
            if trial_key in ("", place.trial.code.upper()):
                return place
    return await _of_trial(tx, trial_key, participant_key, site_key, person)


async def place_of_participant(
    tx: Tx, participant_id: str, *, report_id: str = NO_REPORT, reading: bool = False
) -> Place | None:
    """The place of a known participant; None while its registration is not known here.

    Who is only `reading` locks no window.
    """
    statement = _BY_ID_READING if reading else _BY_ID
    found = await fetch_together(tx, statement, participant_id, report_id, NOBODY)
    row = next(each(found, "known"), None)
    return _place(found, row, row["participant_number"]) if row else None


async def trial_named(tx: Tx, trial_id: str | None, trial_key: str = "") -> TrialRef:
    """The trial by its id, else by its code; without an id when it is not known here."""
    rows = await tx.fetch(_TRIAL_BY_ID, trial_id) if trial_id else await tx.fetch(_TRIAL, trial_key)
    if rows:
        return TrialRef(id=TrialId(rows[0][0]), code=rows[0][1], zone=zone_named(rows[0][2]))
    known = TrialId(trial_id) if trial_id else None
    return TrialRef(id=known, code=trial_key, zone=zone_named(HOME_ZONE))


async def delegations_of(tx: Tx, trial_id: str | None, person: str) -> tuple[Delegation, ...]:
    """Every delegation of a person in a trial."""
    if trial_id is None:
        return ()
    return tuple(
        Delegation(
            role=row[0],
            site_number=row[1],
            from_at=read_instant(row[2]),
            until_at=read_optional_instant(row[3]),
            ended_at=read_optional_instant(row[4]),
        )
        for row in await tx.fetch(_DELEGATIONS, trial_id, person)
    )


async def reporting_of(tx: Tx, trial_id: str | None) -> TermsOverTime:
    """What the trial's protocol versions say of reporting."""
    rows = await tx.fetch(_REPORTING, trial_id) if trial_id else []
    return TermsOverTime(dated=tuple((read_instant(row[1]), terms_of(row[0])) for row in rows))


async def _of_trial(tx: Tx, trial_key: str, participant_key: str, site_key: str, person: str) -> Place:
    rows = await tx.fetch(_TRIAL, trial_key) if trial_key else []
    definition: DltDefinition | None = None
    ctcae, trial_id, zone = "", None, HOME_ZONE
    if rows:
        trial_id, _, zone, ctcae, text = rows[0]
        definition = parsed(text)
        sites = await tx.fetch(_SITE_ZONE, trial_id, site_key) if site_key else []
        zone = sites[0][0] if sites else zone
    return Place(
        trial=TrialRef(
            id=TrialId(trial_id) if trial_id else None,
            code=trial_key,
            zone=zone_named(rows[0][2] if rows else HOME_ZONE),
        ),
        trial_key=trial_key,
        participant_key=participant_key,
        participant=None,
        site_number=site_key,
        zone=zone_named(zone),
        dictionary=dictionary_for(ctcae),
        laboratory=laboratory_rules_for(ctcae),
        definition=definition,
        reporting=await reporting_of(tx, trial_id),
        delegations=await delegations_of(tx, trial_id, person) if person else (),
    )


def _place(found: Found, row: Values, participant_key: str) -> Place:
    number, trial_id, zone, text = row["participant_number"], row["trial_id"], row["zone"], row["dlt"]
    code = row["trial_code"] or number.partition("-")[0]
    return Place(
        trial=TrialRef(id=TrialId(trial_id), code=code, zone=zone_named(row["trial_zone"] or zone)),
        trial_key=code.upper(),
        participant_key=participant_key,
        participant=_participant(row),
        site_number=row["site_number"],
        zone=zone_named(zone),
        dictionary=dictionary_for(row["ctcae"] or ""),
        laboratory=laboratory_rules_for(row["ctcae"] or ""),
        definition=parsed(text) if text else None,
        reporting=TermsOverTime(
            dated=tuple(
                (instant(entry["effective_at"]), terms_of(entry["terms"]))
                for entry in each(found, "reporting")
                if entry["trial_id"] == trial_id
            )
        ),
        delegations=tuple(
            _delegation(entry) for entry in each(found, "delegation") if entry["trial_id"] == trial_id
        ),
        window_locked=any(one["participant_id"] == row["participant_id"] for one in each(found, "window")),
    )


def _participant(row: Values) -> KnownParticipant:
    ended_reason, death_on = row["ended_reason"], row["death_on"]
    return KnownParticipant(
        id=ParticipantId(row["participant_id"]),
        site_number=row["site_number"],
        zone=zone_named(row["zone"]),
        first_dose_at=optional_instant(row["first_dose_at"]),
        ended_at=optional_instant(row["ended_at"]),
        ended_reason=read_end_reason(ended_reason) if ended_reason else None,
        consented_at=optional_instant(row["consented_at"]),
        other_worst_grade=row["worst_grade"] or 0,
        other_death_on=date.fromisoformat(death_on) if death_on else None,
    )


def _delegation(row: Values) -> Delegation:
    return Delegation(
        role=row["role"],
        site_number=row["site_number"],
        from_at=instant(row["from_at"]),
        until_at=optional_instant(row["until_at"]),
        ended_at=optional_instant(row["ended_at"]),
    )


def _place_of(condition: str, *, lock: str = " FOR UPDATE OF w") -> Sql:
    """$1 names the participant, $2 is the report itself, $3 the person who reports."""
    people = f"SELECT participant_id, trial_id FROM participant_copy p WHERE {condition}"
    return read_together(
        Part(
            name="known",
            columns=(
                *("p.participant_id", "p.participant_number", "p.trial_id", "p.site_number", "p.zone"),
                *("v.trial_code", "v.zone AS trial_zone", "v.ctcae", "v.dlt"),
                *("c.first_dose_at", "c.ended_at", "c.ended_reason"),
                "(SELECT min(s.signed_at) FROM consent_copy s WHERE s.screening_id = p.screening_id)"
                " AS consented_at",
                "(SELECT max(e.worst_grade) FROM adverse_event e"
                " WHERE e.participant_id = p.participant_id AND e.id <> $2) AS worst_grade",
                "(SELECT min(e.death_on) FROM adverse_event e"
                " WHERE e.participant_id = p.participant_id AND e.id <> $2 AND e.death_on <> '') AS death_on",
            ),
            source="participant_copy p"
            " LEFT JOIN protocol_copy v ON v.trial_id = p.trial_id"
            " AND v.protocol_version = p.protocol_version"
            f" LEFT JOIN course_copy c ON c.participant_id = p.participant_id WHERE {condition}",
        ),
        Part(
            name="delegation",
            columns=("d.trial_id", "d.role", "d.site_number", "d.from_at", "d.until_at", "d.ended_at"),
            source=f"delegation_copy d JOIN ({people}) AS p ON p.trial_id = d.trial_id WHERE d.person = $3",
        ),
        Part(
            name="reporting",
            columns=("r.trial_id", "r.terms", "r.effective_at"),
            source=f"reporting_copy r JOIN ({people}) AS p ON p.trial_id = r.trial_id",
        ),
        Part(
            name="window",
            columns=("participant_id",),
            source="(SELECT w.participant_id FROM dlt_window w"
            f" JOIN ({people}) AS p ON p.participant_id = w.participant_id{lock}) AS locked",
        ),
    )


_BY_NUMBER = _place_of("p.participant_number = $1")
_BY_ID = _place_of("p.participant_id = $1")
_BY_ID_READING = _place_of("p.participant_id = $1", lock="")
_TRIAL = Sql(
    "SELECT trial_id, trial_code, zone, ctcae, dlt FROM protocol_copy WHERE trial_code = $1"
    " ORDER BY effective_at DESC, protocol_version DESC LIMIT 1"
)
_TRIAL_BY_ID = Sql(
    "SELECT trial_id, trial_code, zone FROM protocol_copy WHERE trial_id = $1"
    " ORDER BY effective_at DESC, protocol_version DESC LIMIT 1"
)
_REPORTING = Sql("SELECT terms, effective_at FROM reporting_copy WHERE trial_id = $1")
_SITE_ZONE = Sql("SELECT zone FROM site_copy WHERE trial_id = $1 AND site_number = $2")
_DELEGATIONS = Sql(
    "SELECT role, site_number, from_at, until_at, ended_at FROM delegation_copy WHERE trial_id = $1 AND person = $2"
)

"""What participants' consent tasks depend on, read for one of them or for a stretch of ids of a trial."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.enrolment.domain.adult_consent import AdultConsentAnswer
from services.enrolment.domain.age import BirthMonth
from services.enrolment.domain.consent_tasks import ConsentStanding
from services.enrolment.domain.participation import Element, Participation
from services.enrolment.domain.protocol_terms import VersionRules, binding_rules
from services.enrolment.store.participants import Participant
from services.enrolment.store.people import person_parts, record_of
from services.enrolment.store.trials import versions_of
from shared.database import Tx
from shared.joint_reads import Part, each, fetch_together, nested, read_together

Row = dict[str, Any]
Found = Mapping[str, list[Row]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A participant by number and site, and what the tasks depend on; `upcoming` are versions not in effect yet."""

    participant_id: str
    trial_id: str
    number: str
    site_number: str
    consent: ConsentStanding
    upcoming: tuple[datetime, ...]


async def load_standings(tx: Tx, trial_id: str, ids: Sequence[str], now: datetime) -> list[Standing]:
    """These participants of a trial, given in the order of their ids."""
    if not ids:
        return []
    wanted = set(ids)
    versions = await versions_of(tx, trial_id)
    found = await fetch_together(tx, _STANDINGS, trial_id, ids[0], ids[-1])
    if not versions:
        return []
    return [one for one in _standings(found, trial_id, versions, now) if one.participant_id in wanted]


async def load_standing(tx: Tx, participant: Participant, now: datetime) -> ConsentStanding:
    """One participant.

    Raises:
        LookupError: there is no such participant, or no version of the protocol.
    """
    found = await load_standings(tx, participant.trial_id, [participant.id], now)
    if not found:
        raise LookupError("no such participant, or no protocol version")
    return found[0].consent


def _standings(
    found: Found, trial_id: str, versions: Sequence[VersionRules], now: datetime
) -> Iterator[Standing]:
    by_screening, by_participant = _grouped(found, "screening_id"), _grouped(found, "participant_id")
    green: dict[str, set[str]] = {}
    for row in each(found, "green_light"):
        green.setdefault(row["site_number"], set()).add(row["protocol_version"])
    upcoming = tuple(one.terms.effective_at for one in versions if one.terms.effective_at > now)
    for row in sorted(each(found, "participant"), key=lambda row: str(row["id"])):
        rules = binding_rules(versions, frozenset(green.get(row["site_number"], ())), now)
        signed, later = by_screening.get(row["of_screening"], {}), by_participant.get(row["id"], {})
        yield Standing(
            participant_id=row["id"],
            trial_id=trial_id,
            number=row["number"],
            site_number=row["site_number"],
            consent=_consent(row, rules, signed, later),
            upcoming=upcoming,
        )


def _consent(row: Row, rules: VersionRules, signed: Found, later: Found) -> ConsentStanding:
    born = BirthMonth(year=row["born_year"], month=row["born_month"])
    person = record_of(signed, born).facts
    episodes = sorted(each(later, "episode"), key=lambda one: str(one["id"]))
    begun_with = episodes[-1]["consent_id"] if episodes else ""
    answers = sorted(each(later, "answer"), key=lambda one: str(one["id"]))
    stopped = {Element(name) for name in nested(row["stopped"])}
    if row["treatment_ended_at"] is not None:
        stopped.add(Element.TREATMENT)
    return ConsentStanding(
        person=person,
        site_number=row["site_number"],
        since=next((one.signed_at for one in person.consents if one.id == begun_with), None),
        policy=rules.consent_policy(row["country"] or ""),
        terms=rules.terms.person.adult_consent,
        forms=rules.terms.consent_documents,
        zone=ZoneInfo(row["zone"] or "UTC"),
        participation=Participation(stopped=frozenset(stopped)),
        died=row["treatment_end_reason"] == "death" or bool(later.get("death")),
        voided=row["voided_at"] is not None,
        answer=AdultConsentAnswer(answers[-1]["answer"]) if answers else None,
    )


def _grouped(found: Found, by: str) -> dict[str, dict[str, list[Row]]]:
    grouped: dict[str, dict[str, list[Row]]] = {}
    for name, rows in found.items():
        for row in rows:
            if by in row:
                grouped.setdefault(row[by], {}).setdefault(name, []).append(row)
    return grouped


_STRETCH = "p.trial_id = $1 AND p.id >= $2 AND p.id <= $3"
_SCREENINGS = f"IN (SELECT p.screening_id FROM participant p WHERE {_STRETCH})"
_PARTICIPANTS = f"IN (SELECT p.id FROM participant p WHERE {_STRETCH})"
_STANDINGS = read_together(
    Part(
        name="participant",
        columns=(
            *("p.id", "p.number", "p.site_number", "p.screening_id AS of_screening", "p.stopped"),
            *("p.treatment_ended_at", "p.treatment_end_reason", "p.voided_at"),
            *("s.born_year", "s.born_month", "c.country", "c.zone"),
        ),
        source="participant p JOIN screening s ON s.id = p.screening_id"
        " LEFT JOIN site_copy c ON c.trial_id = p.trial_id AND c.site_number = p.site_number"
        f" WHERE {_STRETCH}",
    ),
    Part(
        name="green_light",
        columns=("site_number", "protocol_version"),
        source="green_light_copy WHERE trial_id = $1",
    ),
    *person_parts(_SCREENINGS),
    Part(
        name="answer",
        columns=("id", "participant_id", "answer"),
        source=f"adult_consent_answer WHERE participant_id {_PARTICIPANTS}",
    ),
    Part(
        name="episode",
        columns=("id", "participant_id", "consent_id"),
        source=f"episode WHERE participant_id {_PARTICIPANTS}",
    ),
    Part(
        name="death",
        columns=("id", "participant_id"),
        source=f"death WHERE participant_id {_PARTICIPANTS} AND withdrawn_at IS NULL",
    ),
)

"""What is known of a trial as a whole: its code, its sites and the protocol versions in its copies."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import zip_longest
from typing import Any

from services.enrolment.domain.planned_dose import DoseBasis
from services.enrolment.domain.protocol_terms import LevelTerms, PartTerms, ProtocolTerms, VersionRules
from services.enrolment.domain.recruitment import AtTarget, TargetPolicy
from services.enrolment.domain.stagger import EnforceAt, StaggerPolicy
from services.enrolment.store.kinds import rules_of_kind
from services.enrolment.store.person_terms import read_form, read_person_terms
from shared.database import Sql, Tx, read_instant, read_optional_instant
from shared.joint_reads import nested


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialName:
    """A trial by both its names: grants speak of the code, everything stored of the id."""

    id: str
    code: str


async def find_trial(tx: Tx, code_or_id: str) -> TrialName | None:
    rows = await tx.fetch(_FIND, code_or_id)
    return TrialName(id=rows[0][0], code=rows[0][1]) if rows else None


async def name_trial(tx: Tx, trial_id: str, code: str) -> None:
    """Keep the code of a trial whose gate is held; an empty one has not been heard yet."""
    if code:
        await tx.fetch(_NAME, trial_id, code)


async def known_trials(tx: Tx) -> list[str]:
    return [row[0] for row in await tx.fetch(_TRIALS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """A duty in force for a person: in which role, and at which site (empty: the whole trial).

    `unblinded`: they may know who is on which arm.
    """

    role: str
    site_number: str
    unblinded: bool = False


async def delegations_of(tx: Tx, trial_id: str, person: str, now: datetime) -> list[Delegation]:
    """The person's delegations that are in force now."""
    rows = await tx.fetch(_DELEGATIONS, trial_id, person)
    return [
        Delegation(role=role, site_number=site_number or "", unblinded=bool(unblinded))
        for role, site_number, from_at, until_at, unblinded in rows
        if in_force(read_instant(from_at), read_optional_instant(until_at), now)
    ]


def holds_duty(delegations: Sequence[Delegation], site_number: str, roles: Sequence[str]) -> bool:
    """Whether one of these delegations is of one of the roles, at the site."""
    return any(one.role in roles and one.site_number in ("", site_number) for one in delegations)


def in_force(from_at: datetime, until_at: datetime | None, now: datetime) -> bool:
    """Whether a duty with this beginning and end holds now."""
    return from_at <= now + CLOCKS_DIFFER and (until_at is None or now < until_at)


CLOCKS_DIFFER = timedelta(minutes=5)
"""A duty that begins "now" on the sponsor's clock must not be refused because ours is a little behind."""


async def site_zone(tx: Tx, trial_id: str, site_number: str) -> str:
    rows = await tx.fetch(_ZONE, trial_id, site_number)
    return str(rows[0][0]) if rows else "UTC"


async def green_lights_of(tx: Tx, trial_id: str, site_number: str) -> frozenset[str]:
    """The protocol versions for which the site's green light is in force."""
    return frozenset(row[0] for row in await tx.fetch(_GREEN_LIGHTS, trial_id, site_number))


async def versions_of(tx: Tx, trial_id: str) -> list[VersionRules]:
    """The approved versions, oldest first; each ends when its successor says so."""
    return each_until_the_next(
        (read_instant(row[1]), row[0], read_optional_instant(row[2]), row[3])
        for row in await tx.fetch(_VERSIONS, trial_id)
    )


def each_until_the_next(rows: Iterable[tuple[datetime, str, datetime | None, str]]) -> list[VersionRules]:
    """Versions in force from, named, with the end that they set to the one before, and their terms."""
    known = sorted(rows, key=lambda row: row[:2])
    return [
        _read_terms(version, effective_at, following[2] if following else None, text)
        for (effective_at, version, _, text), following in zip_longest(known, known[1:])
    ]


@lru_cache(maxsize=512)
def _read_terms(version: str, effective_at: datetime, sunset_at: datetime | None, text: str) -> VersionRules:
    document = nested(text)
    consent, stagger = document["consent"], document["stagger"]
    return VersionRules(
        kind=rules_of_kind(document["trial"].get("kind", "dose_finding")),
        terms=ProtocolTerms(
            version=version,
            effective_at=effective_at,
            sunset_at=sunset_at,
            parts={part["part"]: _part(part) for part in document["parts"]},
            consent_documents=tuple(read_form(form) for form in consent["documents"]),
            person=read_person_terms(document),
            eligibility_version=document["eligibility"]["version"],
            criteria=frozenset(criterion["id"] for criterion in document["eligibility"]["criteria"]),
            eligibility_valid_days=document["eligibility"]["validity_days"],
        ),
        ctimp=document["trial"]["ctimp"],
        age_of_consent=consent["age_of_consent"],
        assent_from_years=consent["assent_from_years"],
        stagger=StaggerPolicy(
            sentinel_n=stagger["sentinel_n"],
            interval_after_sentinel_hours=stagger["interval_after_sentinel_hours"],
            interval_between_hours=stagger["interval_between_hours"],
            enforce_at=EnforceAt(stagger["enforce_at"]),
        ),
        circulation_receipts=document["decision"]["circulation_receipts"],
        window_days=document["dlt"]["window"]["days"] if document["dlt"] else None,
        dose_basis=read_dose_basis(document),
    )


def read_dose_basis(document: Mapping[str, Any]) -> DoseBasis:
    """What a protocol version doses by; `none` where it plans no treatment."""
    treatment: Mapping[str, Any] | None = document.get("treatment")
    return DoseBasis(treatment["dose_basis"]) if treatment else DoseBasis.NONE


def _part(part: Mapping[str, Any]) -> PartTerms:
    return PartTerms(
        age_from=part["age"]["from_years"],
        age_below=part["age"]["below_years"],
        target=part["target"],
        target_policy=target_policy(part.get("at_target", "refuse"), part.get("allow_until")),
        stratum=part["stratum"],
        levels={
            level["level"]: LevelTerms(label=level["label"], dose=level["dose"], unit=level["unit"])
            for level in part["levels"]
        },
    )


def target_policy(at_target: str, allow_until: str | None) -> TargetPolicy:
    """The declared policy of a part, in the words of the protocol file."""
    until = None if allow_until is None else date.fromisoformat(allow_until)
    return TargetPolicy(at_target=AtTarget(at_target), until=until)


_FIND = Sql("SELECT trial_id, code FROM trial_gate WHERE (trial_id = $1 OR code = $1) AND code <> ''")
_NAME = Sql("UPDATE trial_gate SET code = $2 WHERE trial_id = $1 AND code <> $2")
_DELEGATIONS = Sql(
    "SELECT role, site_number, from_at, until_at, unblinded FROM delegation_copy"
    " WHERE trial_id = $1 AND person = $2 AND NOT ended"
)
_VERSIONS = Sql(
    "SELECT protocol_version, effective_at, previous_sunset_at, terms FROM protocol_copy WHERE trial_id = $1"
)
_TRIALS = Sql("SELECT trial_id FROM trial_gate ORDER BY trial_id")
_GREEN_LIGHTS = Sql("SELECT protocol_version FROM green_light_copy WHERE trial_id = $1 AND site_number = $2")
_ZONE = Sql("SELECT zone FROM site_copy WHERE trial_id = $1 AND site_number = $2")

"""Kinds of trial: which registration guards each kind has, and what its investigator signs.

The answers are data, one versioned table; this module says what a table may contain and reads it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from services.enrolment.domain.refusals import Refused

GUARD_NUMBERS: Mapping[str, int] = {
    "duty": 1,
    "freshness": 2,
    "trial_open": 3,
    "halt": 4,
    "site": 5,
    "site_activation": 6,
    "version": 7,
    "consent": 8,
    "consent_version": 9,
    "consent_person": 10,
    "consent_taker": 10,
    "assent": 11,
    "eligibility": 12,
    "judgement": 12,
    "age": 13,
    "duplicate": 14,
    "target": 15,
    "level": 16,
    "decision": 17,
    "circulation": 18,
    "cohort": 19,
    "slot": 20,
    "stagger": 21,
    "number": 22,
    "claimed_times": 23,
    "unchanged": 24,
}
"""Every guard of a registration by its name, in the order of evaluation."""

BEFORE_THE_KIND = frozenset({"duty", "freshness"})
"""Evaluated before anything is said about the trial, its kind included: they apply always."""


class Kind(StrEnum):
    DOSE_FINDING = "dose_finding"
    EXPANSION = "expansion"
    RANDOMISED = "randomised"
    ADVANCED_THERAPY = "advanced_therapy"
    RADIOTHERAPY = "radiotherapy"
    SUPPORTIVE_CARE = "supportive_care"
    SAMPLE_STUDY = "sample_study"
    SURVIVOR_COHORT = "survivor_cohort"
    QUALITY_OF_LIFE = "quality_of_life"
    QUALITATIVE = "qualitative"


class Applies(StrEnum):
    """Where a guard of a kind is evaluated; places are shared exactly in parts with dose levels."""

    ALWAYS = "always"
    WHERE_LEVELS = "where_levels"
    WHERE_PLACES_SHARED = "where_places_shared"
    WHERE_INTERVENTION = "where_intervention"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class KindRules:
    """One kind of trial as a table has it.

    `table` names the table with its version. `judgement` is what the investigator signs, empty where the kind
    has no intervention; `follow_up_years` is the least that a trial of the kind follows its participants.
    """

    kind: Kind
    table: str
    intervention: bool
    judgement: str
    follow_up_years: int
    guards: Mapping[str, Applies]

    def applies(self, guard: str, *, has_levels: bool) -> bool:
        """Whether the guard is evaluated for a part with or without dose levels."""
        match self.guards[guard]:
            case Applies.ALWAYS:
                return True
            case Applies.WHERE_LEVELS | Applies.WHERE_PLACES_SHARED:
                return has_levels
            case Applies.WHERE_INTERVENTION:
                return self.intervention
            case Applies.NEVER:
                return False


def no_treatment() -> Refused:
    """What is answered to an act about treatment in a trial under which nothing is given."""
    return Refused("no_treatment", "Nothing is given under a trial of this kind.")


_TABLE = frozenset({"id", "version", "statuses", "kinds", "guards"})
_KIND = frozenset({"kind", "intervention", "judgement", "follow_up_years_at_least"})
_SOURCED = frozenset({"status", "source"})
_GUARD = frozenset({"number", "guard", "applies"}) | _SOURCED


def read_kind_rules(document: Mapping[str, Any]) -> dict[Kind, KindRules]:
    """Every kind's rules from a table (`rules/trial-kinds.v<version>.json`).

    Raises:
        ValueError: a key is unknown or missing, a row has no source or a status that the table does not explain,
            a kind or a guard is missing, named twice or unknown, or a judgement is worded where nothing is judged.
    """
    _keys(document, _TABLE, "the table")
    statuses = frozenset(document["statuses"])
    kinds = {Kind(row["kind"]): row for row in document["kinds"]}
    guards = {row["guard"]: row for row in document["guards"]}
    _same(kinds.keys(), set(Kind), len(document["kinds"]), "kinds")
    _same(guards.keys(), GUARD_NUMBERS.keys(), len(document["guards"]), "guards")
    for row in document["guards"]:
        _check_guard(row, statuses)
    table = f"{document['id']}.v{document['version']}"
    return {kind: _rules(kind, row, guards, table, statuses) for kind, row in kinds.items()}


def _rules(
    kind: Kind, row: Mapping[str, Any], guards: Mapping[str, Any], table: str, statuses: frozenset[str]
) -> KindRules:
    _keys(row, _KIND, kind)
    judgement, follow_up, intervention = (
        row["judgement"],
        row["follow_up_years_at_least"],
        row["intervention"],
    )
    for name, value, what in (
        ("intervention", intervention, bool),
        ("judgement", judgement, str),
        ("follow_up_years_at_least", follow_up, int),
    ):
        _keys(value, _SOURCED | {"value"}, f"{kind}.{name}")
        _check_source(value, statuses, f"{kind}.{name}")
        if type(value["value"]) is not what:
            raise ValueError(f"{kind}.{name}: not of type {what.__name__}")
    if intervention["value"] != bool(judgement["value"].strip()):
        raise ValueError(f"{kind}: a judgement is worded exactly where there is an intervention")
    if follow_up["value"] < 0:
        raise ValueError(f"{kind}: years of follow-up are not negative")
    return KindRules(
        kind=kind,
        table=table,
        intervention=intervention["value"],
        judgement=judgement["value"],
        follow_up_years=follow_up["value"],
        guards={name: Applies(guards[name]["applies"][kind]) for name in GUARD_NUMBERS},
    )


def _check_guard(row: Mapping[str, Any], statuses: frozenset[str]) -> None:
    name = row["guard"]
    _keys(row, _GUARD, name)
    _check_source(row, statuses, name)
    _same(row["applies"].keys(), set(Kind), len(row["applies"]), f"kinds of {name}")
    if row["number"] != GUARD_NUMBERS[name]:
        raise ValueError(f"{name} is guard {GUARD_NUMBERS[name]}")
    applies = {Applies(word) for word in row["applies"].values()}
    if name in BEFORE_THE_KIND and applies != {Applies.ALWAYS}:
        raise ValueError(f"{name} is evaluated before the kind is looked at: it applies always")


def _keys(row: Mapping[str, Any], expected: frozenset[str], where: str) -> None:
    if row.keys() != expected:
        raise ValueError(f"{where}: {', '.join(sorted(row.keys() ^ expected))} unknown or missing")


def _same(found: Any, expected: Any, rows: int, what: str) -> None:
    if set(found) != set(expected):
        raise ValueError(f"{what}: {', '.join(sorted(set(found) ^ set(expected)))} unknown or missing")
    if rows != len(set(found)):
        raise ValueError(f"{what}: one is named twice")


def _check_source(row: Mapping[str, Any], statuses: frozenset[str], where: str) -> None:
    if row["status"] not in statuses:
        raise ValueError(f"{where}: the table does not explain the status {row['status']}")
    if not str(row["source"]).strip():
        raise ValueError(f"{where}: no source")

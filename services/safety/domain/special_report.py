"""Reports besides adverse events: pregnancies, medication errors, syndromes with a grading of their own, late effects.

None of them is an adverse event by itself; each says when an adverse event has to be reported with it. Like every
report they are taken in whatever they lack, and what is missing is asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from services.safety.domain.alert import AlertKind
from services.safety.domain.special_grading import Scale, SpecialGrade, Tables, special_grade


class SpecialKind(StrEnum):
    PREGNANCY = "pregnancy"
    MEDICATION_ERROR = "medication_error"
    SYNDROME = "syndrome"
    LATE_EFFECT = "late_effect"


Facts = Mapping[str, object]

NORMAL_OUTCOMES = frozenset({"live_birth", "elective_termination"})
ABNORMAL_OUTCOMES = frozenset(
    {"congenital_anomaly", "spontaneous_abortion", "stillbirth", "neonatal_death", "termination_for_anomaly"}
)
ONGOING = "ongoing"
WATCHED = frozenset(
    {
        "second_malignancy",
        "neurological_disorder",
        "autoimmune_disorder",
        "haematological_disorder",
        "replication_competent_virus",
        "vector_insertion",
    }
)
"""What is watched for years after gene therapy. Source: FDA, Long Term Follow-Up, January 2020."""

ASKED: Mapping[SpecialKind, tuple[str, ...]] = MappingProxyType(
    {
        SpecialKind.PREGNANCY: ("whose", "known_on", "outcome"),
        SpecialKind.MEDICATION_ERROR: ("error", "happened_on", "reached", "harm"),
        SpecialKind.SYNDROME: ("scale", "began_on"),
        SpecialKind.LATE_EFFECT: ("watched", "began_on"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialDecision:
    """What follows from one version: questions by field, at most one alert, and a derived grade.

    `open` says that it is to be followed further; `needs_adverse_event` that an adverse event belongs to it.
    """

    queries: tuple[str, ...]
    alert: AlertKind | None
    grade: SpecialGrade | None
    open: bool
    needs_adverse_event: bool


def decide_special(
    kind: SpecialKind, facts: Facts, tables: Tables, *, linked: bool, matched: bool
) -> SpecialDecision:
    """Decision on one version; never a refusal.

    Args:
        kind: of the report.
        facts: as stated, empty where nothing was.
        tables: by which syndromes are graded.
        linked: an adverse event is linked to it already.
        matched: its participant is known.
    """
    queries = [f"{name}_missing" for name in ASKED[kind] if facts.get(name) in (None, "")]
    if not matched:
        queries.append("participant_unmatched")
    decide = _DECIDE[kind]
    alert, needs, grade, more = decide(facts, tables)
    if needs and not linked:
        queries.append("adverse_event_missing")
    return SpecialDecision(
        queries=(*queries, *more),
        alert=alert,
        grade=grade,
        open=kind is SpecialKind.PREGNANCY and facts.get("outcome") in (None, "", ONGOING),
        needs_adverse_event=needs,
    )


Decided = tuple[AlertKind | None, bool, SpecialGrade | None, tuple[str, ...]]


def _pregnancy(facts: Facts, _: Tables) -> Decided:
    """Not serious by itself; an abnormal outcome is (congenital anomaly)."""
    outcome = facts.get("outcome")
    more: tuple[str, ...] = ()
    if facts.get("whose") == "partner" and facts.get("consent") is not True:
        more = ("partner_consent_missing",)
    known = {*NORMAL_OUTCOMES, *ABNORMAL_OUTCOMES, ONGOING, None, ""}
    if outcome not in known:
        return AlertKind.SERIOUS_ADVERSE_EVENT, True, None, (*more, "outcome_unrecognised")
    abnormal = outcome in ABNORMAL_OUTCOMES
    alert = AlertKind.SERIOUS_ADVERSE_EVENT if abnormal else AlertKind.SPECIAL_REPORT
    return alert, abnormal, None, more


def _medication_error(facts: Facts, _: Tables) -> Decided:
    """Unknown counts against us: harm that is not stated is asked for, and somebody looks."""
    if facts.get("reached") is False:
        return None, False, None, ()
    if facts.get("harm") == "serious":
        return AlertKind.SERIOUS_ADVERSE_EVENT, True, None, ()
    return AlertKind.SPECIAL_REPORT, facts.get("harm") == "not_serious", None, ()


def _syndrome(facts: Facts, tables: Tables) -> Decided:
    scale = facts.get("scale")
    if scale not in tuple(Scale):
        return AlertKind.SPECIAL_REPORT, True, None, ("scale_unrecognised",)
    findings = facts.get("findings")
    grade = special_grade(
        tables[Scale(str(scale))],
        {str(name): str(value) for name, value in findings.items()} if isinstance(findings, Mapping) else {},
        died_of_it=facts.get("died_of_it") is True,
    )
    stated = facts.get("grade")
    more: tuple[str, ...] = ()
    if grade.grade is None:
        more = (f"grade_{grade.reason}",)
    elif stated is not None and stated != grade.grade:
        more = ("grade_differs_from_findings",)
    worst = max(grade.grade or 0, stated if isinstance(stated, int) else 0)
    alert = {5: AlertKind.DEATH, 4: AlertKind.LIFE_THREATENING}.get(worst, AlertKind.SPECIAL_REPORT)
    return alert, True, grade, more


def _late_effect(facts: Facts, _: Tables) -> Decided:
    """A hit is urgent however late it comes; what is not on the list is looked at all the same."""
    known = facts.get("watched") in WATCHED
    return AlertKind.LATE_EFFECT, True, None, () if known else ("watched_unrecognised",)


_DECIDE = MappingProxyType(
    {
        SpecialKind.PREGNANCY: _pregnancy,
        SpecialKind.MEDICATION_ERROR: _medication_error,
        SpecialKind.SYNDROME: _syndrome,
        SpecialKind.LATE_EFFECT: _late_effect,
    }
)


def changed_facts(before: Facts, after: Facts) -> tuple[str, ...]:
    """Names of the facts whose values differ."""
    return tuple(sorted(name for name in {*before, *after} if before.get(name) != after.get(name)))

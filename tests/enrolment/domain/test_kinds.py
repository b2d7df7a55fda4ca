"""Every kind of trial against every guard, and the table that says which of them apply."""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.enrolment.domain.cohort_counts import CohortCounts
from services.enrolment.domain.consent import Assent, AssentAnswer, SignerCapacity
from services.enrolment.domain.guards import duty_guard, freshness_guard
from services.enrolment.domain.ids import DecisionId, LevelId, ParticipantId, PartLevel
from services.enrolment.domain.kinds import GUARD_NUMBERS, Applies, Kind, KindRules, read_kind_rules
from services.enrolment.domain.levels import DoseLevel, LevelState
from services.enrolment.domain.protocol_terms import PartTerms
from services.enrolment.domain.recruitment import SiteStatus, TrialStatus
from services.enrolment.domain.registration import REGISTRATION_GUARDS, evaluate_guards
from services.enrolment.domain.registration_facts import Circulation, NumberOwner, RegistrationFacts
from services.enrolment.domain.stagger import AtLevel, EnforceAt, StaggerPolicy
from services.enrolment.store.kinds import TABLE, kinds_in_use, rules_of_kind
from tests.enrolment.domain.spoiling import (
    DAY,
    NOW,
    Change,
    at,
    codes,
    consent,
    halted,
    person,
    terms,
    trial,
    whole,
)

WITH_INTERVENTION = {
    Kind.DOSE_FINDING,
    Kind.EXPANSION,
    Kind.RANDOMISED,
    Kind.ADVANCED_THERAPY,
    Kind.RADIOTHERAPY,
    Kind.SUPPORTIVE_CARE,
}
OF_LEVELS = {"level", "decision", "circulation", "cohort", "slot", "stagger"}
CLOSED = DoseLevel(
    id=LevelId("level-2"),
    place=PartLevel(part="escalation", level=2),
    state=LevelState.CLOSED,
    opened_by=DecisionId("decision-1"),
)
DOSED_TODAY = AtLevel(
    participant_id=ParticipantId("p8"), registered_at=NOW - DAY, first_dose_at=NOW - timedelta(hours=1)
)
A_WEEK_APART = StaggerPolicy(interval_between_hours=168, enforce_at=EnforceAt.REGISTRATION)
SPOILED: dict[str, tuple[Change, str]] = {
    "trial_open": (trial(status=TrialStatus.CLOSED_TO_RECRUITMENT), "trial_not_open"),
    "halt": (halted(), "trial_halted"),
    "site": (trial(site_status=SiteStatus.SUSPENDED), "site_suspended"),
    "site_activation": (trial(site_status=SiteStatus.CLOSED), "site_not_activated"),
    "version": (terms(sunset_at=NOW), "version_sunset"),
    "consent": (person(consents=()), "consent_missing"),
    "consent_version": (person(consents=(consent(version="2.0"),)), "consent_version_stale"),
    "consent_person": (
        person(consents=(consent(capacity=SignerCapacity.PARTICIPANT),)),
        "consent_wrong_person",
    ),
    "consent_taker": (person(consents=(consent(delegated=False),)), "consent_not_delegated"),
    "assent": (person(assent=Assent(answer=AssentAnswer.NOT_RECORDED)), "assent_decision_required"),
    "eligibility": (person(eligibility=None), "eligibility_incomplete"),
    "judgement": (person(judgement=None), "judgement_missing"),
    "age": (terms(parts={"escalation": PartTerms(age_from=14, age_below=18)}), "age_out_of_range"),
    "duplicate": (person(unresolved_duplicates=1), "possible_duplicate"),
    "target": (at(registered_in_part=20), "target_reached"),
    "level": (at(level=CLOSED), "dose_level_closed"),
    "decision": (at(decision=None), "no_signed_decision"),
    "circulation": (
        at(circulation=Circulation(required=True, received=False)),
        "decision_not_received_at_site",
    ),
    "cohort": (at(counts=CohortCounts(n=6, dlt=0, pending=6)), "cohort_hold"),
    "slot": (at(slot=None), "slot_required"),
    "stagger": (at(stagger=A_WEEK_APART, others_at_level=(DOSED_TODAY,)), "stagger_not_elapsed"),
    "number": (whole(number_owner=NumberOwner.NOT_THIS_SITE), "not_found"),
    "claimed_times": (whole(claimed_times={"consent_signed_at": NOW + DAY}), "time_in_future"),
    "unchanged": (whole(version_read=3), "version_conflict"),
}


def should_apply(kind: Kind, guard: str, has_levels: bool) -> bool:
    """What the practice of trials says, apart from any table."""
    if guard in OF_LEVELS:
        return has_levels
    return guard != "judgement" or kind in WITH_INTERVENTION


def complete(ready: RegistrationFacts, kind: Kind, has_levels: bool) -> RegistrationFacts:
    """A registration with all that a trial of the kind asks for, and nothing that it does not."""
    facts = replace(ready, kind=rules_of_kind(kind))
    if kind not in WITH_INTERVENTION:
        facts = person(judgement=None)(facts)
    if has_levels:
        return facts
    bare = at(level=None, decision=None, slot=None, others_at_level=())(facts)
    return replace(bare, place=PartLevel(part=ready.place.part, level=0))


@pytest.mark.parametrize("has_levels", [True, False], ids=["levels", "no-levels"])
@pytest.mark.parametrize("kind", Kind)
def test_a_registration_complete_for_its_kind_passes_exactly_the_guards_of_the_kind(
    ready: RegistrationFacts, kind: Kind, has_levels: bool
) -> None:
    results = evaluate_guards(complete(ready, kind, has_levels), NOW)

    assert [result for result in results if not result.passed] == []
    expected = [name for name in REGISTRATION_GUARDS if should_apply(kind, name, has_levels)]
    assert [result.name for result in results] == expected


@pytest.mark.parametrize("has_levels", [True, False], ids=["levels", "no-levels"])
@pytest.mark.parametrize("guard", SPOILED)
@pytest.mark.parametrize("kind", Kind)
def test_a_spoiled_fact_refuses_where_its_guard_applies_to_the_kind_and_nowhere_else(
    ready: RegistrationFacts, kind: Kind, guard: str, has_levels: bool
) -> None:
    spoil, code = SPOILED[guard]
    facts = complete(ready, kind, has_levels)

    found = codes(spoil(facts))

    assert (code in found) == should_apply(kind, guard, has_levels)
    if not should_apply(kind, guard, has_levels):
        assert found == []


def test_every_guard_of_a_registration_is_spoiled_here() -> None:
    assert list(SPOILED) == list(REGISTRATION_GUARDS)


def test_guards_bear_their_names_and_numbers(ready: RegistrationFacts) -> None:
    results = evaluate_guards(ready, NOW)

    first = [duty_guard(duty="register", delegated=True, visible=True), freshness_guard([])]
    assert {result.name: result.number for result in (*first, *results)} == GUARD_NUMBERS
    assert [result.name for result in results] == list(REGISTRATION_GUARDS)


@pytest.mark.parametrize("kind", Kind)
def test_a_judgement_is_worded_where_there_is_an_intervention_and_never_promises(kind: Kind) -> None:
    rules = rules_of_kind(kind)

    assert rules.intervention == (kind in WITH_INTERVENTION)
    assert bool(rules.judgement) == rules.intervention
    assert "will help" not in rules.judgement.lower()
    if rules.intervention:
        assert "in this child's interests" in rules.judgement
        assert "alternatives have been considered" in rules.judgement


def test_an_advanced_therapy_is_followed_for_fifteen_years_and_the_others_as_their_protocol_says() -> None:
    years = {kind: rules.follow_up_years for kind, rules in kinds_in_use().items()}

    assert years == dict.fromkeys(Kind, 0) | {Kind.ADVANCED_THERAPY: 15}


def test_the_judgement_guard_keeps_the_words_that_were_signed(ready: RegistrationFacts) -> None:
    facts = complete(ready, Kind.SUPPORTIVE_CARE, has_levels=False)

    (judgement,) = [result for result in evaluate_guards(facts, NOW) if result.name == "judgement"]

    assert judgement.inputs["statement"] == rules_of_kind("supportive_care").judgement


def test_a_guard_that_never_applies_is_not_evaluated(ready: RegistrationFacts) -> None:
    never = ready.kind.guards | {"age": Applies.NEVER}  # type: ignore[operator]
    facts = replace(ready, kind=replace(ready.kind, guards=never))

    assert "age" not in [result.name for result in evaluate_guards(facts, NOW)]


# -- the table ------------------------------------------------------------------------------------------


@pytest.fixture
def table() -> dict[str, Any]:
    return dict(json.loads(TABLE.read_text(encoding="utf-8")))


def test_the_table_names_itself_in_the_rules(table: dict[str, Any]) -> None:
    rules = read_kind_rules(table)

    assert {it.table for it in rules.values()} == {"trial-kinds.v1"}
    assert set(rules) == set(Kind)


def kinds_row(kind: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda table: next(row for row in table["kinds"] if row["kind"] == kind)


def guards_row(guard: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda table: next(row for row in table["guards"] if row["guard"] == guard)


def the_table(table: dict[str, Any]) -> dict[str, Any]:
    return table


WRONG: list[tuple[str, Callable[[dict[str, Any]], dict[str, Any]], dict[str, Any], str]] = [
    ("an unknown key", the_table, {"colour": "red"}, "colour"),
    ("an unknown key of a kind", kinds_row("qualitative"), {"colour": "red"}, "colour"),
    ("an unknown key of a guard", guards_row("age"), {"colour": "red"}, "colour"),
    ("an unknown guard", guards_row("age"), {"guard": "weight"}, "weight"),
    ("a guard named twice", guards_row("age"), {"guard": "assent", "number": 11}, "age"),
    ("another number", guards_row("age"), {"number": 14}, "guard 13"),
    ("an unknown kind", kinds_row("qualitative"), {"kind": "quantitative"}, "quantitative"),
    ("an unknown status", guards_row("age"), {"status": "law"}, "law"),
    ("no source", guards_row("age"), {"source": " "}, "source"),
    ("a kind without an answer", guards_row("age"), {"applies": {"dose_finding": "always"}}, "qualitative"),
    (
        "a word that is no answer",
        guards_row("age"),
        {"applies": dict.fromkeys(Kind, "sometimes")},
        "sometimes",
    ),
    ("duty for some", guards_row("duty"), {"applies": dict.fromkeys(Kind, "never")}, "always"),
    (
        "a number that is a word",
        kinds_row("qualitative"),
        {"follow_up_years_at_least": {"value": "1", "status": "project", "source": "x"}},
        "follow_up_years_at_least",
    ),
    (
        "years below none",
        kinds_row("qualitative"),
        {"follow_up_years_at_least": {"value": -1, "status": "project", "source": "x"}},
        "negative",
    ),
    (
        "a judgement of nothing",
        kinds_row("qualitative"),
        {"judgement": {"value": "In this child's interests.", "status": "project", "source": "x"}},
        "intervention",
    ),
]


@pytest.mark.parametrize(
    ("row", "change", "named"), [case[1:] for case in WRONG], ids=[it[0] for it in WRONG]
)
def test_a_table_with_anything_unknown_missing_or_contradictory_is_refused(
    table: dict[str, Any],
    row: Callable[[dict[str, Any]], dict[str, Any]],
    change: dict[str, Any],
    named: str,
) -> None:
    wrong = deepcopy(table)
    row(wrong).update(change)

    with pytest.raises(ValueError, match=named):
        read_kind_rules(wrong)


@pytest.mark.parametrize("guard", GUARD_NUMBERS)
def test_a_table_that_forgets_a_guard_is_refused(table: dict[str, Any], guard: str) -> None:
    table["guards"] = [row for row in table["guards"] if row["guard"] != guard]

    with pytest.raises(ValueError, match=guard):
        read_kind_rules(table)


def test_a_kind_that_no_table_knows_has_no_rules() -> None:
    with pytest.raises(ValueError, match="registry"):
        rules_of_kind("registry")


def test_rules_are_asked_by_the_shape_of_the_part() -> None:
    rules: KindRules = rules_of_kind("radiotherapy")

    assert rules.applies("cohort", has_levels=True)
    assert not rules.applies("cohort", has_levels=False)

"""Which events count: attribution, exclusions, classes and terms."""

import pytest

from services.safety.domain.causality import Causality
from services.safety.domain.dlt import Provisional, Verdict
from services.safety.domain.dlt_definition import DltDefinition
from services.safety.domain.dlt_facts import DltEvent
from services.safety.domain.dlt_timeline import Strength
from tests.safety.domain.judging import Define, anc, criterion, g, judge, rash


@pytest.mark.parametrize(
    ("causality", "verdict"),
    [
        (Causality.UNRELATED, Verdict.NO_DLT),
        (Causality.UNLIKELY, Verdict.NO_DLT),
        (Causality.POSSIBLE, Verdict.DLT),
        (Causality.PROBABLE, Verdict.DLT),
        (Causality.DEFINITE, Verdict.DLT),
    ],
)
def test_only_the_attribution_that_the_protocol_names_counts(
    definition: DltDefinition, causality: Causality, verdict: Verdict
) -> None:
    assert judge(definition, 29, rash(g(5, 3), causality=causality)).verdict is verdict


def test_a_missing_attribution_counts_provisionally(definition: DltDefinition) -> None:
    finding = judge(definition, 29, rash(g(5, 3), causality=Causality.NOT_ASSESSED))

    assert (finding.verdict, finding.provisional) == (Verdict.PENDING, Provisional.DLT)
    assert finding.reasons == ("causality_missing",)


def test_where_a_missing_attribution_does_not_count_the_answer_is_still_awaited(
    definition_with: Define,
) -> None:
    rules = definition_with(attribution={"counts": ["possible"], "missing": "does_not_count"})

    finding = judge(rules, 29, rash(g(5, 3), causality=Causality.NOT_ASSESSED))

    assert (finding.verdict, finding.provisional) == (Verdict.PENDING, Provisional.NONE)


def test_the_sponsor_may_raise_the_attribution_and_never_lower_it(definition: DltDefinition) -> None:
    raised = rash(g(5, 3), causality=Causality.UNRELATED, sponsor=Causality.POSSIBLE)
    lowered = rash(g(5, 3), causality=Causality.POSSIBLE, sponsor=Causality.UNRELATED)

    assert judge(definition, 29, raised).verdict is Verdict.DLT
    assert judge(definition, 29, lowered).verdict is Verdict.DLT


def test_an_exclusion_applies_only_to_the_criterion_that_names_it(definition: DltDefinition) -> None:
    allowed = rash(g(5, 3), exclusions=frozenset({"alt-brief"}))
    foreign = rash(g(5, 3), exclusions=frozenset({"something-else"}))

    assert judge(definition, 29, allowed).verdict is Verdict.NO_DLT
    assert judge(definition, 29, foreign).verdict is Verdict.DLT


def test_a_class_that_the_criterion_leaves_out_does_not_count(definition: DltDefinition) -> None:
    blood = DltEvent(
        id="fn",
        term="Febrile neutropenia",
        soc="Blood and lymphatic system disorders",
        causality=Causality.DEFINITE,
        grades=(g(5, 4),),
    )

    assert judge(definition, 29, blood).verdict is Verdict.NO_DLT


def test_a_term_with_its_own_criterion_is_not_judged_by_the_any_term_one(definition: DltDefinition) -> None:
    brief = anc(g(3, 4), g(5, 1))

    assert judge(definition, 29, brief).verdict is Verdict.NO_DLT
    assert criterion(judge(definition, 5, brief), "nonhaem-g3") is Strength.NO


def test_an_uncoded_event_counts_provisionally_for_any_term_criteria(definition: DltDefinition) -> None:
    uncoded = DltEvent(id="x", term="", soc="", causality=Causality.POSSIBLE, grades=(g(5, 3),))

    finding = judge(definition, 29, uncoded)

    assert (finding.verdict, finding.provisional) == (Verdict.PENDING, Provisional.DLT)
    assert "term_not_coded" in finding.reasons

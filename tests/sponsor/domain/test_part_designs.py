"""Table designs in a running part: the recommendation for people, and the rule that a signed decision carries."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.sponsor.domain.assessment import HOLDING, cohort_rule_for, recommend_part, rule_source
from services.sponsor.domain.cohort_rule import RuleAnswer, evaluate_rule, rule_payload
from services.sponsor.domain.decision import DecisionKind
from services.sponsor.domain.escalation.entry_table import MOST_AT_A_LEVEL, entry_table
from services.sponsor.domain.escalation.part_design import PartHistory, recommend_for_part
from services.sponsor.domain.escalation.result import Reason, Recommendation, RecommendationKind
from services.sponsor.domain.protocol_terms import PartTerms
from services.sponsor.domain.standing import LevelCounts
from services.sponsor.store.designs import stated_design
from tests.sponsor.domain.designs import boin, extra_safe, three_plus_three

Kind = RecommendationKind
SAME, HOLD, CLOSE = RuleAnswer.SAME, RuleAnswer.HOLD, RuleAnswer.CLOSE
BOIN = {"id": "boin", "version": "2015.1", "parameters": {"target": "0.3", "cohort_size": 3}}
THREE = {"id": "three_plus_three", "version": "1994.1"}


def part(stated: Mapping[str, Any], levels: int = 3) -> PartTerms:
    table, design = stated_design(stated, levels, 1)
    labels = tuple(str(level) for level in range(1, levels + 1))
    return PartTerms(
        part="a", stratum="all", labels=labels, start_level=1, target=None, rule=table, design=design
    )


def at(
    stated: Mapping[str, Any], counts: dict[int, LevelCounts], *opened: int, **more: Any
) -> Recommendation:
    terms = part(stated)
    assert terms.design is not None
    return recommend_for_part(
        terms.design, rule_source(terms, 1), counts, PartHistory(opened=opened, **more), terms.levels
    )


def rule_answers(stated: Mapping[str, Any], level: int = 2) -> dict[tuple[int, int, int], RuleAnswer]:
    rule = cohort_rule_for(part(stated), level, DecisionKind.OPEN_LEVEL, ())
    assert rule is not None
    return {
        (n, dlts, pending): evaluate_rule(rule, LevelCounts(n=n, dlt=dlts, pending=pending))
        for n in range(8)
        for dlts in range(n + 1)
        for pending in range(n - dlts + 1)
    }


def test_before_anybody_the_start_level_is_recommended() -> None:
    found = at(THREE, {})

    assert (found.kind, found.level, found.reasons) == (Kind.STAY, 1, (Reason.START_LEVEL,))


def test_three_clear_escalate_and_a_cohort_under_way_waits() -> None:
    full = at(THREE, {1: LevelCounts(n=3)}, 1)
    entering = at(THREE, {1: LevelCounts(n=2, pending=1)}, 1)

    assert (full.kind, full.level) == (Kind.ESCALATE, 2)
    assert (entering.kind, entering.level, entering.reasons) == (Kind.WAIT, None, (Reason.PARTIAL_COHORT,))


def test_waiting_for_a_cohort_holds_no_level() -> None:
    """The decision's own rule says who may still complete the cohort; a hold would shut them out."""
    assert Kind.WAIT not in HOLDING


def test_a_level_that_boin_closes_is_left_for_the_one_below() -> None:
    found = at(BOIN, {1: LevelCounts(n=3), 2: LevelCounts(n=3, dlt=3)}, 1, 2)

    assert (found.kind, found.level, found.closed_levels) == (Kind.DEESCALATE, 1, (2, 3))
    assert found.reasons == (Reason.ELIMINATED,)


def test_a_provisional_dlt_is_read_both_ways() -> None:
    counts = {1: LevelCounts(n=3), 2: LevelCounts(n=3, dlt=1, pending=1, provisional=1)}

    found = at(BOIN, counts, 1, 2)

    assert found.kind is Kind.WAIT


def test_the_rule_of_three_plus_three() -> None:
    found = rule_answers(THREE)

    assert [found[n, 0, n] for n in range(3)] == [SAME] * 3
    assert (found[3, 0, 3], found[3, 0, 0], found[3, 1, 0]) == (HOLD, HOLD, SAME)
    assert (found[4, 1, 1], found[6, 1, 1], found[6, 1, 0]) == (SAME, HOLD, HOLD)
    assert {found[n, 2, c] for n in range(2, 7) for c in range(n - 1)} == {CLOSE}


def test_the_rule_of_boin_fills_cohorts_and_then_decides() -> None:
    found = rule_answers(BOIN)

    assert (found[1, 0, 1], found[2, 1, 1], found[2, 2, 0]) == (SAME, SAME, HOLD)
    assert (found[3, 0, 1], found[3, 0, 0], found[3, 1, 0], found[3, 2, 0]) == (HOLD, HOLD, SAME, HOLD)
    assert (found[3, 3, 0], found[4, 3, 1]) == (CLOSE, CLOSE)


def test_where_nothing_is_above_escalation_means_filling_up() -> None:
    top = rule_answers(BOIN, 3)

    assert top[3, 0, 0] is SAME


def test_at_the_lowest_level_going_down_means_staying() -> None:
    assert rule_answers(BOIN, 1)[3, 2, 0] is SAME
    assert rule_answers(BOIN, 2)[3, 2, 0] is HOLD


def test_an_extra_safe_design_closes_its_lowest_level_earlier() -> None:
    lowest = entry_table(extra_safe("0.3"), "2015.1", 1)
    above = entry_table(extra_safe("0.3"), "2015.1", 2)

    assert (lowest.cells[3, 2, 0].value, (3, 2, 0) in above.cells) == ("deescalate", False)


def test_parameters_that_leave_the_cells_alone_still_name_another_rule() -> None:
    plain, bounded = part(BOIN), part(BOIN | {"parameters": BOIN["parameters"] | {"bound_mtd": True}})  # type: ignore[operator]

    assert plain.table_at(2).cells == bounded.table_at(2).cells
    assert rule_source(plain, 2).sha256 != rule_source(bounded, 2).sha256


def test_the_recommendation_names_the_table_of_the_level_that_was_read() -> None:
    terms = part(BOIN)

    found = recommend_part(terms, (), PartHistory())

    assert found.cell.source == rule_source(terms, 1)


def test_the_rule_travels_with_a_decision_in_reasonable_size() -> None:
    rule = cohort_rule_for(part(BOIN), 2, DecisionKind.OPEN_LEVEL, ())

    assert rule is not None
    assert len(str(rule_payload(rule))) < 100_000


@st.composite
def level_counts(draw: st.DrawFn) -> LevelCounts:
    n = draw(st.integers(0, MOST_AT_A_LEVEL))
    dlts = draw(st.integers(0, n))
    return LevelCounts(n=n, dlt=dlts, pending=draw(st.integers(0, n - dlts)))


@settings(max_examples=300, deadline=None)
@given(counts=level_counts(), name=st.sampled_from(["three_plus_three", "boin"]), level=st.integers(1, 3))
def test_the_rule_never_lets_anybody_in_where_the_design_says_down_or_stop(
    counts: LevelCounts, name: str, level: int
) -> None:
    """Whatever the outcomes of the pending: if every one of them leads down, the rule does not say same."""
    stated = THREE if name == "three_plus_three" else BOIN
    rule = cohort_rule_for(part(stated), level, DecisionKind.OPEN_LEVEL, ())
    assert rule is not None
    below = {lower: LevelCounts(n=3) for lower in range(1, level)}
    opened = tuple(range(1, level + 1))

    found = at(stated, below | {level: counts}, *opened)

    if counts.n and found.kind in {Kind.DEESCALATE, Kind.STOP_NO_MTD, Kind.ELIMINATE}:
        assert evaluate_rule(rule, counts) is not SAME
    listed = counts.n <= (6 if name == "three_plus_three" else MOST_AT_A_LEVEL)
    if level in found.closed_levels and not counts.pending and listed:
        assert evaluate_rule(rule, counts) is CLOSE


@pytest.mark.parametrize("design", [boin(), three_plus_three()])
def test_one_more_dlt_never_relaxes_the_rule(design: Any) -> None:
    table = entry_table(design, "2015.1", 2)

    for (n, dlts, pending), decision in table.cells.items():
        worse = table.cells.get((n, dlts + 1, pending))
        if decision.value == "deescalate" and dlts < n - pending:
            assert worse is not None
            assert worse.value == "deescalate"

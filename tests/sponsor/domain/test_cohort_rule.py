"""The rule that a signed decision carries, derived from a table or from a stated boundary."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sponsor.domain.boundary import checked_limits
from services.sponsor.domain.canonical import canonical_bytes
from services.sponsor.domain.cohort_rule import (
    BoundaryRule,
    NextLevel,
    RuleAnswer,
    evaluate_rule,
    places_available,
    rule_from_boundary,
    rule_from_table,
    rule_payload,
    rule_sha256,
)
from services.sponsor.domain.escalation.result import RecommendationKind
from services.sponsor.domain.escalation.rolling_six import PartHistory, recommend
from services.sponsor.domain.escalation.table import DecisionTable, TableDecision, table_from_rows
from services.sponsor.domain.ids import PartLevel
from services.sponsor.domain.standing import LevelCounts

LEVEL_2 = PartLevel(part="a", level=2)
EXPANSION = PartLevel(part="a-expansion", level=1)


def boundary(max_evaluable: int = 12) -> BoundaryRule:
    limits = checked_limits({3: 3, 4: 3, 5: 3, 6: 4, 9: 5, 12: 6}, max_evaluable)
    return rule_from_boundary("protocol 9.3", limits, max_evaluable, EXPANSION, (LEVEL_2,))


def test_nobody_registered_yet_may_join(rolling_six: DecisionTable) -> None:
    rule = rule_from_table(rolling_six, LEVEL_2, NextLevel.OPENABLE)

    assert evaluate_rule(rule, LevelCounts()) is RuleAnswer.SAME


@pytest.mark.parametrize(
    ("counts", "answer"),
    [
        (LevelCounts(n=2), RuleAnswer.SAME),
        (LevelCounts(n=3), RuleAnswer.HOLD),  # the table says escalate: people decide first
        (LevelCounts(n=3, pending=1), RuleAnswer.SAME),
        (LevelCounts(n=6, pending=2), RuleAnswer.HOLD),
        (LevelCounts(n=4, dlt=2, pending=1), RuleAnswer.CLOSE),
        (LevelCounts(n=7), RuleAnswer.HOLD),  # outside the rows
        (LevelCounts(n=8, dlt=3), RuleAnswer.HOLD),
    ],
)
def test_the_rule_while_the_next_level_can_be_opened(
    counts: LevelCounts, answer: RuleAnswer, rolling_six: DecisionTable
) -> None:
    rule = rule_from_table(rolling_six, LEVEL_2, NextLevel.OPENABLE)

    assert evaluate_rule(rule, counts) is answer


@pytest.mark.parametrize("next_level", [NextLevel.NONE, NextLevel.ELIMINATED])
def test_with_nothing_to_escalate_to_the_level_fills_up_to_six_and_no_further(
    next_level: NextLevel, rolling_six: DecisionTable
) -> None:
    rule = rule_from_table(rolling_six, LEVEL_2, next_level)

    answers = [evaluate_rule(rule, LevelCounts(n=n)) for n in range(3, 7)]

    assert answers == [RuleAnswer.SAME, RuleAnswer.SAME, RuleAnswer.SAME, RuleAnswer.HOLD]


def test_a_decision_to_expand_fills_up_although_the_next_level_is_openable(
    rolling_six: DecisionTable,
) -> None:
    rule = rule_from_table(rolling_six, LEVEL_2, NextLevel.OPENABLE, expand=True)

    assert evaluate_rule(rule, LevelCounts(n=3)) is RuleAnswer.SAME
    assert evaluate_rule(rule, LevelCounts(n=6)) is RuleAnswer.HOLD


def test_a_provisional_second_dlt_closes(rolling_six: DecisionTable) -> None:
    rule = rule_from_table(rolling_six, LEVEL_2, NextLevel.OPENABLE)

    answer = evaluate_rule(rule, LevelCounts(n=4, dlt=1, pending=2, provisional=1))

    assert answer is RuleAnswer.CLOSE


def test_the_strictest_reading_of_provisional_dlts_holds() -> None:
    # A protocol table in which only the middle reading, one of two confirmed, holds.
    table = table_from_rows(
        "own", "2026.1", [(4, 0, 2, "same"), (4, 1, 1, "suspend"), (4, 2, 0, "same"), (4, 3, 0, "suspend")]
    )
    rule = rule_from_table(table, LEVEL_2, NextLevel.OPENABLE)

    assert evaluate_rule(rule, LevelCounts(n=4, pending=2)) is RuleAnswer.SAME
    assert evaluate_rule(rule, LevelCounts(n=4, pending=2, provisional=1)) is RuleAnswer.HOLD
    assert evaluate_rule(rule, LevelCounts(n=4, pending=2, provisional=2)) is RuleAnswer.HOLD


def test_the_payload_of_a_table_rule_has_the_agreed_fields(rolling_six: DecisionTable) -> None:
    rule = rule_from_table(rolling_six, LEVEL_2, NextLevel.OPENABLE)

    payload = json.loads(canonical_bytes(rule_payload(rule)))

    assert set(payload) == {"kind", "source", "counts", "rows"}
    assert payload["kind"] == "table"
    assert payload["source"] == {
        "design": "rolling_six",
        "version": "2008.1",
        "sha256": rolling_six.source.sha256,
    }
    assert payload["counts"] == [{"part": "a", "level": 2}]
    assert len(payload["rows"]) == 84
    assert payload["rows"][0] == [0, 0, 0, "same"]
    assert [3, 0, 0, "hold"] in payload["rows"]
    assert [2, 2, 0, "close"] in payload["rows"]


def test_the_payload_of_a_boundary_rule_has_the_agreed_fields() -> None:
    payload = json.loads(canonical_bytes(rule_payload(boundary())))

    assert payload == {
        "kind": "boundary",
        "source": {"text": "protocol 9.3"},
        "counts": [{"part": "a", "level": 2}, {"part": "a-expansion", "level": 1}],
        "max_evaluable": 12,
        "close_if_dlts_at_least": [[3, 3], [4, 3], [5, 3], [6, 4], [9, 5], [12, 6]],
    }


def test_the_level_of_an_expansion_is_always_counted() -> None:
    rule = rule_from_boundary("protocol 9.3", checked_limits({3: 3}, 12), 12, EXPANSION)

    assert rule.counts == (EXPANSION,)


@pytest.mark.parametrize(
    ("counts", "answer"),
    [
        (LevelCounts(n=2, dlt=2), RuleAnswer.SAME),  # below the first listed number nothing closes
        (LevelCounts(n=3, dlt=3), RuleAnswer.CLOSE),
        (LevelCounts(n=6, dlt=3, pending=1), RuleAnswer.CLOSE),  # five evaluable: pending count in n only
        (LevelCounts(n=6, dlt=3), RuleAnswer.SAME),
        (LevelCounts(n=8, dlt=4), RuleAnswer.CLOSE),  # the limit of six holds until nine
        (LevelCounts(n=12, pending=12), RuleAnswer.HOLD),
        (LevelCounts(n=12, dlt=6), RuleAnswer.CLOSE),
    ],
)
def test_the_boundary_closes_holds_or_goes_on(counts: LevelCounts, answer: RuleAnswer) -> None:
    assert evaluate_rule(boundary(), counts) is answer


def test_a_provisional_dlt_is_read_as_pending_and_as_dlt_at_a_boundary() -> None:
    counts = LevelCounts(n=5, dlt=2, pending=1, provisional=1)

    assert evaluate_rule(boundary(), counts) is RuleAnswer.CLOSE


def test_three_enrolled_with_one_pending_leave_three_places(rolling_six: DecisionTable) -> None:
    rule = rule_from_table(rolling_six, LEVEL_2, NextLevel.OPENABLE)

    assert places_available(rule, LevelCounts()) == 6
    assert places_available(rule, LevelCounts(n=3, pending=1)) == 3
    assert places_available(rule, LevelCounts(n=3)) == 0
    assert places_available(rule, LevelCounts(n=3, dlt=2)) == 0


def test_the_target_limits_the_places_too(rolling_six: DecisionTable) -> None:
    rule = rule_from_table(rolling_six, LEVEL_2, NextLevel.OPENABLE)

    assert places_available(rule, LevelCounts(), target_left=2) == 2
    assert places_available(rule, LevelCounts(), target_left=-1) == 0
    assert places_available(boundary(), LevelCounts(n=6)) == 6


def test_two_rules_with_another_level_have_another_hash(rolling_six: DecisionTable) -> None:
    rule = rule_from_table(rolling_six, LEVEL_2, NextLevel.OPENABLE)
    other = rule_from_table(rolling_six, PartLevel(part="a", level=1), NextLevel.OPENABLE)

    assert rule_sha256(rule) != rule_sha256(other)
    assert rule_sha256(rule) == rule_sha256(rule_from_table(rolling_six, LEVEL_2, NextLevel.OPENABLE))


@st.composite
def counted(draw: st.DrawFn) -> LevelCounts:
    n = draw(st.integers(0, 8))
    dlt = draw(st.integers(0, n))
    pending = draw(st.integers(0, n - dlt))
    return LevelCounts(n=n, dlt=dlt, pending=pending, provisional=draw(st.integers(0, pending)))


own_cells = st.dictionaries(
    st.sampled_from([(n, y, c) for n in range(1, 7) for y in range(n + 1) for c in range(n - y + 1)]),
    st.sampled_from([TableDecision.SUSPEND, TableDecision.DEESCALATE, TableDecision.SAME]),
    max_size=8,
)


@given(counted(), st.sampled_from(list(NextLevel)), st.booleans(), own_cells)
def test_the_rule_never_lets_someone_join_where_the_design_deescalates_or_suspends(
    rolling_six: DecisionTable,
    counts: LevelCounts,
    next_level: NextLevel,
    expand: bool,
    cells: dict[tuple[int, int, int], TableDecision],
) -> None:
    own = DecisionTable(design="rolling_six", version="own", cells={**rolling_six.cells, **cells})
    levels = 1 if next_level is NextLevel.NONE else 2
    eliminated = frozenset({2}) if next_level is NextLevel.ELIMINATED else frozenset[int]()
    history = PartHistory(opened=(1,), eliminated=eliminated)

    rule = rule_from_table(own, PartLevel(part="a", level=1), next_level, expand=expand)
    design = recommend(own, {1: counts}, history, levels)

    if design.kind not in {RecommendationKind.ESCALATE, RecommendationKind.STAY}:
        assert evaluate_rule(rule, counts) is not RuleAnswer.SAME
    if design.kind is RecommendationKind.ESCALATE and not expand:
        assert evaluate_rule(rule, counts) is RuleAnswer.HOLD

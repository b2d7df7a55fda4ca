from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from services.sponsor.domain.boundary import limit_in_force
from services.sponsor.domain.cohort_rule import (
    STRICTNESS,
    BoundaryRule,
    NextLevel,
    RuleAnswer,
    TableRule,
    evaluate_rule,
    rule_from_table,
)
from services.sponsor.domain.decision import DecisionKind, Letter
from services.sponsor.domain.escalation.table import CellKey
from services.sponsor.domain.ids import PartLevel
from services.sponsor.domain.letter import StatedBoundary, StatedRows, rule_of_letter
from services.sponsor.domain.protocol_terms import Boundary, PartTerms
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.standing import LevelCounts
from services.sponsor.store.designs import shipped_table

LETTER = Letter(reference="L-1", dated=date(2026, 3, 1), sha256="ab" * 32, sender="Another organisation")
TABLE = shipped_table("rolling_six", "2008.1")
ESCALATION = PartTerms(
    part="escalation", stratum="I", labels=("50", "75"), start_level=1, target=None, rule=TABLE
)
BOUNDARY = Boundary(text="section 9", limits=((3, 2), (6, 3)), max_evaluable=12, counted_with=())
EXPANSION = replace(ESCALATION, part="expansion", labels=("75",), rule=BOUNDARY)
OWN_ROWS = dict(
    rule_from_table(TABLE, PartLevel(part="escalation", level=1), NextLevel.OPENABLE, expand=True).rows
)
rows = st.dictionaries(
    st.sampled_from(sorted(OWN_ROWS)), st.sampled_from(list(RuleAnswer)), min_size=1, max_size=8
)


# A busy machine draws slowly now and then; that says nothing about the rules.
unhurried = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)


def no_looser(stated: Mapping[CellKey, RuleAnswer]) -> bool:
    return all(STRICTNESS.index(answer) >= STRICTNESS.index(OWN_ROWS[key]) for key, answer in stated.items())


@unhurried
@given(rows)
def test_rows_are_taken_exactly_when_none_is_looser_than_the_design(
    stated: dict[CellKey, RuleAnswer],
) -> None:
    order = (ESCALATION, 1, DecisionKind.OPEN_LEVEL, StatedRows(rows=stated), LETTER)
    if not no_looser(stated):
        with pytest.raises(Refused, match="letter_rule_unusable"):
            rule_of_letter(*order)
        return

    rule = rule_of_letter(*order)

    assert isinstance(rule, TableRule)
    for (n, dlt, pending), own in OWN_ROWS.items():
        answer = evaluate_rule(rule, LevelCounts(n=n, dlt=dlt, pending=pending))
        left_out = RuleAnswer.SAME if n == 0 else max(own, RuleAnswer.HOLD, key=STRICTNESS.index)
        assert answer is stated.get((n, dlt, pending), left_out)
        assert STRICTNESS.index(answer) >= STRICTNESS.index(own)


limits = st.dictionaries(st.integers(1, 14), st.integers(1, 14), min_size=1, max_size=4)


@unhurried
@given(limits, st.integers(1, 14))
@example({3: 2, 6: 3}, 13)
def test_a_boundary_is_taken_only_when_it_never_closes_later_than_the_protocols(
    stated: dict[int, int], most: int
) -> None:
    boundary = StatedBoundary(close_if_dlts_at_least=stated, max_evaluable=most)
    try:
        rule = rule_of_letter(EXPANSION, 1, DecisionKind.EXPAND, boundary, LETTER)
    except Refused:
        return

    assert isinstance(rule, BoundaryRule)
    assert rule.max_evaluable <= BOUNDARY.max_evaluable
    for evaluable in range(1, rule.max_evaluable + 1):
        own = limit_in_force(BOUNDARY.limits, evaluable)
        limit = limit_in_force(rule.limits, evaluable)
        assert own is None or (limit is not None and limit <= own)


def test_a_letter_that_states_no_rule_has_the_protocols_own() -> None:
    table = rule_of_letter(ESCALATION, 1, DecisionKind.OPEN_LEVEL, None, LETTER)
    boundary = rule_of_letter(EXPANSION, 1, DecisionKind.EXPAND, None, LETTER)

    assert isinstance(table, TableRule)
    assert table.source == TABLE.source
    assert isinstance(boundary, BoundaryRule)
    assert (boundary.text, boundary.limits) == ("section 9", BOUNDARY.limits)


def test_a_letter_that_only_restricts_carries_no_rule() -> None:
    assert rule_of_letter(ESCALATION, 1, DecisionKind.HOLD, None, LETTER) is None
    with pytest.raises(Refused, match="letter_rule_unusable"):
        rule_of_letter(
            ESCALATION, 1, DecisionKind.HOLD, StatedRows(rows={(1, 0, 0): RuleAnswer.HOLD}), LETTER
        )

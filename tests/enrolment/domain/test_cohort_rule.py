import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.enrolment.domain.cohort_counts import CohortCounts
from services.enrolment.domain.cohort_rule import (
    BoundaryRule,
    Cell,
    MalformedCohortRule,
    RuleOutput,
    TableRule,
    counted_places,
    evaluate_cohort_rule,
    parse_cohort_rule,
)
from services.enrolment.domain.ids import PartLevel

LEVEL_2 = PartLevel(part="escalation", level=2)


def rolling_six_output(n: int, dlt: int, pending: int) -> str:
    """Same level, or not, by the rolling six design.

    Source: Skolnik et al. 2008; agrees with the column "Rolling 6" of Frankel 2020, table 2 (PMC7221509).
    """
    if dlt >= 2:
        return "close"
    escalate = dlt == 0 and pending == 0 and n >= 3
    if n == 6 or escalate:
        return "hold"
    return "same"


ROLLING_SIX: dict[str, object] = {
    "kind": "table",
    "source": {"design": "rolling_six", "version": "2008.1", "sha256": "0" * 64},
    "counts": [{"part": "escalation", "level": 2}],
    "rows": [
        [n, dlt, pending, rolling_six_output(n, dlt, pending)]
        for n in range(7)
        for dlt in range(n + 1)
        for pending in range(n - dlt + 1)
    ],
}
BOUNDARY: dict[str, object] = {
    "kind": "boundary",
    "source": {"text": "protocol section 9.3"},
    "counts": [{"part": "expansion", "level": 1}, {"part": "escalation", "level": 2}],
    "max_evaluable": 12,
    "close_if_dlts_at_least": [[3, 3], [4, 3], [6, 4]],
}


def says(document: dict[str, object], counts: CohortCounts) -> str:
    return evaluate_cohort_rule(parse_cohort_rule(document), counts).output.value


def test_a8_three_clear_of_three_end_the_cohort_and_one_pending_keeps_it_open() -> None:
    assert says(ROLLING_SIX, CohortCounts(n=3, dlt=0, pending=0)) == "hold"
    assert says(ROLLING_SIX, CohortCounts(n=3, dlt=0, pending=1)) == "same"


def test_a6_second_dlt_of_four_closes() -> None:
    evaluation = evaluate_cohort_rule(parse_cohort_rule(ROLLING_SIX), CohortCounts(n=4, dlt=2, pending=1))

    assert evaluation.output is RuleOutput.CLOSE
    assert evaluation.cell == Cell(n=4, dlt=2, pending=1)


def test_outside_the_rows_the_rule_holds() -> None:
    evaluation = evaluate_cohort_rule(parse_cohort_rule(ROLLING_SIX), CohortCounts(n=7, dlt=0, pending=7))

    assert evaluation.output is RuleOutput.HOLD
    assert "outside" in evaluation.because


def test_a_provisional_dlt_is_read_as_a_dlt_where_that_is_stricter() -> None:
    evaluation = evaluate_cohort_rule(
        parse_cohort_rule(ROLLING_SIX), CohortCounts(n=4, dlt=1, pending=1, provisional=1)
    )

    assert evaluation.output is RuleOutput.CLOSE
    assert evaluation.cell == Cell(n=4, dlt=2, pending=0)


def test_a_provisional_dlt_is_read_as_pending_where_that_is_stricter() -> None:
    rows = [[2, 0, 1, "hold"], [2, 1, 0, "same"]]
    document = ROLLING_SIX | {"rows": rows}

    evaluation = evaluate_cohort_rule(
        parse_cohort_rule(document), CohortCounts(n=2, dlt=0, pending=1, provisional=1)
    )

    assert (evaluation.output, evaluation.cell) == (RuleOutput.HOLD, Cell(n=2, dlt=0, pending=1))


def test_two_provisional_dlts_close_together() -> None:
    assert says(ROLLING_SIX, CohortCounts(n=4, dlt=0, pending=3, provisional=2)) == "close"


def test_a_dlt_without_a_registration_counts_against_the_level() -> None:
    assert says(ROLLING_SIX, CohortCounts(n=4, dlt=1, pending=1)) == "same"
    assert says(ROLLING_SIX, CohortCounts(n=4, dlt=1, pending=1, unmatched=1)) == "close"


def test_two_unmatched_dlts_close_a_level_whose_cell_would_not_exist() -> None:
    assert says(ROLLING_SIX, CohortCounts(n=1, dlt=0, pending=1, unmatched=2)) == "close"


def test_a_full_cohort_of_unmatched_and_registered_holds() -> None:
    assert says(ROLLING_SIX, CohortCounts(n=1, dlt=0, pending=1, unmatched=1)) == "hold"


@pytest.mark.parametrize(
    ("n", "dlt", "pending", "output"),
    [
        (2, 2, 0, "same"),  # below the smallest listed number there is no limit
        (3, 3, 0, "close"),
        (6, 3, 2, "close"),  # four evaluable, limit 3
        (5, 3, 0, "close"),  # five evaluable: the limit listed for four
        (6, 3, 0, "same"),  # six evaluable, limit 4
        (9, 4, 1, "close"),  # eight evaluable: the limit listed for six
        (11, 3, 0, "same"),
        (12, 3, 0, "hold"),
        (12, 0, 12, "hold"),
        (12, 4, 0, "close"),
    ],
)
def test_boundary_closes_at_the_limit_of_the_largest_listed_number(
    n: int, dlt: int, pending: int, output: str
) -> None:
    assert says(BOUNDARY, CohortCounts(n=n, dlt=dlt, pending=pending)) == output


def test_the_level_itself_is_counted_even_when_the_rule_does_not_list_it() -> None:
    rule = parse_cohort_rule(ROLLING_SIX | {"counts": []})

    assert counted_places(rule, LEVEL_2) == {LEVEL_2}


def test_levels_listed_together_are_counted_together() -> None:
    expansion = PartLevel(part="expansion", level=1)

    assert counted_places(parse_cohort_rule(BOUNDARY), expansion) == {expansion, LEVEL_2}


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"kind": "wish"},
        ROLLING_SIX | {"rows": []},
        ROLLING_SIX | {"rows": [[1, 0, 1]]},
        ROLLING_SIX | {"rows": [[1, 0, 1, "escalate"]]},
        ROLLING_SIX | {"rows": [[1, 0, 1, "same"], [1, 0, 1, "hold"]]},
        ROLLING_SIX | {"rows": [[1, 1, 1, "same"]]},
        ROLLING_SIX | {"rows": [[1.0, 0, 1, "same"]]},
        ROLLING_SIX | {"rows": [[True, 0, 1, "same"]]},
        ROLLING_SIX | {"rows": [["1", 0, 1, "same"]]},
        ROLLING_SIX | {"rows": "same"},
        ROLLING_SIX | {"source": {}},
        ROLLING_SIX | {"counts": [{"part": "escalation"}]},
        ROLLING_SIX | {"extra": 1},
        BOUNDARY | {"close_if_dlts_at_least": []},
        BOUNDARY | {"close_if_dlts_at_least": [[3, 3], [3, 4]]},
        BOUNDARY | {"close_if_dlts_at_least": [[3]]},
        BOUNDARY | {"max_evaluable": "12"},
        {key: value for key, value in BOUNDARY.items() if key != "max_evaluable"},
    ],
)
def test_a_rule_that_cannot_be_read_is_not_guessed(document: dict[str, object]) -> None:
    with pytest.raises(MalformedCohortRule):
        parse_cohort_rule(document)


outputs = st.sampled_from(RuleOutput)
cells = st.builds(Cell, n=st.integers(0, 8), dlt=st.integers(0, 8), pending=st.integers(0, 8))
tables = st.builds(
    TableRule,
    source=st.just({"design": "any"}),
    counts=st.just(()),
    rows=st.dictionaries(cells, outputs, max_size=60),
)
boundaries = st.builds(
    BoundaryRule,
    source=st.just({"text": "any"}),
    counts=st.just(()),
    max_evaluable=st.integers(1, 10),
    limits=st.dictionaries(st.integers(0, 8), st.integers(1, 6), min_size=1).map(
        lambda limits: tuple(sorted(limits.items()))
    ),
)


@st.composite
def cohort_counts(draw: st.DrawFn) -> CohortCounts:
    n = draw(st.integers(0, 8))
    dlt = draw(st.integers(0, n))
    pending = draw(st.integers(0, n - dlt))
    return CohortCounts(
        n=n,
        dlt=dlt,
        pending=pending,
        provisional=draw(st.integers(0, pending)),
        unmatched=draw(st.integers(0, 2)),
    )


@given(tables | boundaries, cohort_counts())
def test_the_rule_is_never_laxer_than_either_reading_of_a_provisional_dlt(
    rule: TableRule | BoundaryRule, counts: CohortCounts
) -> None:
    as_pending = CohortCounts(n=counts.n, dlt=counts.dlt, pending=counts.pending, unmatched=counts.unmatched)
    as_dlt = CohortCounts(
        n=counts.n,
        dlt=counts.dlt + counts.provisional,
        pending=counts.pending - counts.provisional,
        unmatched=counts.unmatched,
    )

    strictness = evaluate_cohort_rule(rule, counts).output.strictness

    assert strictness >= evaluate_cohort_rule(rule, as_pending).output.strictness
    assert strictness >= evaluate_cohort_rule(rule, as_dlt).output.strictness


@given(tables | boundaries, cohort_counts())
def test_the_rule_is_never_laxer_than_adding_unmatched_dlts_plainly(
    rule: TableRule | BoundaryRule, counts: CohortCounts
) -> None:
    plain, _ = rule.read(Cell(n=counts.n, dlt=counts.dlt + counts.unmatched, pending=counts.pending))

    assert evaluate_cohort_rule(rule, counts).output.strictness >= plain.strictness


@given(tables | boundaries, cohort_counts())
def test_the_named_cell_gives_the_output(rule: TableRule | BoundaryRule, counts: CohortCounts) -> None:
    evaluation = evaluate_cohort_rule(rule, counts)

    assert rule.read(evaluation.cell) == (evaluation.output, evaluation.because)

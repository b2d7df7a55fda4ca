"""3+3 against brockk/escalation's tests and the closed form of its operating characteristics.

Sources: outcome strings of brockk/escalation (`get_three_plus_three`, five levels, no de-escalation, partial cohorts
keep the level); Korn EL et al. Stat Med 1994;13(18):1799-1806 for de-escalation.
"""

from math import prod

import pytest

from services.sponsor.domain.escalation.exact_course import exact_figures
from services.sponsor.domain.escalation.recommend import conclude, recommend
from tests.sponsor.domain.designs import counted, said, says, seen, three_plus_three

TRUTH = (0.05, 0.1, 0.2, 0.3, 0.45)


def escalates(p: float) -> float:
    return float((1 - p) ** 3 + 3 * p * (1 - p) ** 5)


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ("1NNN", ("escalate", 2)),
        ("1NNT", ("stay", 1)),
        ("1NTT", ("stop_no_mtd", None)),
        ("1NNN 2NNT 2NNN", ("escalate", 3)),
        ("1NNN 2NNT 2NNT", ("complete", 1)),
    ],
)
def test_published_outcome_strings(outcomes: str, expected: tuple[str, int | None]) -> None:
    design = three_plus_three(allow_deescalate=False, keep=True)

    assert says(design, outcomes) == expected


def test_six_without_a_dlt_escalate() -> None:
    """UBCRM's `troisPtrois` refuses 0 of 6; the rule is at most one."""
    assert says(three_plus_three(), "1NNN 2NNT 3NNT 2NNN") == ("escalate", 3)
    assert recommend(three_plus_three(), counted((6, 0, 0, 0, 0), (0, 0, 0, 0, 0))).level == 2


@pytest.mark.parametrize("outcomes", ["1T", "1TT", "1NTT 1T", "1NTP"])
def test_a_partial_cohort_may_keep_its_level_whatever_its_outcomes(outcomes: str) -> None:
    found = recommend(three_plus_three(keep=True), seen(outcomes))

    assert said(found) == ("stay", 1, ["partial_cohort"], [])


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ("1NN", ("wait", None)),
        ("1NNP", ("wait", None)),
        ("1NNNN", ("wait", None)),
        ("1TT", ("stop_no_mtd", None)),
        ("1TTP", ("stop_no_mtd", None)),
        ("1NNN 2TTP", ("deescalate", 1)),
        ("1NNT 1NNN 2NNT 2TP", ("complete", 1)),
    ],
)
def test_a_partial_cohort_waits_unless_nothing_could_change_the_answer(
    outcomes: str, expected: tuple[str, int | None]
) -> None:
    assert says(three_plus_three(), outcomes) == expected


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ("1NNN 2NTT", ("deescalate", 1)),
        ("1NNN 2NTT 1NNN", ("complete", 1)),
        ("1NNN 2NTT 1NNT", ("complete", 1)),
        ("1NNN 2NTT 1NTT", ("stop_no_mtd", None)),
        ("1NNT 1NNN 2NTT", ("complete", 1)),
        ("1NNN 2NNT 2NNN 3TTT", ("complete", 2)),
    ],
)
def test_the_level_below_a_closed_one_is_filled_to_six(
    outcomes: str, expected: tuple[str, int | None]
) -> None:
    assert says(three_plus_three(), outcomes) == expected


def test_a_lower_level_with_two_dlts_is_passed_over() -> None:
    data = counted((6, 6, 3, 0, 0), (1, 2, 2, 0, 0), current=3)

    assert said(recommend(three_plus_three(), data)) == ("complete", 1, ["eliminated"], [2, 3, 4, 5])


@pytest.mark.parametrize(
    ("needs_six", "outcomes", "expected"),
    [
        (False, "1NNN 2NNN", ("complete", 2)),
        (True, "1NNN 2NNN", ("stay", 2)),
        (True, "1NNN 2NNN 2NNT", ("complete", 2)),
        (False, "1NNN 2NNT", ("stay", 2)),
        (False, "1NNN 2NNT 2NNN", ("complete", 2)),
    ],
)
def test_the_top_level(needs_six: bool, outcomes: str, expected: tuple[str, int | None]) -> None:
    design = three_plus_three(2, mtd_needs_six=needs_six)

    assert says(design, outcomes, 2) == expected


@pytest.mark.parametrize(("p", "expected"), [(0.10, 0.906147), (0.30, 0.494263)])
def test_chance_of_escalating(p: float, expected: float) -> None:
    found = exact_figures(three_plus_three(2, allow_deescalate=False).cohort_rule(), (p, 1.0), None)

    assert round(escalates(p), 6) == expected
    assert abs((1 - found.p_select[0]) - escalates(p)) < 1e-12


def test_operating_characteristics_without_de_escalation_have_a_closed_form() -> None:
    up = [escalates(p) for p in TRUTH]
    named = [prod(up[:j]) * (1 - (up[j] if j < 5 else 0)) for j in range(1, 6)]

    found = exact_figures(three_plus_three(allow_deescalate=False).cohort_rule(), TRUTH, None)

    assert max(abs(a - b) for a, b in zip(found.p_select, [1 - up[0], *named], strict=True)) < 1e-12


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ("1NNN 2NNN 3NTT", ("complete", 2)),
        ("1NNN 2NNT 3NTT", ("complete", 1)),
        ("1NNN 2NNN", ("stop_no_mtd", None)),
        ("1NTT", ("stop_no_mtd", None)),
        ("", ("stop_no_mtd", None)),
    ],
)
def test_the_dose_found_when_accrual_ends(outcomes: str, expected: tuple[str, int | None]) -> None:
    found = conclude(three_plus_three(3), seen(outcomes, 3))

    assert (found.kind.value, found.level) == expected

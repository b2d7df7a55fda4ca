"""Monitoring boundaries against the published rule of overdose control.

Source of the expected rows: the elimination boundary of Liu and Yuan, J R Stat Soc C 2015;64:507-523, as the
R package BOIN prints it for targets 0.25 and 0.30, n = 3 to 18, cut-off 0.95.
"""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sponsor.domain.boundary import (
    checked_limits,
    limit_in_force,
    overdose_limits,
    posterior_tail,
)
from services.sponsor.domain.refusals import Refused

CUTOFF = Fraction(95, 100)
PUBLISHED = {
    Fraction(25, 100): [3, 3, 3, 4, 4, 4, 5, 5, 6, 6, 6, 7, 7, 7, 8, 8],
    Fraction(30, 100): [3, 3, 4, 4, 5, 5, 5, 6, 6, 7, 7, 8, 8, 8, 9, 9],
}


@pytest.mark.parametrize("target", list(PUBLISHED))
def test_the_exact_rule_gives_the_published_boundary(target: Fraction) -> None:
    limits = overdose_limits(target, CUTOFF, 3, 18)

    assert limits == tuple(zip(range(3, 19), PUBLISHED[target], strict=True))


@pytest.mark.parametrize("target", list(PUBLISHED))
def test_the_published_boundary_can_be_used(target: Fraction) -> None:
    limits = overdose_limits(target, CUTOFF, 3, 12)

    assert checked_limits(dict(limits), 12) == limits


def test_the_tightest_published_cell_needs_exact_arithmetic() -> None:
    # target 0.30, 7 of 14: just below the cut-off, so that 8 is the limit.
    assert posterior_tail(7, 14, Fraction(3, 10)) < CUTOFF
    assert round(float(posterior_tail(7, 14, Fraction(3, 10))), 7) == 0.9499875


def test_a_number_of_participants_that_can_never_cross_has_no_limit() -> None:
    # One of one does not cross; two of two would, which is why published rules start from three.
    assert overdose_limits(Fraction(3, 10), CUTOFF, 1, 3) == ((2, 2), (3, 3))


@pytest.mark.parametrize(
    ("stated", "max_evaluable", "problem"),
    [
        ({}, 12, "no limit applies"),
        ({15: 5}, 12, "no limit applies"),
        ({3: 4}, 12, "not possible"),
        ({3: 0}, 12, "not possible"),
        ({6: 4, 9: 3}, 12, "falls"),
        ({6: 2, 7: 4}, 12, "rises"),
    ],
)
def test_a_boundary_that_cannot_be_used_is_refused(
    stated: dict[int, int], max_evaluable: int, problem: str
) -> None:
    with pytest.raises(Refused) as refusal:
        checked_limits(stated, max_evaluable)

    assert refusal.value.code == "boundary_unusable"
    assert problem in refusal.value.detail


def test_every_problem_of_a_boundary_is_named_at_once() -> None:
    with pytest.raises(Refused) as refusal:
        checked_limits({3: 4, 6: 2}, 12)

    assert len(refusal.value.facts["problems"]) == 2  # type: ignore[arg-type]


def test_a_limit_holds_until_the_next_listed_number() -> None:
    limits = checked_limits({9: 5, 3: 3}, 12)

    assert [limit_in_force(limits, n) for n in (2, 3, 8, 9, 30)] == [None, 3, 3, 5, 5]


@given(
    st.integers(2, 10).map(lambda n: Fraction(n, 20)),
    st.integers(1, 6),
    st.integers(6, 15),
    st.integers(0, 15),
)
def test_one_more_dlt_never_undoes_a_crossing(target: Fraction, from_n: int, to_n: int, dlt: int) -> None:
    limits = overdose_limits(target, CUTOFF, from_n, to_n)
    for n in range(from_n, to_n):
        limit, later = limit_in_force(limits, n), limit_in_force(limits, n + 1)
        if limit is not None and dlt >= limit:
            assert later is not None
            assert dlt + 1 >= later

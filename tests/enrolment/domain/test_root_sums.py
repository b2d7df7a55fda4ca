from fractions import Fraction
from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.enrolment.domain.root_sums import RootSum

FRACTIONS = st.fractions(min_value=-20, max_value=20, max_denominator=12)
RADICANDS = st.fractions(min_value=0, max_value=200, max_denominator=12)


def root(number: int) -> RootSum:
    return RootSum.root(Fraction(number))


@settings(deadline=None)
@given(st.lists(st.tuples(FRACTIONS, RADICANDS), max_size=6))
def test_a_sum_is_as_large_as_its_floats_say(terms: list[tuple[Fraction, Fraction]]) -> None:
    total = sum((RootSum.root(radicand).times(by) for by, radicand in terms), RootSum())

    expected = sum(float(by) * sqrt(radicand) for by, radicand in terms)
    assert float(total) == pytest.approx(expected, abs=1e-9)
    if abs(expected) > 1e-9:
        assert total.sign() == (1 if expected > 0 else -1)


@settings(deadline=None)
@given(st.permutations([(Fraction(3, 7), 2), (Fraction(1), 8), (Fraction(5, 3), 18), (Fraction(2), 3)]))
def test_the_order_of_adding_makes_no_difference(terms: list[tuple[Fraction, int]]) -> None:
    one = sum((root(of).times(by) for by, of in terms), RootSum())
    other = sum((root(of).times(by) for by, of in reversed(terms)), RootSum())

    assert (one - other).sign() == 0
    assert float(one) == float(other)


def test_roots_that_are_multiples_of_each_other_are_one() -> None:
    assert (root(2) + root(8) - root(18)).sign() == 0
    assert (root(9) - RootSum.of(Fraction(3))).sign() == 0
    assert (RootSum.root(Fraction(1, 2)) + RootSum.root(Fraction(1, 2)) - root(2)).sign() == 0


def test_two_sums_that_floats_cannot_tell_apart_are_told_apart() -> None:
    large = 10**40
    difference = root(large + 1) + root(large - 1) - root(large).times(Fraction(2))

    assert difference.sign() == -1
    assert float(difference) == pytest.approx(-0.25e-60, rel=1e-6)

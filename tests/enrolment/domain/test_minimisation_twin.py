"""Minimisation against a twin that was written from the definition alone, with floats."""

from collections import Counter
from fractions import Fraction
from itertools import accumulate, permutations
from math import factorial, floor, sqrt
from statistics import variance

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from services.enrolment.domain.minimisation import Draws, Imbalance
from services.enrolment.domain.randomisation_design import exact
from tests.enrolment.domain.minimising import SCHEMES, answer, design, scheme_of


def twin_totals(
    imbalance: Imbalance, ratio: list[int], weights: list[Fraction], counts: list[list[int]]
) -> list[float]:
    """G by the definition again, with floats, and ties by rounding."""
    totals = []
    for joined in range(len(ratio)):
        g = 0.0
        for weight, row in zip(weights, counts, strict=True):
            new = [count + (1 if arm == joined else 0) for arm, count in enumerate(row)]
            if len(set(ratio)) > 1:
                sizes = [Fraction(count, share) for count, share in zip(new, ratio, strict=True)]
            else:
                sizes = [Fraction(count) for count in new]
            spread = float(variance(sizes))
            d = {"range": float(max(sizes) - min(sizes)), "variance": spread, "sd": sqrt(spread)}[imbalance]
            g += float(weight) * d
        totals.append(round(g, 9))
    return totals


def twin_by_rank(name: str, totals: list[float]) -> list[float]:
    k = len(totals)
    if name == "best":
        return [0.8] + [0.2 / (k - 1)] * (k - 1)
    if name == "rank":
        q = 3 / (2 * k) if k > 2 else 1.5
        return [q - 2 * (k * q - 1) / (k * (k + 1)) * rank for rank in range(1, k + 1)]
    return [(1 - 0.75 * total / sum(totals)) / (k - 0.75) for total in sorted(totals)]


def twin_assigned(
    totals: list[float], by_rank: list[float], tie: Fraction, coin: Fraction
) -> tuple[list[float], str]:
    final: list[int] = []
    probabilities = [0.0] * len(totals)
    for value in sorted(set(totals)):
        tied = [arm for arm, total in enumerate(totals) if total == value]
        held = by_rank[len(final) : len(final) + len(tied)]
        for arm in tied:
            probabilities[arm] = sum(held) / len(tied)
        final += list(permutations(tied))[floor(tie * factorial(len(tied)))]
    sums = accumulate(by_rank)
    past = [arm for arm, summed in zip(final, sums, strict=True) if summed > coin]
    return probabilities, "ABCD"[past[0] if past else final[-1]]


@st.composite
def problems(draw: st.DrawFn) -> tuple[list[int], list[Fraction], list[list[int]]]:
    arms = draw(st.integers(2, 4))
    ratio = draw(st.one_of(st.just([1] * arms), st.lists(st.integers(1, 3), min_size=arms, max_size=arms)))
    factors = draw(st.integers(1, 3))
    weights = [Fraction(draw(st.integers(1, 20)), 10) for _ in range(factors)]
    counts = [draw(st.lists(st.integers(0, 12), min_size=arms, max_size=arms)) for _ in range(factors)]
    return ratio, weights, counts


@settings(deadline=None)
@given(
    problems(),
    st.sampled_from(SCHEMES),
    st.sampled_from(Imbalance),
    st.integers(0, 996),
    st.integers(0, 996),
)
def test_an_independent_twin_gives_the_same_answer(
    problem: tuple[list[int], list[Fraction], list[list[int]]],
    name: str,
    imbalance: Imbalance,
    tie: int,
    coin: int,
) -> None:
    ratio, weights, counts = problem
    # Over a prime: never exactly on a border, where only exact arithmetic is right.
    draws = Draws(tie=Fraction(tie, 997), coin=Fraction(coin * 7 + 1, 997 * 7))
    arms = "ABCD"[: len(ratio)]
    chosen = design(
        *weights, arms=arms, ratio=tuple(ratio), imbalance=imbalance, probability=scheme_of(name, len(ratio))
    )

    found = answer(chosen, *counts, draws=draws)
    g = twin_totals(imbalance, ratio, weights, counts)
    probabilities, arm = twin_assigned(
        g, twin_by_rank(name, g), exact(draws.tie, "tie"), exact(draws.coin, "coin")
    )

    assert found.g == pytest.approx(g, abs=1e-8)
    assert found.probabilities == pytest.approx(probabilities, abs=1e-8)
    assert sum(found.probabilities) == pytest.approx(1, abs=1e-12)
    assert found.arm == arm
    assert set(found.preferred) == {arms[one] for one in range(len(arms)) if g[one] == min(g)}


@settings(deadline=None, max_examples=30)
@given(problems(), st.sampled_from(SCHEMES), st.sampled_from(Imbalance))
def test_over_all_draws_every_arm_is_assigned_with_its_stated_probability(
    problem: tuple[list[int], list[Fraction], list[list[int]]], name: str, imbalance: Imbalance
) -> None:
    ratio, weights, counts = problem
    assume(len(ratio) <= 3)
    chosen = design(
        *weights,
        arms="ABC"[: len(ratio)],
        ratio=tuple(ratio),
        imbalance=imbalance,
        probability=scheme_of(name, len(ratio)),
    )

    seen = Counter(
        answer(chosen, *counts, draws=Draws(tie=Fraction(tie, 6), coin=Fraction(2 * coin + 1, 80))).arm
        for tie in range(6)
        for coin in range(40)
    )

    expected = answer(chosen, *counts).probabilities
    for arm, probability in zip(chosen.arms, expected, strict=True):
        assert seen[arm] / 240 == pytest.approx(probability, abs=0.026)

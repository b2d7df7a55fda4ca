"""Boundaries and characteristics against independent calculations, and what no boundary follows from."""

from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betainc
from scipy.stats import binom

from services.safety.domain.refusals import Refused
from services.safety.domain.stopping_rule import BoundaryDesign, BoundaryKind, boundary_of, first_crossing
from services.safety.domain.stopping_rule_characteristics import Boundary, characteristics
from services.safety.domain.stopping_rule_evidence import evidence_table


def design(kind: str = "beta-binomial", **changed: Any) -> BoundaryDesign:
    """A valid design of a kind, with some of its parameters changed; numbers as text."""
    given_: dict[str, Any] = {"participants": 12, "p0": "0.2"}
    if kind == "beta-binomial":
        given_ |= {"alpha": "0.1", "prior": ("1", "1")}
    if kind == "pocock":
        given_ |= {"alpha": "0.1"}
    values = {name: _exact(value) for name, value in (given_ | changed).items()}
    return BoundaryDesign(kind=BoundaryKind(kind), **values)


def _exact(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(Decimal, value))
    return Decimal(value) if isinstance(value, str) else value


@pytest.mark.parametrize(("a", "b"), [(0.6, 2.4), (1, 1), (0.001, 3), (20, 80), (100, 100)])
@pytest.mark.parametrize("p0", [0.001, 0.05, 0.3, 0.5, 0.9, 0.999])
def test_the_posterior_equals_an_independent_incomplete_beta_function(a: float, b: float, p0: float) -> None:
    for n, row in enumerate(evidence_table(a, b, p0, 120), start=1):
        x = np.arange(n + 1)
        expected = betainc(a + x, b + n - x, p0)
        relevant = expected > 1e-200
        assert np.allclose(np.array(row)[relevant], expected[relevant], rtol=1e-11, atol=0)


@pytest.mark.parametrize("p0", [0.001, 0.2, 0.75, 0.999])
def test_the_binomial_tail_equals_an_independent_one(p0: float) -> None:
    for n, row in enumerate(evidence_table(0, 1, p0, 60), start=1):
        assert np.allclose(row, binom.sf(np.arange(n + 1) - 1, n, p0), rtol=1e-10, atol=1e-250)


def _by_every_path(boundary: Boundary, p: Fraction) -> tuple[Fraction, Fraction, Fraction]:
    """Stop probability, expected events and participants, adding up every sequence of outcomes."""
    stopped = events_expected = n_expected = Fraction(0)
    for outcomes in product((0, 1), repeat=len(boundary)):
        probability, events = Fraction(1), 0
        for n, outcome in enumerate(outcomes, start=1):
            events += outcome
            limit = boundary[n - 1]
            if limit is not None and events >= limit:
                stopped += _probability(outcomes, p)
                break
        probability = _probability(outcomes, p)
        events_expected += probability * events
        n_expected += probability * n
    return stopped, events_expected, n_expected


def _probability(outcomes: tuple[int, ...], p: Fraction) -> Fraction:
    return p ** sum(outcomes) * (1 - p) ** (len(outcomes) - sum(outcomes))


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.none() | st.integers(0, 6), min_size=1, max_size=8).map(tuple),
    st.fractions(0, 1, max_denominator=20),
)
def test_the_characteristics_are_exact(boundary: Boundary, p: Fraction) -> None:
    found = characteristics(boundary, float(p))

    expected = [float(value) for value in _by_every_path(boundary, p)]
    assert [found.stop_probability, found.expected_events, found.expected_n] == pytest.approx(
        expected, abs=1e-12
    )


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(["beta-binomial", "pocock"]),
    st.integers(1, 25),
    st.integers(5, 60),
    st.integers(1, 30),
    st.integers(1, 5),
)
def test_the_region_is_the_widest_whose_size_is_at_most_alpha(
    kind: str, participants: int, p0: int, alpha: int, first_look: int
) -> None:
    rate, most = p0 / 100, alpha / 100
    first_look = min(first_look, participants)
    found = boundary_of(
        design(kind, participants=participants, p0=str(rate), alpha=str(most), first_look=first_look)
    )

    assert characteristics(found, rate).stop_probability <= most * (1 + 1e-9)
    wider = _next_wider(kind, rate, participants, first_look, found)
    assert wider is None or characteristics(wider, rate).stop_probability > most


def _next_wider(
    kind: str, rate: float, participants: int, first_look: int, found: Boundary
) -> Boundary | None:
    """The region with the strongest evidence outside `found` added to it, with all that is as strong."""
    evidence = {
        (n, x): binom.sf(x - 1, n, rate) if kind == "pocock" else betainc(1 + x, 1 + n - x, rate)
        for n in range(first_look, participants + 1)
        for x in range(n + 1)
    }
    outside = [value for (n, x), value in evidence.items() if x < _stops_at(found, n)]
    if not outside:
        return None
    limit = min(outside) * (1 + 1e-10)
    return tuple(
        min((x for x in range(n + 1) if evidence.get((n, x), 2) <= limit), default=None)
        for n in range(1, participants + 1)
    )


def _stops_at(boundary: Boundary, n: int) -> int:
    limit = boundary[n - 1]
    return n + 1 if limit is None else limit


def test_a_size_that_is_met_exactly_is_met() -> None:
    found = boundary_of(design("pocock", participants=2, alpha="0.04"))

    assert found == (None, 2)


def test_a_size_that_no_region_keeps_stops_nobody() -> None:
    found = boundary_of(design("pocock", participants=2, alpha="0.03"))

    assert found == (None, None)
    assert characteristics(found, 0.9).stop_probability == 0


def test_a_cut_off_that_is_met_exactly_stops_but_not_by_overdose_control() -> None:
    even = {"participants": 3, "p0": "0.5", "cutoff": "0.5", "first_look": 1}

    bayes = boundary_of(design("beta-binomial", alpha=None, **even))
    overdose = boundary_of(design("overdose", **even))

    # Under a flat prior Pr(p > 0.5) after 1 event of 2 is exactly a half.
    assert bayes == (1, 1, 2)
    assert overdose == (1, 2, 2)


def test_before_the_first_look_no_count_stops() -> None:
    found = boundary_of(design(participants=30, first_look=10))

    assert found[:9] == (None,) * 9
    assert found[9] is not None


def test_a_prior_that_is_convinced_already_stops_without_an_event() -> None:
    found = boundary_of(design(alpha=None, cutoff="0.5", prior=("90", "10"), participants=2))

    assert found == (0, 0)
    assert characteristics(found, 0.3).expected_n == 1


def test_a_count_beyond_the_boundary_crosses_nothing() -> None:
    assert first_crossing((None, 2), [(3, 3), (0, 0)]) is None


@pytest.mark.parametrize(
    ("kind", "changed", "field"),
    [
        ("pocock", {"participants": 0}, "participants"),
        ("pocock", {"participants": 1001}, "participants"),
        ("pocock", {"p0": "0"}, "p0"),
        ("pocock", {"p0": "1"}, "p0"),
        ("pocock", {"p0": "0.0009"}, "p0"),
        ("pocock", {"alpha": "0"}, "alpha"),
        ("pocock", {"alpha": "1"}, "alpha"),
        ("pocock", {"alpha": None}, "alpha"),
        ("pocock", {"cutoff": "0.5"}, "alpha"),
        ("pocock", {"alpha": None, "cutoff": "1"}, "cutoff"),
        ("pocock", {"prior": ("1", "1")}, "prior"),
        ("pocock", {"first_look": 0}, "first_look"),
        ("pocock", {"first_look": 13}, "first_look"),
        ("beta-binomial", {"prior": None}, "prior"),
        ("beta-binomial", {"prior": ("0", "1")}, "prior"),
        ("beta-binomial", {"prior": ("1", "101")}, "prior"),
        ("overdose", {"alpha": "0.1"}, "alpha"),
    ],
)
def test_parameters_from_which_no_boundary_follows_are_refused_by_name(
    kind: str, changed: dict[str, Any], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        boundary_of(design(kind, **changed))

    assert refused.value.code == "stopping_rule_invalid"
    assert refused.value.facts["field"] == field

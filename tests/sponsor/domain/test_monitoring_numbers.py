"""The worked numbers of the exact small-sample methods, and that no other number of their tables is wrong."""

import pytest

from services.sponsor.domain.monitoring.accrual import AccrualPlan, Pace, accrual
from services.sponsor.domain.monitoring.counts import SiteCount, count_signals, mid_p
from services.sponsor.domain.monitoring.proportions import binomial_tails
from services.sponsor.domain.monitoring.signal import Concern, Signal, Thresholds, colour
from services.sponsor.domain.monitoring.times import SiteTimes, ninetieth, time_signals
from services.sponsor.domain.monitoring.tolerance import (
    Tolerance,
    ToleranceThresholds,
    p_chart,
    posterior_above,
    tolerance_state,
)

THRESHOLDS = Thresholds(amber=0.05, red=0.01, least_expected=3, own_share=0.3)
LIMITS = ToleranceThresholds(early_warning=0.80, crossed=0.95)


@pytest.mark.parametrize(
    ("events", "expected", "tail", "p", "signal"),
    [
        (1, 6, "low", 0.0099, Signal.RED),
        (9, 4, "high", 0.0147, Signal.AMBER),
        (0, 4, "low", 0.0092, Signal.RED),
        (0, 3, "low", 0.0249, Signal.AMBER),
        (2, 6, "low", 0.0397, Signal.AMBER),
        (8, 4, "high", 0.0362, Signal.AMBER),
        (10, 4, "high", 0.0055, Signal.RED),
        (12, 6, "high", 0.0145, Signal.AMBER),
        (7, 3, "high", 0.0227, Signal.AMBER),
    ],
)
def test_mid_p_poisson_tails_and_their_colour(
    events: int, expected: float, tail: str, p: float, signal: Signal
) -> None:
    tails = mid_p(events, expected)

    assert round(getattr(tails, tail), 4) == p
    assert tails.low + tails.high == pytest.approx(1)
    assert tails.side(Concern.BOTH).value == tail
    assert colour(tails.p(Concern.BOTH), THRESHOLDS) is signal


def test_one_event_where_six_are_expected_is_under_reporting_at_its_site_and_nowhere_else() -> None:
    sites = [SiteCount(site="a", events=1, exposure=6)] + [
        SiteCount(site=name, events=y, exposure=6) for name, y in zip("bcdef", (7, 7, 7, 7, 7), strict=True)
    ]

    first, *others = count_signals(sites, Concern.BOTH, THRESHOLDS)

    assert (first.expected, first.rate, first.left_out) == (6, 1, False)
    assert first.tails is not None
    assert (round(first.tails.low, 4), first.signal) == (0.0099, Signal.RED)
    assert {one.signal for one in others} == {Signal.NONE}


def test_below_three_expected_events_the_data_are_insufficient() -> None:
    sites = [
        SiteCount(site=name, events=y, exposure=2.9) for name, y in zip("abcd", (0, 2, 4, 5), strict=True)
    ]

    readings = count_signals(sites, Concern.BOTH, THRESHOLDS)

    assert {(one.signal, one.tails) for one in readings} == {(Signal.INSUFFICIENT_DATA, None)}
    assert readings[0].expected == pytest.approx(2.75)


def test_a_site_above_thirty_per_cent_of_the_exposure_is_left_out_of_its_rate() -> None:
    sites = [
        SiteCount(site=name, events=y, exposure=t)
        for name, y, t in (("a", 9, 31), ("b", 4, 30), ("c", 5, 39))
    ]

    a, b, c = count_signals(sites, Concern.HIGH, THRESHOLDS)

    assert (a.left_out, a.rate) == (True, 9 / 69)
    assert (b.left_out, b.rate) == (False, 18 / 100)
    assert (c.left_out, c.rate) == (True, 13 / 61)


@pytest.mark.parametrize(
    ("x", "n", "reference", "tail", "p", "signal"),
    [
        (4, 8, 0.15, "high", 0.0214, Signal.AMBER),
        (5, 8, 0.15, "high", 0.0029, Signal.RED),
        (0, 12, 0.25, "low", 0.0317, Signal.AMBER),
    ],
)
def test_exact_binomial_tails_and_their_colour(
    x: int, n: int, reference: float, tail: str, p: float, signal: Signal
) -> None:
    tails = binomial_tails(x, n, reference)

    assert round(getattr(tails, tail), 4) == p
    assert colour(tails.p(Concern(tail)), THRESHOLDS) is signal


@pytest.mark.parametrize(
    ("x", "n", "posterior", "state"),
    [
        (0, 10, 0.142, Tolerance.WITHIN),
        (1, 10, 0.562, Tolerance.WITHIN),
        (2, 10, 0.857, Tolerance.EARLY_WARNING),
        (3, 10, 0.969, Tolerance.CROSSED),
        (3, 12, 0.9445, Tolerance.EARLY_WARNING),
        (4, 12, 0.989, Tolerance.CROSSED),
        (2, 20, 0.542, Tolerance.WITHIN),
        (4, 20, 0.922, Tolerance.EARLY_WARNING),
        (5, 20, 0.977, Tolerance.CROSSED),
        (2, 6, 0.9545, Tolerance.CROSSED),
    ],
)
def test_posterior_above_ten_per_cent(x: int, n: int, posterior: float, state: Tolerance) -> None:
    found = tolerance_state(x, n, 0.10, LIMITS)

    assert found.posterior == pytest.approx(posterior, abs=0.00055)
    assert found.state is state


SIZES = (5, 6, 8, 10, 12, 15, 18, 20, 24, 30, 40)


@pytest.mark.parametrize(
    ("limit", "row"),
    [
        (0.05, "1/2 1/2 1/2 1/2 2/3 2/3 2/3 2/3 3/4 3/4 4/5"),
        (0.10, "1/2 2/2 2/3 2/3 3/4 3/4 3/5 4/5 4/5 5/6 6/8"),
        (0.20, "2/3 2/3 3/4 4/5 4/5 5/6 5/7 6/8 7/9 8/10 11/13"),
    ],
)
def test_smallest_counts_for_early_warning_and_crossing(limit: float, row: str) -> None:
    def smallest(n: int, *states: Tolerance) -> int:
        return next(x for x in range(n + 1) if tolerance_state(x, n, limit, LIMITS).state in states)

    found = [
        f"{smallest(n, Tolerance.EARLY_WARNING, Tolerance.CROSSED)}/{smallest(n, Tolerance.CROSSED)}"
        for n in SIZES
    ]

    assert found == row.split()


def test_an_absolute_limit_is_crossed_by_one_and_by_nothing_less() -> None:
    assert tolerance_state(0, 30, 0, LIMITS).state is Tolerance.WITHIN
    assert tolerance_state(1, 30, 0, LIMITS).state is Tolerance.CROSSED
    assert tolerance_state(1, 30, 0, LIMITS).posterior is None


def test_the_prior_alone_warns_of_nothing() -> None:
    assert posterior_above(0, 1, 0.02) > LIMITS.early_warning
    assert tolerance_state(0, 1, 0.02, LIMITS).state is Tolerance.WITHIN
    assert tolerance_state(0, 0, 0.05, LIMITS).state is Tolerance.INSUFFICIENT_DATA


def test_p_chart_of_five_per_cent_with_forty() -> None:
    chart = p_chart(0.05, 40)

    assert (round(chart.two_sigma, 3), round(chart.three_sigma, 3)) == (0.119, 0.153)


def test_six_registered_in_five_months_against_one_and_a_half_planned() -> None:
    found = accrual(AccrualPlan(per_month=1.5, worth=3, band=0.8), 6, 5, 6)

    assert (found.shape, found.months, found.mean) == (10.5, 8, 1.3125)
    assert (round(found.low, 3), round(found.high, 3)) == (0.827, 1.851)
    assert (found.next_mean, found.next_low, found.next_high) == (7.875, 3, 13)
    assert found.pace is Pace.WITHIN


def test_a_plan_outside_the_band_is_behind_or_ahead() -> None:
    plan = AccrualPlan(per_month=1.5, worth=3, band=0.8)

    assert accrual(plan, 2, 6, 6).pace is Pace.BEHIND
    assert accrual(plan, 20, 6, 6).pace is Pace.AHEAD


def test_times_are_ordered_not_interpolated_and_their_share_beyond_target_is_a_proportion() -> None:
    late, *_ = time_signals(
        [
            SiteTimes(site="a", values=[9, 9, 9, 9, 9, 1, 5, 5]),
            SiteTimes(site="b", values=[9, 9, 9, *[5.0] * 17]),
            SiteTimes(site="c", values=[]),
        ],
        5,
        THRESHOLDS,
    )

    assert (late.median, late.p90) == (9, 9)
    assert late.beyond is not None
    assert (late.beyond.x, late.beyond.n, late.beyond.reference) == (5, 8, 0.15)
    assert late.signal is Signal.RED
    assert ninetieth([float(value) for value in range(1, 11)]) == 9
    assert ninetieth([]) is None

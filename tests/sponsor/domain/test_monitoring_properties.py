"""What holds for every number: the order of sites is nothing, and nobody is flagged for what is not there."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from services.sponsor.domain.monitoring.accrual import AccrualPlan, accrual
from services.sponsor.domain.monitoring.counts import SiteCount, count_signals, mid_p
from services.sponsor.domain.monitoring.proportions import SiteShare, funnel, reference_of, share_signals
from services.sponsor.domain.monitoring.signal import Concern, Signal, Thresholds
from services.sponsor.domain.monitoring.times import SiteTimes, time_signals

THRESHOLDS = Thresholds(amber=0.05, red=0.01, least_expected=3, own_share=0.3)
CONCERNS = st.sampled_from(Concern)
FEW = settings(max_examples=60, deadline=None)


@st.composite
def counts(draw: Any) -> list[SiteCount]:
    drawn = draw(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 60)), min_size=1, max_size=8))
    return [
        SiteCount(site=f"{number:03}", events=events, exposure=exposure)
        for number, (events, exposure) in enumerate(drawn, start=1)
    ]


@st.composite
def shares(draw: Any) -> list[SiteShare]:
    drawn = draw(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=8))
    return [
        SiteShare(site=f"{number:03}", x=min(pair), n=max(pair)) for number, pair in enumerate(drawn, start=1)
    ]


@FEW
@given(sites=counts(), concern=CONCERNS, order=st.randoms())
def test_permuted_sites_give_the_same_counts(sites: list[SiteCount], concern: Concern, order: Any) -> None:
    shuffled = order.sample(sites, len(sites))

    assert count_signals(shuffled, concern, THRESHOLDS) == count_signals(sites, concern, THRESHOLDS)


@FEW
@given(sites=shares(), concern=CONCERNS, order=st.randoms())
def test_permuted_sites_give_the_same_proportions(
    sites: list[SiteShare], concern: Concern, order: Any
) -> None:
    shuffled = order.sample(sites, len(sites))

    assert share_signals(shuffled, concern, THRESHOLDS) == share_signals(sites, concern, THRESHOLDS)


@FEW
@given(sites=counts(), concern=CONCERNS)
def test_a_site_without_exposure_is_never_flagged(sites: list[SiteCount], concern: Concern) -> None:
    bare = SiteCount(site="999", events=7, exposure=0)

    *_, reading = count_signals([*sites, bare], concern, THRESHOLDS)

    assert reading.signal is Signal.INSUFFICIENT_DATA


@FEW
@given(sites=shares(), concern=CONCERNS)
def test_a_site_with_nobody_is_never_flagged(sites: list[SiteShare], concern: Concern) -> None:
    *_, reading = share_signals([*sites, SiteShare(site="999", x=0, n=0)], concern, THRESHOLDS)

    assert reading.signal is Signal.INSUFFICIENT_DATA


def test_the_only_site_has_nothing_to_be_compared_with() -> None:
    [count] = count_signals([SiteCount(site="012", events=9, exposure=40)], Concern.BOTH, THRESHOLDS)
    [share] = share_signals([SiteShare(site="012", x=5, n=6)], Concern.BOTH, THRESHOLDS)
    [time] = time_signals([SiteTimes(site="012", values=[4, 9])], 5, THRESHOLDS)

    assert {count.signal, share.signal, time.signal} == {Signal.INSUFFICIENT_DATA}


def test_no_sites_give_no_readings() -> None:
    assert count_signals([], Concern.BOTH, THRESHOLDS) == ()
    assert share_signals([], Concern.BOTH, THRESHOLDS) == ()


def test_where_few_others_had_none_one_event_alarms_nobody() -> None:
    one, _ = share_signals(
        [SiteShare(site="a", x=1, n=1), SiteShare(site="b", x=0, n=2)], Concern.HIGH, THRESHOLDS
    )

    assert reference_of(0, 2) == pytest.approx(1 / 6)
    assert one.signal is Signal.NONE


@FEW
@given(
    n=st.integers(1, 40),
    others=st.tuples(st.integers(0, 60), st.integers(1, 60)),
    concern=CONCERNS,
)
def test_the_funnel_is_where_the_colour_of_a_site_changes(
    n: int, others: tuple[int, int], concern: Concern
) -> None:
    x, size = min(others), max(others)
    reference = reference_of(x, size)
    assert reference is not None
    limits = funnel(n, reference, concern, THRESHOLDS)

    def at(k: int) -> Signal:
        site, other = SiteShare(site="a", x=k, n=n), SiteShare(site="b", x=x, n=size)
        return share_signals([site, other], concern, THRESHOLDS)[0].signal

    for k in range(n + 1):
        red = _reached(k, limits.red_low, limits.red_high)
        amber = _reached(k, limits.amber_low, limits.amber_high)
        assert at(k) is (Signal.RED if red else Signal.AMBER if amber else Signal.NONE)


def _reached(k: int, low: int | None, high: int | None) -> bool:
    return (low is not None and k <= low) or (high is not None and k >= high)


@FEW
@given(events=st.integers(0, 200), expected=st.floats(0.01, 300))
def test_mid_p_is_that_of_an_independent_library(events: int, expected: float) -> None:
    equal = stats.poisson.pmf(events, expected)

    assert mid_p(events, expected).low == pytest.approx(
        stats.poisson.cdf(events, expected) - equal / 2, abs=1e-9
    )
    assert mid_p(events, expected).high == pytest.approx(
        stats.poisson.sf(events, expected) + equal / 2, abs=1e-9
    )


@FEW
@given(
    planned=st.floats(0.1, 20),
    registered=st.integers(0, 200),
    elapsed=st.floats(0, 60),
    ahead=st.floats(0.5, 24),
)
def test_the_bands_of_accrual_are_those_of_an_independent_library(
    planned: float, registered: int, elapsed: float, ahead: float
) -> None:
    found = accrual(AccrualPlan(per_month=planned, worth=3, band=0.8), registered, elapsed, ahead)

    coming = stats.nbinom(found.shape, found.months / (found.months + ahead))
    assert coming.cdf(found.next_low) >= 0.1 - 1e-9
    assert coming.cdf(found.next_low - 1) < 0.1 + 1e-9
    assert coming.cdf(found.next_high) >= 0.9 - 1e-9
    assert coming.cdf(found.next_high - 1) < 0.9 + 1e-9
    assert stats.gamma(found.shape, scale=1 / found.months).ppf([0.1, 0.9]) == pytest.approx(
        [found.low, found.high]
    )

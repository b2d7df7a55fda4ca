"""Count indicators: events against what the exposure lets one expect, by the mid-p Poisson tails."""

from collections.abc import Sequence
from dataclasses import dataclass

from scipy import special

from services.sponsor.domain.monitoring.signal import Concern, Signal, Tails, Thresholds, colour


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteCount:
    """Events of one site over its exposure, which may be in any unit that all sites share."""

    site: str
    events: int
    exposure: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CountSignal:
    """One site's reading.

    Attributes:
        rate: events per unit of exposure it is compared with; None when there is no exposure to take it from.
        expected: rate times the site's exposure.
        left_out: the site is not part of the rate, because it holds too large a share of the exposure.
        tails: None where the data are insufficient.
    """

    site: str
    events: int
    exposure: float
    rate: float | None
    expected: float | None
    left_out: bool
    tails: Tails | None
    signal: Signal


def mid_p(events: int, expected: float) -> Tails:
    """Low = P(Y < y) + P(Y = y)/2, high = P(Y > y) + P(Y = y)/2 for a Poisson count Y."""
    at_most = float(special.pdtr(events, expected))
    below = float(special.pdtr(events - 1, expected)) if events else 0.0
    above = float(special.pdtrc(events, expected))
    equal = at_most - below
    return Tails(low=below + equal / 2, high=above + equal / 2)


def count_signals(
    sites: Sequence[SiteCount], concern: Concern, thresholds: Thresholds
) -> tuple[CountSignal, ...]:
    """A reading per site, by site; the order in which the sites are given changes nothing."""
    ordered = sorted(sites, key=lambda one: one.site)
    exposure = sum(one.exposure for one in ordered)
    events = sum(one.events for one in ordered)
    return tuple(_signal(one, events, exposure, concern, thresholds) for one in ordered)


def _signal(
    one: SiteCount, events: int, exposure: float, concern: Concern, thresholds: Thresholds
) -> CountSignal:
    left_out = exposure > 0 and one.exposure > thresholds.own_share * exposure
    base = exposure - one.exposure if left_out else exposure
    counted = events - one.events if left_out else events
    rate = counted / base if base > 0 else None
    expected = None if rate is None else rate * one.exposure
    enough = expected is not None and one.exposure > 0 and expected >= thresholds.least_expected
    tails = mid_p(one.events, expected) if enough and expected is not None else None
    return CountSignal(
        site=one.site,
        events=one.events,
        exposure=one.exposure,
        rate=rate,
        expected=expected,
        left_out=left_out,
        tails=tails,
        signal=Signal.INSUFFICIENT_DATA if tails is None else colour(tails.p(concern), thresholds),
    )

"""Proportion indicators: a site against all the others together, by the exact binomial tails; and its funnel."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scipy import special

from services.sponsor.domain.monitoring.signal import Concern, Signal, Tails, Thresholds, colour


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteShare:
    """`x` of `n` at one site."""

    site: str
    x: int
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """Counts at which a site of this size changes colour; None where no count can.

    Each is the count itself: at or below a low one, at or above a high one.
    """

    red_low: int | None
    amber_low: int | None
    amber_high: int | None
    red_high: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareSignal:
    """One site's reading.

    Attributes:
        others_x, others_n: the other sites together.
        reference: proportion it is compared with; None when the others have nothing.
        tails, funnel: None where the data are insufficient.
    """

    site: str
    x: int
    n: int
    others_x: int
    others_n: int
    reference: float | None
    tails: Tails | None
    funnel: Funnel | None
    signal: Signal


def binomial_tails(x: int, n: int, p: float) -> Tails:
    """P(X <= x) and P(X >= x) for X of n trials with chance p."""
    return Tails(low=_at_most(x, n, p), high=_at_least(x, n, p))


def share_signals(
    sites: Sequence[SiteShare], concern: Concern, thresholds: Thresholds
) -> tuple[ShareSignal, ...]:
    """A reading per site, by site; the order in which the sites are given changes nothing."""
    ordered = sorted(sites, key=lambda one: one.site)
    x, n = sum(one.x for one in ordered), sum(one.n for one in ordered)
    return tuple(_signal(one, x - one.x, n - one.n, concern, thresholds) for one in ordered)


def reference_of(x: int, n: int) -> float | None:
    """The proportion of others; None without any.

    Where all or none of them had it, one event would be impossible or certain by their proportion alone. The
    mean of the Jeffreys posterior, (x + 1/2) / (n + 1), stands in its place, so that few others alarm nobody.
    """
    if n == 0:
        return None
    return (x + 0.5) / (n + 1) if x in (0, n) else x / n


def funnel(n: int, reference: float, concern: Concern, thresholds: Thresholds) -> Funnel:
    """Where a site with n would turn amber and red, by the same tails that colour it."""

    def lowest(limit: float) -> int | None:
        if concern is Concern.LOW:
            return None
        return _first(n, lambda k: _at_least(k, n, reference) < limit)

    def highest(limit: float) -> int | None:
        if concern is Concern.HIGH:
            return None
        above = _first(n, lambda k: _at_most(k, n, reference) >= limit)
        return None if above in (None, 0) else (above or 0) - 1

    return Funnel(
        red_low=highest(thresholds.red),
        amber_low=highest(thresholds.amber),
        amber_high=lowest(thresholds.amber),
        red_high=lowest(thresholds.red),
    )


def _signal(
    one: SiteShare, others_x: int, others_n: int, concern: Concern, thresholds: Thresholds
) -> ShareSignal:
    reference = reference_of(others_x, others_n)
    known = reference is not None and one.n > 0
    tails = binomial_tails(one.x, one.n, reference) if known and reference is not None else None
    limits = funnel(one.n, reference, concern, thresholds) if known and reference is not None else None
    return ShareSignal(
        site=one.site,
        x=one.x,
        n=one.n,
        others_x=others_x,
        others_n=others_n,
        reference=reference,
        tails=tails,
        funnel=limits,
        signal=Signal.INSUFFICIENT_DATA if tails is None else colour(tails.p(concern), thresholds),
    )


def _at_most(x: int, n: int, p: float) -> float:
    return 1.0 if x >= n else float(special.bdtr(x, n, p))


def _at_least(x: int, n: int, p: float) -> float:
    return 1.0 if x <= 0 else float(special.bdtrc(x - 1, n, p))


def _first(n: int, holds: Callable[[int], bool]) -> int | None:
    """The smallest count of 0 to n of which a monotone condition holds."""
    low, high = 0, n + 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low if low <= n else None

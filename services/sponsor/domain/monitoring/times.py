"""Time indicators: median, 90th centile, and the share beyond the target, which is tested as a proportion."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median

from services.sponsor.domain.monitoring.proportions import ShareSignal, SiteShare, share_signals
from services.sponsor.domain.monitoring.signal import Concern, Signal, Thresholds

_CENTILE = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteTimes:
    """Times of one site, all in the indicator's unit."""

    site: str
    values: Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSignal:
    """One site's reading.

    Attributes:
        median, p90: None without a time.
        beyond: the share beyond the target; None where the protocol states no target.
    """

    site: str
    values: int
    median: float | None
    p90: float | None
    beyond: ShareSignal | None

    @property
    def signal(self) -> Signal:
        return Signal.INSUFFICIENT_DATA if self.beyond is None else self.beyond.signal


def ninetieth(values: Sequence[float]) -> float | None:
    """The smallest observed time that at least nine in ten do not exceed; nothing is interpolated."""
    if not values:
        return None
    return sorted(values)[ceil(len(values) * _CENTILE / 100) - 1]


def time_signals(
    sites: Sequence[SiteTimes], target: float | None, thresholds: Thresholds
) -> tuple[TimeSignal, ...]:
    """A reading per site, by site; a time beyond the target is longer than it, not equal to it."""
    beyond = {} if target is None else _beyond(sites, target, thresholds)
    return tuple(
        TimeSignal(
            site=one.site,
            values=len(one.values),
            median=float(median(one.values)) if one.values else None,
            p90=ninetieth(one.values),
            beyond=beyond.get(one.site),
        )
        for one in sorted(sites, key=lambda site: site.site)
    )


def _beyond(sites: Sequence[SiteTimes], target: float, thresholds: Thresholds) -> dict[str, ShareSignal]:
    shares = [
        SiteShare(site=one.site, x=sum(value > target for value in one.values), n=len(one.values))
        for one in sites
    ]
    return {one.site: one for one in share_signals(shares, Concern.HIGH, thresholds)}

"""How the states of central monitoring are shown: the inputs, the method, the numbers and the words."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field

from services.sponsor.domain.monitoring.accrual import Accrual
from services.sponsor.domain.monitoring.counts import CountSignal
from services.sponsor.domain.monitoring.proportions import ShareSignal
from services.sponsor.domain.monitoring.rules import Indicator, MonitoringRules
from services.sponsor.domain.monitoring.signal import Signal, Tails
from services.sponsor.domain.monitoring.states import IndicatorState, LimitState, SiteReading
from services.sponsor.domain.monitoring.times import TimeSignal
from services.sponsor.domain.monitoring.words import (
    accrual_in_words,
    count_in_words,
    limit_in_words,
    method_in_words,
    share_in_words,
    time_in_words,
    tolerance_in_words,
)
from shared.json_body import StrictModel

_DIGITS = 6
State = Literal["none", "amber", "red", "insufficient_data", "no_source"]
_WORST = (Signal.RED, Signal.AMBER, Signal.NONE)


class TailsOut(StrictModel):
    """Chances of a value so low and so high; `p` is that of the tail which worries."""

    low: float
    high: float
    p: float
    side: Literal["low", "high"]


class FunnelOut(StrictModel):
    """Counts at which a site of this size changes colour; null where none can."""

    red_low: int | None
    amber_low: int | None
    amber_high: int | None
    red_high: int | None


class SiteOut(StrictModel):
    site_number: str
    state: State
    words: str
    tails: TailsOut | None


class CountOut(SiteOut):
    """`expected` is `rate` times `exposure`; `left_out`: the site is not part of the rate."""

    kind: Literal["count"] = "count"
    events: int
    exposure: float
    rate: float | None
    expected: float | None
    left_out: bool


class ShareOut(SiteOut):
    """`x` of `n` against `reference`, the proportion of the other sites."""

    kind: Literal["proportion"] = "proportion"
    x: int
    n: int
    others_x: int
    others_n: int
    reference: float | None
    funnel: FunnelOut | None


class TimeOut(SiteOut):
    """`beyond` of `values` are longer than the target; null without a target."""

    kind: Literal["time"] = "time"
    values: int
    median: float | None
    p90: float | None
    beyond: int | None
    reference: float | None


class IndicatorOut(StrictModel):
    """An indicator; `state` is that of its worst site, `no_source` where nothing about it reaches this service."""

    id: str
    name: str
    kind: Literal["count", "proportion", "time"]
    concern: Literal["high", "low", "both"]
    of: str
    method: str
    target: float | None
    state: State
    sites: Sequence[Annotated[CountOut | ShareOut | TimeOut, Field(discriminator="kind")]]


class PChartOut(StrictModel):
    """The classic chart around the limit, for display alone."""

    two_sigma: float
    three_sigma: float


class ToleranceOut(StrictModel):
    """x of n against `limit`; `posterior` is null for an absolute limit, and while nobody is counted."""

    id: str
    name: str
    method: str
    state: Literal["within", "early_warning", "crossed", "insufficient_data", "no_limit", "no_source"]
    words: str
    x: int | None
    n: int | None
    limit: float | None
    posterior: float | None
    p_chart: PChartOut | None


class AccrualOut(StrictModel):
    """Rates per month; the posterior of the rate is Gamma(`shape`, `months`)."""

    words: str
    pace: Literal["behind", "within", "ahead"]
    planned: float
    registered: int
    elapsed: float
    shape: float
    months: float
    mean: float
    low: float
    high: float
    ahead: float
    next_mean: float
    next_low: int
    next_high: int


class FlowOut(StrictModel):
    """From screening to the first dose at one site; `failed` by code of the reason."""

    site_number: str
    screened: int
    failed: Mapping[str, int]
    registered: int
    dosed: int


def indicator_out(state: IndicatorState, rules: MonitoringRules) -> IndicatorOut:
    one = state.indicator
    signals = {reading.signal for reading in state.readings}
    worst = next((signal for signal in _WORST if signal in signals), Signal.INSUFFICIENT_DATA)
    return IndicatorOut(
        id=one.id,
        name=one.name,
        kind=one.method.value,
        concern=one.concern.value,
        of=one.of,
        method=method_in_words(one.method, rules),
        target=state.target,
        state="no_source" if one.source is None else worst.value,
        sites=[_site_out(reading, one, state.target) for reading in state.readings],
    )


def limit_out(one: LimitState, rules: MonitoringRules) -> ToleranceOut:
    found, chart = one.state, one.state.p_chart if one.state else None
    unknown: Literal["no_limit", "no_source"] = "no_source" if one.limit.source is None else "no_limit"
    return ToleranceOut(
        id=one.limit.id,
        name=one.limit.name,
        method=tolerance_in_words(rules),
        state=unknown if found is None else found.state.value,
        words=limit_in_words(one),
        x=found.x if found else None,
        n=found.n if found else None,
        limit=found.limit if found else None,
        posterior=_rounded(found.posterior) if found else None,
        p_chart=None
        if chart is None
        else PChartOut(
            two_sigma=round(chart.two_sigma, _DIGITS), three_sigma=round(chart.three_sigma, _DIGITS)
        ),
    )


def accrual_out(one: Accrual, rules: MonitoringRules) -> AccrualOut:
    return AccrualOut(
        words=accrual_in_words(one, rules.band),
        pace=one.pace.value,
        planned=one.planned,
        registered=one.registered,
        elapsed=round(one.elapsed, _DIGITS),
        shape=round(one.shape, _DIGITS),
        months=round(one.months, _DIGITS),
        mean=round(one.mean, _DIGITS),
        low=round(one.low, _DIGITS),
        high=round(one.high, _DIGITS),
        ahead=one.ahead,
        next_mean=round(one.next_mean, _DIGITS),
        next_low=one.next_low,
        next_high=one.next_high,
    )


def _site_out(reading: SiteReading, one: Indicator, target: float | None) -> CountOut | ShareOut | TimeOut:
    if isinstance(reading, CountSignal):
        return _count_out(reading, one)
    if isinstance(reading, ShareSignal):
        return _share_out(reading, one)
    return _time_out(reading, one, target)


def _count_out(reading: CountSignal, one: Indicator) -> CountOut:
    return CountOut(
        site_number=reading.site,
        state=reading.signal.value,
        words=count_in_words(reading, one),
        tails=_tails_out(reading.tails, one),
        events=reading.events,
        exposure=round(reading.exposure, _DIGITS),
        rate=_rounded(reading.rate),
        expected=_rounded(reading.expected),
        left_out=reading.left_out,
    )


def _share_out(reading: ShareSignal, one: Indicator) -> ShareOut:
    limits = reading.funnel
    return ShareOut(
        site_number=reading.site,
        state=reading.signal.value,
        words=share_in_words(reading, one),
        tails=_tails_out(reading.tails, one),
        x=reading.x,
        n=reading.n,
        others_x=reading.others_x,
        others_n=reading.others_n,
        reference=_rounded(reading.reference),
        funnel=None
        if limits is None
        else FunnelOut(
            red_low=limits.red_low,
            amber_low=limits.amber_low,
            amber_high=limits.amber_high,
            red_high=limits.red_high,
        ),
    )


def _time_out(reading: TimeSignal, one: Indicator, target: float | None) -> TimeOut:
    beyond = reading.beyond
    return TimeOut(
        site_number=reading.site,
        state=reading.signal.value,
        words=time_in_words(reading, one, target),
        tails=_tails_out(beyond.tails, one) if beyond else None,
        values=reading.values,
        median=reading.median,
        p90=reading.p90,
        beyond=beyond.x if beyond else None,
        reference=_rounded(beyond.reference) if beyond else None,
    )


def _tails_out(tails: Tails | None, one: Indicator) -> TailsOut | None:
    if tails is None:
        return None
    side: Literal["low", "high"] = "low" if tails.side(one.concern).value == "low" else "high"
    return TailsOut(
        low=round(tails.low, _DIGITS),
        high=round(tails.high, _DIGITS),
        p=round(tails.p(one.concern), _DIGITS),
        side=side,
    )


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, _DIGITS)

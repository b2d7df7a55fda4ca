"""What a reading means in a sentence: for whoever looks at it, with every number it rests on."""

from services.sponsor.domain.monitoring.accrual import Accrual, Pace
from services.sponsor.domain.monitoring.counts import CountSignal
from services.sponsor.domain.monitoring.proportions import ShareSignal
from services.sponsor.domain.monitoring.rules import Indicator, Method, MonitoringRules
from services.sponsor.domain.monitoring.signal import Concern, Tails
from services.sponsor.domain.monitoring.states import LimitState
from services.sponsor.domain.monitoring.times import TimeSignal
from services.sponsor.domain.monitoring.tolerance import Tolerance

_PACES = {
    Pace.BEHIND: "The plan lies above the band: accrual is behind it.",
    Pace.WITHIN: "The plan lies within the band.",
    Pace.AHEAD: "The plan lies below the band: accrual is ahead of it.",
}
_TOLERANCES = {
    Tolerance.WITHIN: "Within the limit.",
    Tolerance.EARLY_WARNING: "Early warning.",
    Tolerance.CROSSED: "Crossed: somebody must evaluate whether the cause is systemic.",
}


def method_in_words(method: Method, rules: MonitoringRules) -> str:
    """How an indicator of this method is computed and coloured."""
    limits = rules.thresholds
    colours = f"amber below {limits.amber:g}, red below {limits.red:g}"
    if method is Method.COUNT:
        return (
            "Mid-p Poisson tails of the events against the rate of all sites times the site's exposure; a site with"
            f" more than {limits.own_share:.0%} of the exposure is left out of the rate; below"
            f" {limits.least_expected:g} expected events the data are insufficient; {colours}."
        )
    if method is Method.PROPORTION:
        return f"Exact binomial tails against the proportion of the other sites; {colours}."
    return (
        "Median and 90th centile of the times; the share beyond the target is tested by exact binomial tails"
        f" against the proportion of the other sites; {colours}."
    )


def tolerance_in_words(rules: MonitoringRules) -> str:
    """How the state of a limit is found."""
    limits = rules.tolerance
    return (
        "Posterior Beta(1/2 + x, 1/2 + n - x) of the proportion; early warning from"
        f" P(p > L) = {limits.early_warning:.2f} on, crossed from {limits.crossed:.2f} on; with L = 0 one is enough."
    )


def count_in_words(one: CountSignal, indicator: Indicator) -> str:
    if one.expected is None or one.rate is None:
        return f"Insufficient data: {one.events} here, and no exposure to compare with."
    seen = (
        f"{one.events} where {one.expected:.2f} are expected: {one.rate:.4f} per unit of {indicator.of}"
        f"{', this site left out,' if one.left_out else ''} times {one.exposure:.2f}."
    )
    if one.tails is None:
        return f"Insufficient data. {seen}"
    return f"{seen} {_chance(one.tails, indicator.concern)}"


def share_in_words(one: ShareSignal, indicator: Indicator) -> str:
    here = f"{one.x} of {one.n} here, {one.others_x} of {one.others_n} elsewhere."
    if one.tails is None:
        return f"Insufficient data. {here}"
    return f"{here} {_chance(one.tails, indicator.concern)}"


def time_in_words(one: TimeSignal, indicator: Indicator, target: float | None) -> str:
    if one.median is None or one.p90 is None:
        return "Insufficient data: no times."
    seen = f"Median {one.median:g}, 90th centile {one.p90:g} {indicator.of} of {one.values}."
    if one.beyond is None:
        return f"Insufficient data: the protocol states no target. {seen}"
    return f"{seen} Beyond {target:g}: {share_in_words(one.beyond, indicator)}"


def limit_in_words(one: LimitState) -> str:
    if one.limit.source is None:
        return "Nothing about it is announced to this service."
    found = one.state
    if found is None:
        return "The protocol states no limit."
    counted = f"{found.x} of {found.n}"
    if found.state is Tolerance.INSUFFICIENT_DATA:
        return f"Insufficient data: {counted}."
    if found.posterior is None:
        return f"{counted}, where none may be. {_TOLERANCES[found.state]}"
    return f"{counted}: P(p > {found.limit:g}) = {found.posterior:.3f}. {_TOLERANCES[found.state]}"


def accrual_in_words(one: Accrual, band: float) -> str:
    return (
        f"{one.registered} registered in {one.elapsed:.1f} months: {one.mean:.4f} per month,"
        f" {band:.0%} band {one.low:.3f} to {one.high:.3f}; planned {one.planned:g}. {_PACES[one.pace]}"
        f" In the next {one.ahead:g} months {one.next_mean:.3f}, band {one.next_low} to {one.next_high}."
    )


def _chance(tails: Tails, concern: Concern) -> str:
    side = "few" if tails.side(concern) is Concern.LOW else "many"
    return f"P = {tails.p(concern):.4f} of so {side}."

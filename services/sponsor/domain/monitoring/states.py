"""From what is known of a trial to the state of every indicator at every site, every limit, accrual and funnel."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from services.sponsor.domain.monitoring.accrual import Accrual, AccrualPlan, accrual
from services.sponsor.domain.monitoring.counts import CountSignal, count_signals
from services.sponsor.domain.monitoring.facts import COUNTS, OUT_OF_ALL, SHARES, TIMES, MonitoringFacts
from services.sponsor.domain.monitoring.proportions import ShareSignal, share_signals
from services.sponsor.domain.monitoring.rules import (
    Indicator,
    Method,
    MonitoringPlan,
    MonitoringRules,
    ToleranceLimit,
)
from services.sponsor.domain.monitoring.times import TimeSignal, time_signals
from services.sponsor.domain.monitoring.tolerance import ToleranceState, tolerance_state

SiteReading = CountSignal | ShareSignal | TimeSignal


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorState:
    """An indicator at every site, by site; no readings where nothing about it reaches this service."""

    indicator: Indicator
    target: float | None
    readings: Sequence[SiteReading]


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitState:
    """A limit; `state` is None where no limit is stated, or nothing about it reaches this service."""

    limit: ToleranceLimit
    state: ToleranceState | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFlow:
    """From screening to the first dose at one site; `failed` by code of the reason."""

    site: str
    screened: int
    failed: Mapping[str, int]
    registered: int
    dosed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringStates:
    """All of it, with what it was computed by; `accrual` is None before opening or without a planned rate."""

    rules: MonitoringRules
    indicators: Sequence[IndicatorState]
    limits: Sequence[LimitState]
    accrual: Accrual | None
    flow: Sequence[SiteFlow]


def monitoring_states(
    facts: MonitoringFacts, rules: MonitoringRules, plan: MonitoringPlan
) -> MonitoringStates:
    """Everything as of `facts.now`; the order in which anything is given changes nothing."""
    return MonitoringStates(
        rules=rules,
        indicators=[
            IndicatorState(
                indicator=one,
                target=plan.targets.get(one.id),
                readings=_readings(facts, rules, one, plan.targets.get(one.id)),
            )
            for one in rules.indicators
        ],
        limits=[LimitState(limit=one, state=_limit(facts, rules, one, plan)) for one in rules.limits],
        accrual=_accrual(facts, rules, plan),
        flow=[_flow(facts, site) for site in facts.all_sites],
    )


def _readings(
    facts: MonitoringFacts, rules: MonitoringRules, one: Indicator, target: float | None
) -> Sequence[SiteReading]:
    if one.source is None:
        return ()
    if one.method is Method.COUNT:
        return count_signals(COUNTS[one.source](facts, rules), one.concern, rules.thresholds)
    if one.method is Method.PROPORTION:
        return share_signals(SHARES[one.source](facts, rules), one.concern, rules.thresholds)
    return time_signals(TIMES[one.source](facts, rules), target, rules.thresholds)


def _limit(
    facts: MonitoringFacts, rules: MonitoringRules, one: ToleranceLimit, plan: MonitoringPlan
) -> ToleranceState | None:
    limit = plan.limits.get(one.id, one.limit)
    if one.source is None or limit is None:
        return None
    x, n = OUT_OF_ALL[one.source](facts)
    return tolerance_state(x, n, limit, rules.tolerance)


def _accrual(facts: MonitoringFacts, rules: MonitoringRules, plan: MonitoringPlan) -> Accrual | None:
    if plan.accrual_per_month is None or facts.open_from is None:
        return None
    until = min(facts.open_until or facts.now, facts.now)
    elapsed = max(timedelta(), until - facts.open_from) / timedelta(days=rules.days_per_month)
    planned = AccrualPlan(per_month=plan.accrual_per_month, worth=rules.worth_months, band=rules.band)
    return accrual(planned, len(facts.people), elapsed, rules.months_ahead)


def _flow(facts: MonitoringFacts, site: str) -> SiteFlow:
    screenings = [one for one in facts.screenings if one.site == site]
    people = [one for one in facts.people if one.site == site]
    failed = Counter(one.failed_because for one in screenings if one.failed_because is not None)
    return SiteFlow(
        site=site,
        screened=len(screenings),
        failed=dict(sorted(failed.items())),
        registered=len(people),
        dosed=sum(one.first_dose_at is not None for one in people),
    )

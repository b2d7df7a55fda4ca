"""What is known of a trial for monitoring, and the numbers of each indicator that are taken from it.

A participant belongs to the site that answers for them now. A registration that was voided counts nowhere, and
a report of nobody's counts at the site that sent it.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.sponsor.domain.monitoring.counts import SiteCount
from services.sponsor.domain.monitoring.proportions import SiteShare
from services.sponsor.domain.monitoring.rules import MonitoringRules
from services.sponsor.domain.monitoring.times import SiteTimes
from services.sponsor.domain.standing import Verdict

_DAY = timedelta(days=1)
_EVALUABLE = (Verdict.DLT, Verdict.NO_DLT)
Pairs = Sequence[tuple[str, bool]]
"""(site, whether it is one of those asked about), one per thing counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoredPerson:
    """Somebody registered and not voided."""

    site: str
    first_dose_at: datetime | None
    treatment_ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoredReport:
    """An adverse event; `reported_at` is when its first version was taken in, None where that is not known."""

    site: str
    serious: bool
    onset_on: date | None
    aware_at: datetime
    reported_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoredWindow:
    """A DLT window; `closed` once its days are over, whatever the verdict."""

    site: str
    closed: bool
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoredScreening:
    """A screening; `failed_because` is the code of its failure, None while or where there is none."""

    site: str
    failed_because: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringFacts:
    """Everything as of `now`; `sites` are all of the trial, `open_from` to `open_until` its time of accrual."""

    now: datetime
    sites: frozenset[str]
    people: Sequence[MonitoredPerson]
    reports: Sequence[MonitoredReport]
    windows: Sequence[MonitoredWindow]
    screenings: Sequence[MonitoredScreening]
    open_from: datetime | None
    open_until: datetime | None

    @property
    def all_sites(self) -> list[str]:
        """Sites of the trial and whichever else anything is known of, by number."""
        named = {one.site for group in self._groups() for one in group}
        return sorted(self.sites | named)

    def _groups(
        self,
    ) -> Sequence[Sequence[MonitoredPerson | MonitoredReport | MonitoredWindow | MonitoredScreening]]:
        return (self.people, self.reports, self.windows, self.screenings)


def _counted(facts: MonitoringFacts, rules: MonitoringRules, sites: Sequence[str]) -> list[SiteCount]:
    """Events at these sites, one entry each, over the cycles under treatment of each site."""
    days: defaultdict[str, float] = defaultdict(float)
    for person in sorted(facts.people, key=lambda one: (one.site, str(one.first_dose_at))):
        days[person.site] += _days_under_treatment(person, facts.now)
    return [
        SiteCount(site=site, events=sites.count(site), exposure=days[site] / rules.cycle_days)
        for site in facts.all_sites
    ]


def _days_under_treatment(person: MonitoredPerson, now: datetime) -> float:
    if person.first_dose_at is None:
        return 0.0
    until = min(person.treatment_ended_at or now, now)
    return max(0.0, (until - person.first_dose_at) / _DAY)


def adverse_events(facts: MonitoringFacts, rules: MonitoringRules) -> list[SiteCount]:
    return _counted(facts, rules, [one.site for one in facts.reports])


def serious_adverse_events(facts: MonitoringFacts, rules: MonitoringRules) -> list[SiteCount]:
    return _counted(facts, rules, [one.site for one in facts.reports if one.serious])


def days_to_report(facts: MonitoringFacts, _rules: MonitoringRules) -> list[SiteTimes]:
    """Whole days from onset to the report's first version, none below 0."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for one in facts.reports:
        if one.onset_on is not None and one.reported_at is not None:
            found[one.site].append(max(0.0, float((one.reported_at.date() - one.onset_on).days)))
    return [SiteTimes(site=site, values=tuple(sorted(found[site]))) for site in facts.all_sites]


def late_serious_reports(facts: MonitoringFacts, rules: MonitoringRules) -> list[SiteShare]:
    allowed = timedelta(hours=rules.late_report_hours)
    return _shares(
        facts,
        [
            (one.site, one.reported_at - one.aware_at > allowed)
            for one in facts.reports
            if one.serious and one.reported_at is not None
        ],
    )


def evaluable(facts: MonitoringFacts, _rules: MonitoringRules) -> list[SiteShare]:
    """Of windows that are over; a verdict that is still pending then is not evaluable yet."""
    return _shares(facts, [(one.site, one.verdict in _EVALUABLE) for one in facts.windows if one.closed])


def screening_failures(facts: MonitoringFacts, _rules: MonitoringRules) -> list[SiteShare]:
    return _shares(facts, [(one.site, one.failed_because is not None) for one in facts.screenings])


def not_evaluable(facts: MonitoringFacts) -> tuple[int, int]:
    """Not evaluable, of all with a verdict that is not pending."""
    settled = [one.verdict for one in facts.windows if one.verdict is not Verdict.PENDING]
    return settled.count(Verdict.NOT_EVALUABLE), len(settled)


def _shares(facts: MonitoringFacts, pairs: Pairs) -> list[SiteShare]:
    n: defaultdict[str, int] = defaultdict(int)
    x: defaultdict[str, int] = defaultdict(int)
    for site, counts in pairs:
        n[site] += 1
        x[site] += counts
    return [SiteShare(site=site, x=x[site], n=n[site]) for site in facts.all_sites]


COUNTS: Mapping[str, Callable[[MonitoringFacts, MonitoringRules], list[SiteCount]]] = {
    "adverse_events": adverse_events,
    "serious_adverse_events": serious_adverse_events,
}
SHARES: Mapping[str, Callable[[MonitoringFacts, MonitoringRules], list[SiteShare]]] = {
    "late_serious_reports": late_serious_reports,
    "evaluable": evaluable,
    "screening_failures": screening_failures,
}
TIMES: Mapping[str, Callable[[MonitoringFacts, MonitoringRules], list[SiteTimes]]] = {
    "days_to_report": days_to_report,
}
OUT_OF_ALL: Mapping[str, Callable[[MonitoringFacts], tuple[int, int]]] = {"not_evaluable": not_evaluable}

"""From what is known of a trial to its states: who counts where, and what is not known is said."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.sponsor.domain.monitoring.counts import CountSignal
from services.sponsor.domain.monitoring.facts import (
    COUNTS,
    OUT_OF_ALL,
    SHARES,
    TIMES,
    MonitoredPerson,
    MonitoredReport,
    MonitoredScreening,
    MonitoredWindow,
    MonitoringFacts,
    days_to_report,
    evaluable,
    late_serious_reports,
    not_evaluable,
    serious_adverse_events,
)
from services.sponsor.domain.monitoring.rules import Method, MonitoringPlan
from services.sponsor.domain.monitoring.signal import Signal
from services.sponsor.domain.monitoring.states import monitoring_states
from services.sponsor.domain.monitoring.times import SiteTimes
from services.sponsor.domain.monitoring.tolerance import Tolerance
from services.sponsor.domain.monitoring.words import accrual_in_words, count_in_words, limit_in_words
from services.sponsor.domain.standing import Verdict
from services.sponsor.store.monitoring_rules import monitoring_rules

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
RULES = monitoring_rules()
NOTHING = MonitoringFacts(
    now=AT + timedelta(days=168),
    sites=frozenset({"012", "034"}),
    people=(),
    reports=(),
    windows=(),
    screenings=(),
    open_from=AT,
    open_until=None,
)


def person(site: str, *, cycles: float | None = 6) -> MonitoredPerson:
    ended = None if cycles is None else AT + timedelta(days=28 * cycles)
    return MonitoredPerson(
        site=site, first_dose_at=AT if cycles is not None else None, treatment_ended_at=ended
    )


def report(site: str, **known: Any) -> MonitoredReport:
    facts: dict[str, Any] = {"serious": False, "onset_on": None, "aware_at": AT, "reported_at": None}
    return MonitoredReport(site=site, **(facts | known))


def reading_of(facts: MonitoringFacts, indicator: str, site: str) -> CountSignal:
    states = monitoring_states(facts, RULES, MonitoringPlan())
    [state] = [one for one in states.indicators if one.indicator.id == indicator]
    [reading] = [one for one in state.readings if one.site == site]
    assert isinstance(reading, CountSignal)
    return reading


def test_the_site_with_one_event_where_six_are_expected_is_red_and_says_so_with_its_numbers() -> None:
    sites = ["012", "034", "056", "078", "090", "099"]
    facts = replace(
        NOTHING,
        sites=frozenset(sites),
        people=[person(site) for site in sites],
        reports=[report("012"), *(report(site) for site in sites[1:] for _ in range(7))],
    )

    found = reading_of(facts, "K1", "012")

    assert found.tails is not None
    assert (found.events, found.expected, round(found.tails.low, 4)) == (1, 6, 0.0099)
    assert found.signal is Signal.RED
    assert count_in_words(found, RULES.indicators[0]) == (
        "1 where 6.00 are expected: 1.0000 per unit of participant-cycles times 6.00. P = 0.0099 of so few."
    )


def test_exposure_runs_from_the_first_dose_to_the_end_of_treatment_or_now() -> None:
    people = [person("012", cycles=2), person("012", cycles=None), person("034", cycles=99)]
    facts = replace(NOTHING, people=people, reports=[report("034", serious=True)])

    first, second = serious_adverse_events(facts, RULES)

    assert (first.site, first.events, first.exposure) == ("012", 0, 2)
    assert (second.site, second.events, second.exposure) == ("034", 1, 6)


def test_a_serious_report_is_late_when_more_than_24_hours_after_awareness() -> None:
    on_time, late = AT + timedelta(hours=24), AT + timedelta(hours=24, seconds=1)
    reports = [
        report("012", serious=True, reported_at=on_time),
        report("012", serious=True, reported_at=late),
        report("012", serious=False, reported_at=late),
        report("012", serious=True, reported_at=None),
    ]

    first, _ = late_serious_reports(replace(NOTHING, reports=reports), RULES)

    assert (first.x, first.n) == (1, 2)


def test_days_from_onset_to_the_report_are_whole_and_never_below_zero() -> None:
    reports = [
        report("012", onset_on=date(2026, 3, 1), reported_at=AT),
        report("012", onset_on=date(2026, 3, 4), reported_at=AT),
        report("012", onset_on=None, reported_at=AT),
    ]

    found = days_to_report(replace(NOTHING, reports=reports), RULES)

    assert found == [SiteTimes(site="012", values=(0.0, 1.0)), SiteTimes(site="034", values=())]


def test_past_its_window_a_pending_verdict_is_not_evaluable_yet_but_counts_against_no_limit() -> None:
    windows = [
        MonitoredWindow(site="012", closed=True, verdict=Verdict.DLT),
        MonitoredWindow(site="012", closed=True, verdict=Verdict.NO_DLT),
        MonitoredWindow(site="012", closed=True, verdict=Verdict.PENDING),
        MonitoredWindow(site="012", closed=True, verdict=Verdict.NOT_EVALUABLE),
        MonitoredWindow(site="012", closed=False, verdict=Verdict.DLT),
    ]
    facts = replace(NOTHING, windows=windows)

    first, _ = evaluable(facts, RULES)

    assert (first.x, first.n) == (2, 4)
    assert not_evaluable(facts) == (1, 4)


def test_two_of_ten_not_evaluable_against_ten_per_cent_is_an_early_warning() -> None:
    verdicts = [Verdict.NOT_EVALUABLE] * 2 + [Verdict.NO_DLT] * 8
    windows = [MonitoredWindow(site="012", closed=True, verdict=verdict) for verdict in verdicts]

    states = monitoring_states(
        replace(NOTHING, windows=windows), RULES, MonitoringPlan(limits={"not_evaluable": 0.1})
    )

    [found] = [one for one in states.limits if one.limit.id == "not_evaluable"]
    assert found.state is not None
    assert found.state.posterior == pytest.approx(0.857, abs=5e-4)
    assert found.state.state is Tolerance.EARLY_WARNING
    assert limit_in_words(found) == "2 of 10: P(p > 0.1) = 0.857. Early warning."


def test_a_limit_that_is_not_stated_or_has_no_source_has_no_state_and_says_why() -> None:
    states = monitoring_states(NOTHING, RULES, MonitoringPlan())

    words = {one.limit.id: (one.state, limit_in_words(one)) for one in states.limits}

    assert words["not_evaluable"] == (None, "The protocol states no limit.")
    assert words["ineligible_dosed"] == (None, "Nothing about it is announced to this service.")


def test_accrual_runs_from_opening_until_closing_and_says_both_bands() -> None:
    months = timedelta(days=5 * RULES.days_per_month)
    facts = replace(NOTHING, people=[person("012")] * 6, open_until=AT + months)

    found = monitoring_states(facts, RULES, MonitoringPlan(accrual_per_month=1.5)).accrual

    assert found is not None
    assert accrual_in_words(found, RULES.band) == (
        "6 registered in 5.0 months: 1.3125 per month, 80% band 0.827 to 1.851; planned 1.5. The plan lies within"
        " the band. In the next 6 months 7.875, band 3 to 13."
    )


def test_without_a_planned_rate_or_before_opening_there_is_no_accrual() -> None:
    plan = MonitoringPlan(accrual_per_month=1.5)

    assert monitoring_states(NOTHING, RULES, MonitoringPlan()).accrual is None
    assert monitoring_states(replace(NOTHING, open_from=None), RULES, plan).accrual is None


def test_the_flow_of_a_site_counts_its_failures_by_their_reason() -> None:
    screenings = [MonitoredScreening(site="012", failed_because=code) for code in ("b", None, "a", "b")]
    facts = replace(NOTHING, screenings=screenings, people=[person("012"), person("012", cycles=None)])

    first, second = monitoring_states(facts, RULES, MonitoringPlan()).flow

    assert (first.screened, first.failed, first.registered, first.dosed) == (4, {"a": 1, "b": 2}, 2, 1)
    assert (second.site, second.screened, second.registered) == ("034", 0, 0)


def test_every_source_that_the_rules_name_is_known_and_every_known_one_is_named() -> None:
    known = {Method.COUNT: COUNTS, Method.PROPORTION: SHARES, Method.TIME: TIMES}
    named = {method: {one.source for one in RULES.indicators if one.method is method} for method in Method}

    for method, sources in known.items():
        assert named[method] - {None} == set(sources)
    assert {one.source for one in RULES.limits} - {None} == set(OUT_OF_ALL)
    assert [one.id for one in RULES.indicators] == [f"K{number}" for number in range(1, 15)]


SITES = st.sampled_from(["012", "034", "056", "078"])
SOME = st.integers(0, 12)


@settings(max_examples=40, deadline=None)
@given(
    people=st.lists(st.builds(person, SITES, cycles=st.sampled_from([None, 0.5, 1, 6])), max_size=12),
    reports=st.lists(
        st.builds(
            report,
            SITES,
            serious=st.booleans(),
            reported_at=st.sampled_from([None, AT, AT + timedelta(days=3)]),
        ),
        max_size=20,
    ),
    windows=st.lists(
        st.builds(MonitoredWindow, site=SITES, closed=st.booleans(), verdict=st.sampled_from(Verdict)),
        max_size=12,
    ),
    order=st.randoms(),
)
def test_the_order_in_which_facts_are_known_changes_nothing(
    people: list[Any], reports: list[Any], windows: list[Any], order: Any
) -> None:
    plan = MonitoringPlan(accrual_per_month=1, limits={"not_evaluable": 0.1}, targets={"K3": 2})
    facts = replace(NOTHING, people=people, reports=reports, windows=windows)
    shuffled = replace(
        NOTHING,
        **{
            name: order.sample(it, len(it))
            for name, it in (("people", people), ("reports", reports), ("windows", windows))
        },
    )

    states = monitoring_states(facts, RULES, plan)

    assert monitoring_states(shuffled, RULES, plan) == states
    for one in states.indicators:
        for reading in one.readings:
            if isinstance(reading, CountSignal) and not reading.exposure:
                assert reading.signal is Signal.INSUFFICIENT_DATA

"""Obligations of a case: order and repeats change nothing, and no change moves what is due later."""

from datetime import date, timedelta
from itertools import permutations
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.safety.domain.adverse_event import Outcome
from services.safety.domain.case_history import CaseChange, CaseHistory, CaseOutcome, ChangeKind
from services.safety.domain.case_timeline import follow
from services.safety.domain.causality import Causality
from services.safety.domain.classification import CaseFacts, CaseRules, ExemptSusar
from services.safety.domain.expectedness import Expectedness, ListedReaction, ReferenceVersion
from services.safety.domain.reporting_regime import NewJudgement
from services.safety.domain.seriousness import Answer, Criterion, View
from tests.safety.domain.regimes import shipped

DAY_0 = date(2026, 12, 18)
LONDON = ZoneInfo("Europe/London")
RULES = CaseRules(
    references=(
        ReferenceVersion(
            version=1,
            approved_on=date(2026, 1, 1),
            entries=(ListedReaction(term="Fever", max_grade=3), ListedReaction(term="Nausea")),
        ),
    ),
    exempt_susars=(ExemptSusar(rule="P-7", term="Fever", period_days=30),),
)


def view(*criteria: Criterion) -> View:
    return View(answer=Answer.ASSESSED, criteria=frozenset(criteria))


OPINIONS = st.sampled_from(tuple(Causality))
VIEWS = st.frozensets(st.sampled_from(tuple(Criterion)), max_size=2).map(lambda found: view(*found))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "term": st.sampled_from([None, "Fever", "Nausea", "Sepsis"]),
    "grade": st.sampled_from([None, 1, 3, 4, 5]),
    "outcome": st.sampled_from([Outcome.NOT_STATED, Outcome.RECOVERING, Outcome.FATAL]),
    "onset_on": st.sampled_from([None, date(2026, 12, 1)]),
    "investigator_seriousness": VIEWS | st.just(View(answer=Answer.NOT_ASSESSED)),
    "sponsor_seriousness": VIEWS,
    "investigator_causality": OPINIONS,
    "sponsor_causality": OPINIONS,
    "expectedness": st.sampled_from([None, *Expectedness]),
}
FACTS = st.fixed_dictionaries({}, optional=VALUES)
CHANGES = st.lists(
    st.builds(
        CaseChange,
        on=st.integers(min_value=0, max_value=30).map(lambda days: DAY_0 + timedelta(days=days)),
        kind=st.sampled_from(tuple(ChangeKind)),
        values=FACTS,
    ),
    max_size=6,
).map(
    lambda changes: [
        CaseChange(on=one.on, kind=one.kind, values=one.values, sequence=place)
        for place, one in enumerate(changes)
    ]
)
REPORTS = st.lists(
    st.integers(min_value=-2, max_value=40).map(lambda days: DAY_0 + timedelta(days=days)), max_size=3
)
REGIMES = st.sampled_from(sorted(shipped()))
MODES = st.sampled_from([None, *NewJudgement])


def outcome(
    first: dict[str, Any],
    changes: list[CaseChange],
    reports: list[date],
    regime: str,
    mode: NewJudgement | None = None,
    aware: tuple[date, ...] = (DAY_0,),
) -> CaseOutcome:
    history = CaseHistory(
        first=CaseFacts(**first),
        rules=RULES,
        zone=LONDON,
        aware=aware,
        changes=tuple(changes),
        reports_sent=tuple(reports),
        on_new_judgement=mode,
    )
    return follow(history, shipped()[regime])


@settings(deadline=None)
@given(FACTS, CHANGES, REPORTS, REGIMES, MODES, st.data())
def test_order_and_repeats_of_what_arrives_change_nothing(
    first: dict[str, Any],
    changes: list[CaseChange],
    reports: list[date],
    regime: str,
    mode: NewJudgement | None,
    data: st.DataObject,
) -> None:
    told = outcome(first, changes, reports, regime, mode)

    shuffled = data.draw(st.permutations(changes)) + changes[:2]
    repeated = data.draw(st.permutations(reports)) + reports

    assert outcome(first, shuffled, repeated, regime, mode, (DAY_0, DAY_0)) == told


@settings(deadline=None)
@given(FACTS, CHANGES, REPORTS, REGIMES, MODES, FACTS, st.sampled_from(tuple(ChangeKind)))
def test_no_later_change_moves_what_is_due_or_takes_it_back(
    first: dict[str, Any],
    changes: list[CaseChange],
    reports: list[date],
    regime: str,
    mode: NewJudgement | None,
    values: dict[str, Any],
    kind: ChangeKind,
) -> None:
    before = outcome(first, changes, reports, regime, mode)
    last = max([DAY_0, *(one.on for one in changes)])
    last = max([last, *(day + timedelta(days=1) for day in reports)])

    added = CaseChange(on=last, kind=kind, values=values, sequence=99)
    after = outcome(first, [*changes, added], reports, regime, mode)

    for one in before.owed:
        same = [held for held in after.owed if held.rule == one.rule]
        assert any(held.deadline.due_at <= one.deadline.due_at for held in same)
    if before.effective_due_date is not None:
        assert after.effective_due_date is not None
        assert after.effective_due_date <= before.effective_due_date


@settings(deadline=None)
@given(FACTS, CHANGES, REGIMES, st.integers(min_value=1, max_value=20))
def test_a_merged_report_of_earlier_awareness_never_moves_a_date_later(
    first: dict[str, Any], changes: list[CaseChange], regime: str, days: int
) -> None:
    alone = outcome(first, changes, [], regime)

    merged = outcome(first, changes, [], regime, None, (DAY_0, DAY_0 - timedelta(days=days)))

    if alone.effective_due_date is not None:
        assert merged.effective_due_date is not None
        assert merged.effective_due_date <= alone.effective_due_date


SERIOUS: dict[str, Any] = {
    "term": "Sepsis",
    "investigator_seriousness": view(Criterion.HOSPITALISATION),
    "investigator_causality": Causality.POSSIBLE,
    "expectedness": Expectedness.UNEXPECTED,
}


def test_every_order_of_an_upgrade_a_judgement_and_a_report_tells_the_same_story() -> None:
    changes = [
        CaseChange(
            on=date(2026, 12, 20), kind=ChangeKind.FACTS, values={"outcome": Outcome.FATAL}, sequence=0
        ),
        CaseChange(
            on=date(2026, 12, 24),
            kind=ChangeKind.JUDGEMENT,
            values={"sponsor_causality": Causality.DEFINITE},
            sequence=1,
        ),
        CaseChange(on=date(2026, 12, 29), kind=ChangeKind.FACTS, values={"grade": 5}, sequence=2),
    ]
    first = SERIOUS | {"investigator_causality": Causality.UNRELATED}

    told = [outcome(first, list(order), [date(2026, 12, 26)], "uk-2026") for order in permutations(changes)]

    assert len({str(one) for one in told}) == 1
    assert {one.rule: one.deadline.due_date for one in told[0].owed} == {
        "uk.susar.fatal": date(2026, 12, 27),
        "uk.susar.other": date(2027, 1, 2),
        "uk.susar.additional": date(2027, 1, 3),
    }


def test_nobodys_awareness_starts_no_clock() -> None:
    found = outcome(SERIOUS, [], [], "uk-2026", None, ())

    assert (found.owed, found.day_0, found.effective_due_date) == ((), None, None)


@pytest.mark.parametrize("country", ["abroad", "at home"])
def test_a_site_abroad_has_rules_of_its_own(country: str) -> None:
    history = CaseHistory(
        first=CaseFacts(**SERIOUS),
        rules=RULES,
        zone=LONDON,
        aware=(DAY_0,),
        known={"abroad": country == "abroad", "event_class": "AE"},
    )

    found = follow(history, shipped()["uk-2026"])

    expected = "uk.susar.abroad.other" if country == "abroad" else "uk.susar.other"
    assert [one.rule for one in found.owed] == [expected]

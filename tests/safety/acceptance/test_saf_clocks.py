"""Acceptance checks SAF-1 to 5, 7, 8, 10, 15, 16 and 25 on the rules alone; through the routes they are in
`test_saf.py` and `test_saf_obligations.py`.
"""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.safety.domain.adverse_event import Outcome
from services.safety.domain.case_history import CaseHistory, CaseOutcome, Owed
from services.safety.domain.case_timeline import follow
from services.safety.domain.causality import Causality
from services.safety.domain.classification import CaseFacts, CaseRules, ExemptSusar
from services.safety.domain.event_class import EventClass
from services.safety.domain.expectedness import Expectedness, ListedReaction, ReferenceVersion
from services.safety.domain.seriousness import Answer, Criterion, NotSeriousRule, View
from shared.deadlines import shown
from tests.safety.domain.regimes import shipped

LONDON = ZoneInfo("Europe/London")
FRIDAY = date(2026, 12, 18)


def serious(*criteria: Criterion) -> View:
    return View(answer=Answer.ASSESSED, criteria=frozenset(criteria))


SUSAR: dict[str, Any] = {
    "term": "Sepsis",
    "grade": 3,
    "investigator_seriousness": serious(Criterion.HOSPITALISATION),
    "investigator_causality": Causality.PROBABLE,
    "expectedness": Expectedness.UNEXPECTED,
}
FATAL: dict[str, Any] = SUSAR | {
    "grade": 5,
    "outcome": Outcome.FATAL,
    "death_on": date(2026, 12, 17),
    "investigator_seriousness": serious(Criterion.DEATH),
}


def told(
    regime: str, facts: dict[str, Any], *, rules: CaseRules | None = None, **history: Any
) -> CaseOutcome:
    stated = {"aware": (FRIDAY,)} | history
    case = CaseHistory(first=CaseFacts(**facts), rules=rules or CaseRules(), zone=LONDON, **stated)
    return follow(case, shipped()[regime])


def only(found: CaseOutcome) -> Owed:
    (one,) = found.owed
    return one


@pytest.mark.parametrize(
    ("aware", "due"),
    [
        pytest.param(datetime(2026, 10, 24, 13, tzinfo=UTC), "Sun 25 October 2026 13:00 GMT", id="SAF-1"),
        pytest.param(datetime(2027, 3, 27, 14, tzinfo=UTC), "Sun 28 March 2027 15:00 BST", id="SAF-2"),
    ],
)
def test_saf_1_and_2_the_sites_24_hours_are_elapsed_hours(aware: datetime, due: str) -> None:
    unrelated = SUSAR | {"investigator_causality": Causality.UNRELATED}

    found = only(told("uk-2026", unrelated, site_aware=aware))

    assert (found.rule, shown(found.deadline.due_at, LONDON)) == ("site.report", due)


@pytest.mark.parametrize(("facts", "due"), [(FATAL, date(2026, 10, 30)), (SUSAR, date(2026, 11, 7))])
def test_saf_3_day_0_is_the_local_date_and_a_saturday_is_not_extended(
    facts: dict[str, Any], due: date
) -> None:
    found = only(told("uk-2026", facts, aware=(datetime(2026, 10, 22, 23, 30, tzinfo=UTC),)))

    assert (found.deadline.day_0, found.deadline.due_date) == (date(2026, 10, 23), due)


def test_saf_4_the_new_rules_tell_the_mhra_alone_and_the_elected_old_ones_everybody() -> None:
    new, old = only(told("uk-2026", FATAL)), only(told("uk-2004-transitional", FATAL))

    assert (new.deadline.due_date, new.recipients, new.inform_investigators) == (
        *(date(2026, 12, 25), ("MHRA",), False),
    )
    assert (old.deadline.due_date, old.recipients, old.inform_investigators) == (
        *(date(2026, 12, 25), ("MHRA", "REC"), True),
    )
    assert (new.rule, new.rule_version, old.rule_version) == ("uk.susar.fatal", 2, 1)


def test_saf_5_additional_information_is_due_on_day_11_after_a_report_on_day_3() -> None:
    found = told("uk-2026", FATAL, reports_sent=(date(2026, 12, 21),))

    assert {one.rule: one.deadline.due_date for one in found.owed} == {
        "uk.susar.fatal": date(2026, 12, 25),
        "uk.susar.additional": date(2026, 12, 29),
    }


def test_saf_7_an_exempt_susar_has_the_protocols_period_in_the_united_kingdom_and_its_clock_in_europe() -> (
    None
):
    exempt = CaseRules(exempt_susars=(ExemptSusar(rule="P-7", term="Sepsis", period_days=30),))

    uk, eu = told("uk-2026", SUSAR, rules=exempt), told("eu-ctr", SUSAR, rules=exempt)

    assert (only(uk).rule, only(uk).deadline.due_date) == ("protocol.P-7", date(2027, 1, 17))
    assert (uk.in_annual_report, uk.exempt_by) == (True, "P-7")
    assert (only(eu).rule, only(eu).deadline.due_date) == ("eu.susar.other", date(2027, 1, 2))


def test_saf_8_a_missing_opinion_is_suspected_and_starts_the_clock() -> None:
    found = told("uk-2026", SUSAR | {"investigator_causality": Causality.NOT_ASSESSED})

    case = found.classification
    assert (case.event_class, case.causality.suspected, case.provisional) == (EventClass.SUSAR, True, True)
    assert ([query.value for query in case.queries], case.submission_blocked) == (
        ["causality_missing"],
        False,
    )
    assert only(found).deadline.due_date == date(2027, 1, 2)


@pytest.mark.parametrize(
    ("onset_on", "version", "found_class"),
    [
        (date(2026, 3, 1), 1, EventClass.SUSAR),
        (date(2026, 3, 11), 2, EventClass.SERIOUS_ADVERSE_REACTION),
    ],
)
def test_saf_10_the_version_approved_and_in_force_at_onset_counts_and_an_unapproved_one_never(
    onset_on: date, version: int, found_class: EventClass
) -> None:
    rules = CaseRules(
        references=(
            ReferenceVersion(version=1, approved_on=date(2025, 6, 1)),
            ReferenceVersion(
                version=2,
                approved_on=date(2026, 3, 10),
                entries=(ListedReaction(term="Sepsis", max_grade=4),),
            ),
            ReferenceVersion(version=3, approved_on=None),
        )
    )
    facts = SUSAR | {"expectedness": None, "onset_on": onset_on}

    found = told("uk-2026", facts, rules=rules, aware=(date(2026, 3, 12),)).classification

    assert (found.expectedness.version, found.event_class) == (version, found_class)


def test_saf_15_a_laboratory_grade_4_is_not_serious_and_a_rash_with_a_night_in_hospital_is() -> None:
    laboratory = told("uk-2026", SUSAR | {"grade": 4, "investigator_seriousness": serious()})
    rash = told("uk-2026", SUSAR | {"grade": 1})
    planned = told(
        "uk-2026",
        SUSAR | {"admission": "planned_protocol_procedure"},
        rules=CaseRules(not_serious=(NotSeriousRule(rule="P-2", admission="planned_protocol_procedure"),)),
    )

    assert (laboratory.classification.serious, laboratory.owed) == (False, ())
    assert rash.classification.serious is True
    assert (planned.classification.serious, planned.owed) == (False, ())
    assert planned.classification.rules_applied == ("P-2",)


def test_saf_16_before_consent_is_history_and_before_the_dose_is_the_sites_sae_alone() -> None:
    rules = CaseRules(consent_on=date(2026, 12, 1), first_dose_on=date(2026, 12, 10))
    site = datetime(2026, 12, 18, 9, tzinfo=UTC)

    history = told("uk-2026", SUSAR | {"onset_on": date(2026, 11, 30)}, rules=rules, site_aware=site)
    procedure = told("uk-2026", SUSAR | {"onset_on": date(2026, 12, 5)}, rules=rules, site_aware=site)

    assert (history.classification.event_class, history.owed) == (EventClass.MEDICAL_HISTORY, ())
    assert procedure.classification.event_class is EventClass.PRE_TREATMENT_SAE
    assert [one.rule for one in procedure.owed] == ["site.report"]


@pytest.mark.parametrize(
    ("regime", "rule", "day_0", "due", "recipients"),
    [
        ("uk-2026", "uk.annual_report", date(2026, 12, 31), date(2027, 3, 1), ("MHRA",)),
        ("uk-2026", "uk.usm.notice", FRIDAY, date(2026, 12, 25), ("MHRA", "REC")),
        ("uk-2004-transitional", "uk.usm.notice", FRIDAY, date(2026, 12, 21), ("MHRA", "REC")),
    ],
)
def test_saf_25_the_annual_report_has_60_days_and_a_measure_7_or_3(
    regime: str, rule: str, day_0: date, due: date, recipients: tuple[str, ...]
) -> None:
    row = shipped()[regime].rules[rule]

    assert (row.due(day_0, LONDON).due_date, row.recipients) == (due, recipients)

"""A report as it comes in: coded, asked about, and who is woken."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from services.safety.domain.adverse_event import Emergence, Outcome
from services.safety.domain.alert import AlertKind
from services.safety.domain.ctcae import Dictionary
from services.safety.domain.intake import decide_content, decide_report
from services.safety.domain.queries import QueryCode
from services.safety.domain.report import (
    Dosing,
    ParticipantContext,
    Report,
    ReportContext,
    ReportedGrade,
    Unmatched,
)
from services.safety.domain.seriousness import NotSeriousRule, Urgency
from tests.safety.domain.reports import NOW, Context, codes


def test_a_complete_report_is_coded_and_leaves_nothing_to_ask(
    complete: Report, context: ReportContext
) -> None:
    decision = decide_report(complete, context, now=NOW)
    content = decision.content

    assert decision.queries == ()
    assert decision.alerts == ()
    assert decision.urgency is Urgency.NOT_SERIOUS
    assert content.term is not None
    assert (content.term.soc, content.term.dictionary) == ("Skin and subcutaneous tissue disorders", "5.0+0")
    assert content.onset.coded == date(2026, 3, 10)
    assert [(entry.on.coded, entry.coded, entry.confirmed) for entry in content.grades] == [
        (date(2026, 3, 10), 2, True)
    ]
    assert content.outcome is Outcome.NOT_RECOVERED


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (["death"], AlertKind.DEATH),
        (["life_threatening", "hospitalisation"], AlertKind.LIFE_THREATENING),
        (["hospitalisation"], AlertKind.SERIOUS_ADVERSE_EVENT),
        (["something awful"], AlertKind.SERIOUS_ADVERSE_EVENT),
    ],
)
def test_a_serious_report_raises_one_alert_for_its_gravest_fact(
    complete: Report, context: ReportContext, words: list[str], kind: AlertKind
) -> None:
    assert decide_report(replace(complete, seriousness=words), context, now=NOW).alerts == (kind,)


def test_unanswered_seriousness_is_a_query_first_and_serious_after_its_limit(
    complete: Report, context: ReportContext
) -> None:
    at_once = decide_report(replace(complete, seriousness=None), context, now=NOW)
    next_day = decide_content(at_once.content, context, now=NOW + timedelta(hours=24), received_at=NOW)

    assert at_once.alerts == ()
    assert at_once.urgency is Urgency.AWAITING_ANSWER
    assert at_once.seriousness.serious
    assert codes(at_once) == [QueryCode.SERIOUSNESS_MISSING]
    assert at_once.seriousness_due_at == NOW + timedelta(hours=24)
    assert next_day.alerts == (AlertKind.SERIOUS_ADVERSE_EVENT,)
    assert next_day.content.aware.at == datetime(2026, 3, 12, 9, 0, tzinfo=UTC)


def test_grade_5_with_outcome_recovering_is_saved_queried_and_alerted(
    complete: Report, context: ReportContext
) -> None:
    report = replace(
        complete, term="Sepsis", grades=(ReportedGrade(grade=5),), seriousness=["death"], outcome="recovering"
    )

    decision = decide_report(report, context, now=NOW)

    assert codes(decision) == [QueryCode.GRADE_5_OUTCOME_NOT_FATAL, QueryCode.GRADE_5_WITHOUT_DEATH_DATE]
    assert decision.alerts == (AlertKind.DEATH,)
    assert decision.submission_blocked
    assert decision.content.grades[0].coded == 5


def test_grade_5_on_fatigue_is_kept_as_reported_and_the_cause_of_death_is_asked(
    complete: Report, context_with: Context, ctcae_6: Dictionary
) -> None:
    report = replace(
        complete,
        term="Fatigue",
        dictionary="6.0",
        grades=(ReportedGrade(grade=5),),
        seriousness=["death"],
        outcome="fatal",
        death_on="2026-03-11",
    )

    decision = decide_report(report, context_with(dictionary=ctcae_6), now=NOW)

    assert decision.content.grades[0].reported == 5
    assert decision.content.grades[0].coded is None
    assert codes(decision) == [QueryCode.GRADE_NOT_DEFINED_FOR_TERM]
    assert decision.queries[0].facts["advice"] == "code_the_cause_of_death"
    assert decision.alerts == (AlertKind.DEATH,)


def test_a_second_grade_5_is_a_warning(complete: Report, context_with: Context) -> None:
    report = replace(
        complete,
        term="Sepsis",
        grades=(ReportedGrade(grade=5),),
        seriousness=["death"],
        outcome="fatal",
        death_on="2026-03-11",
    )

    decision = decide_report(report, context_with(participant=ParticipantContext(has_grade_5=True)), now=NOW)

    assert codes(decision) == [QueryCode.SECOND_GRADE_5]
    assert decision.queries[0].is_warning


@pytest.mark.parametrize(
    "sign",
    [
        {"grades": (ReportedGrade(grade=5),)},
        {"outcome": "Fatal"},
        {"death_on": "2026-03-11"},
        {"death_on": "11 March"},
    ],
)
def test_any_sign_of_a_death_wakes_somebody_although_nobody_ticked_it(
    complete: Report, context: ReportContext, sign: dict[str, object]
) -> None:
    report = replace(complete, **sign)  # type: ignore[arg-type]

    assert decide_report(report, context, now=NOW).alerts == (AlertKind.DEATH,)


def test_a_laboratory_grade_4_is_not_serious_and_a_rash_with_an_admission_is(
    complete: Report, context: ReportContext
) -> None:
    laboratory = replace(complete, term="Neutrophil count decreased", grades=(ReportedGrade(grade=4),))
    admitted = replace(complete, grades=(ReportedGrade(grade=1),), seriousness=["hospitalisation"])

    assert not decide_report(laboratory, context, now=NOW).seriousness.serious
    assert decide_report(laboratory, context, now=NOW).alerts == ()
    assert decide_report(admitted, context, now=NOW).alerts == (AlertKind.SERIOUS_ADVERSE_EVENT,)


def test_an_admission_planned_by_the_protocol_is_no_sae_and_keeps_the_rules_id(
    complete: Report, context_with: Context
) -> None:
    report = replace(complete, seriousness=["hospitalisation"], admission="planned_protocol_procedure")
    rule = NotSeriousRule(rule="P-2", admission="planned_protocol_procedure")

    decision = decide_report(report, context_with(not_serious=(rule,)), now=NOW)

    assert decision.alerts == ()
    assert decision.seriousness.rules_applied == ("P-2",)


@pytest.mark.parametrize(
    ("participant", "expected"),
    [
        (ParticipantContext(consent_on=date(2026, 3, 11)), Emergence.MEDICAL_HISTORY),
        (ParticipantContext(dosing=Dosing.NOT_DOSED), Emergence.PRE_TREATMENT),
        (
            ParticipantContext(dosing=Dosing.DOSED, first_dose_on=date(2026, 3, 11)),
            Emergence.PRE_TREATMENT,
        ),
        (
            ParticipantContext(dosing=Dosing.DOSED, first_dose_on=date(2026, 3, 10)),
            Emergence.TREATMENT_EMERGENT,
        ),
        (ParticipantContext(), Emergence.TREATMENT_EMERGENT),
    ],
)
def test_the_onset_decides_whether_an_event_can_be_a_reaction(
    complete: Report, context_with: Context, participant: ParticipantContext, expected: Emergence
) -> None:
    decision = decide_report(complete, context_with(participant=participant), now=NOW)

    assert decision.emergence is expected


def test_an_unknown_participant_is_stored_whole_pages_and_holds_the_trial(
    complete: Report, context_with: Context
) -> None:
    decision = decide_report(
        replace(complete, seriousness=["hospitalisation"]), context_with(participant=Unmatched()), now=NOW
    )

    assert (decision.matched, decision.holds_trial) == (False, True)
    assert decision.alerts == (AlertKind.UNMATCHED_REPORT,)
    assert codes(decision) == [QueryCode.PARTICIPANT_UNMATCHED]


@pytest.mark.parametrize(
    ("change", "pages"),
    [
        ({}, False),
        ({"grades": (ReportedGrade(grade=3),)}, True),
        ({"grades": ()}, True),
        ({"seriousness": None}, True),
    ],
)
def test_an_unmatched_report_pages_only_if_it_may_be_serious_or_a_dlt(
    complete: Report, context_with: Context, change: dict[str, object], pages: bool
) -> None:
    report = replace(complete, **change)  # type: ignore[arg-type]

    decision = decide_report(report, context_with(participant=Unmatched()), now=NOW)

    assert decision.holds_trial is pages
    assert (AlertKind.UNMATCHED_REPORT in decision.alerts) is pages


def test_an_undefined_grade_is_kept_with_a_suggestion(complete: Report, context: ReportContext) -> None:
    decision = decide_report(replace(complete, grades=(ReportedGrade(grade=4),)), context, now=NOW)

    assert (decision.content.grades[0].reported, decision.content.grades[0].coded) == (4, None)
    assert codes(decision) == [QueryCode.GRADE_NOT_DEFINED_FOR_TERM]
    assert decision.queries[0].facts["defined_grades"] == (1, 2, 3)


def test_a_term_out_of_another_dictionary_is_kept_and_queried(
    complete: Report, context: ReportContext
) -> None:
    decision = decide_report(replace(complete, dictionary="6.0"), context, now=NOW)

    assert decision.content.term is None
    assert decision.content.grades[0].coded is None
    assert decision.content.reported_term == "Rash maculo-papular"
    assert codes(decision) == [QueryCode.DICTIONARY_VERSION_NOT_PINNED]


def test_an_onset_before_consent_or_after_death_is_asked_about(
    complete: Report, context_with: Context
) -> None:
    before = context_with(participant=ParticipantContext(consent_on=date(2026, 3, 11)))
    after = context_with(participant=ParticipantContext(death_on=date(2026, 3, 9)))

    assert codes(decide_report(complete, before, now=NOW)) == [QueryCode.ONSET_BEFORE_CONSENT]
    assert codes(decide_report(complete, after, now=NOW)) == [QueryCode.ONSET_AFTER_DEATH]

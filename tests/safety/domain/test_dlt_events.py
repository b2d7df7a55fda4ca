from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from services.safety.domain.adverse_event import AdverseEvent
from services.safety.domain.alert import AlertKind, AlertRequest, Priority
from services.safety.domain.causality import Causality, Writer
from services.safety.domain.dlt import DltFinding, Provisional, Verdict, WindowState, evaluate_dlt
from services.safety.domain.dlt_definition import DltDefinition
from services.safety.domain.dlt_events import alerts_for, dlt_event_of
from services.safety.domain.dlt_facts import Cause, DoseDelay, Doses
from services.safety.domain.dlt_timeline import DatedGrade, as_day_begins
from services.safety.domain.dlt_window import DltWindow
from services.safety.domain.ids import AdverseEventId, PersonId
from services.safety.domain.intake import decide_report, first_version
from services.safety.domain.report import Author, Report, ReportContext, ReportedGrade

NOW = datetime(2026, 3, 12, 10, 0, tzinfo=UTC)
WINDOW = DltWindow(
    started_at=datetime(2026, 3, 6, 14, 0, tzinfo=UTC), zone=ZoneInfo("Europe/London"), days=28
)
DOSES = Doses(planned=28, given=28)


@pytest.fixture
def report(investigator: Author) -> Report:
    return Report(
        author=investigator,
        verbatim="rash",
        aware_at="2026-03-12T09:00:00Z",
        term="Rash maculo-papular",
        onset="2026-03-10",
        grades=(ReportedGrade(grade=3), ReportedGrade(grade=1, on="2026-03-12")),
        seriousness=[],
        causality="possible",
        exclusions=("alt-brief",),
    )


def recorded(report: Report, context: ReportContext) -> AdverseEvent:
    decision = decide_report(report, context, now=NOW)
    return first_version(AdverseEventId("ae-1"), report, decision, now=NOW)


def judge(definition: DltDefinition, event: AdverseEvent, doses: Doses = DOSES) -> DltFinding:
    events = [dlt_event_of(event, WINDOW)]
    return evaluate_dlt(definition, WindowState.STARTED, events, doses, None, as_day_begins(7))


def test_an_event_enters_the_rules_in_day_numbers_with_its_version(
    report: Report, context: ReportContext
) -> None:
    event = dlt_event_of(recorded(report, context), WINDOW)

    assert (event.id, event.version, event.term) == ("ae-1", 1, "Rash maculo-papular")
    assert event.soc == "Skin and subcutaneous tissue disorders"
    assert event.grades == (DatedGrade(day=5, grade=3), DatedGrade(day=7, grade=1))
    assert event.causality is Causality.POSSIBLE
    assert event.confirmed_exclusions == {"alt-brief"}


def test_what_only_a_nurse_says_is_unconfirmed(report: Report, context: ReportContext, nurse: Author) -> None:
    event = dlt_event_of(recorded(replace(report, author=nurse), context), WINDOW)

    assert event.causality is Causality.NOT_ASSESSED
    assert event.confirmed_exclusions == frozenset()
    assert not any(entry.confirmed for entry in event.grades)


def test_a_stated_not_related_leaves_the_attribution_missing(report: Report, context: ReportContext) -> None:
    desk = Author(person=PersonId("desk"), writer=Writer.SAFETY_DESK, stated_by=PersonId("dr-x"))
    event = dlt_event_of(recorded(replace(report, author=desk, causality="unrelated"), context), WINDOW)

    assert event.causality is Causality.NOT_ASSESSED


def test_an_undefined_grade_counts_as_reported_but_unconfirmed(
    report: Report, context: ReportContext, definition: DltDefinition
) -> None:
    event = recorded(replace(report, grades=(ReportedGrade(grade=4),), exclusions=()), context)

    assert dlt_event_of(event, WINDOW).grades == (DatedGrade(day=5, grade=4, confirmed=False),)
    assert judge(definition, event).provisional is Provisional.DLT


def test_an_impossible_onset_leaves_the_day_unknown(report: Report, context: ReportContext) -> None:
    event = recorded(replace(report, onset="2026-02-30", grades=(ReportedGrade(grade=3),)), context)

    assert dlt_event_of(event, WINDOW).grades == (DatedGrade(day=None, grade=3),)


def test_an_event_without_any_grade_keeps_the_verdict_pending(
    report: Report, context: ReportContext, definition: DltDefinition
) -> None:
    event = recorded(replace(report, grades=(), exclusions=()), context)

    assert dlt_event_of(event, WINDOW).grades == (DatedGrade(day=5, grade=None, confirmed=False),)
    assert "grade_missing" in judge(definition, event).reasons


def test_a_dlt_and_a_provisional_dlt_alert_once_per_cause(
    report: Report, context: ReportContext, definition: DltDefinition, nurse: Author
) -> None:
    waiting = judge(definition, recorded(replace(report, author=nurse, exclusions=()), context))
    certain = judge(definition, recorded(replace(report, exclusions=()), context))

    assert waiting.provisional is Provisional.DLT
    assert certain.verdict is Verdict.DLT
    assert alerts_for("p-1", None, waiting) == (AlertRequest(kind=AlertKind.DLT, cause="ae-1"),)
    assert alerts_for("p-1", None, certain)[0].priority is Priority.P1
    assert alerts_for("p-1", waiting, certain) == ()


def test_a_delay_alerts_by_participant_and_criterion(
    report: Report, context: ReportContext, definition: DltDefinition
) -> None:
    doses = Doses(planned=28, given=28, delays=(DoseDelay(cause=Cause.TOXICITY, days=15),))
    finding = judge(definition, recorded(report, context), doses)

    assert alerts_for("p-1", None, finding) == (AlertRequest(kind=AlertKind.DLT, cause="p-1:delay"),)


def test_no_dlt_alerts_nobody(report: Report, context: ReportContext, definition: DltDefinition) -> None:
    assert alerts_for("p-1", None, judge(definition, recorded(report, context))) == ()

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.safety.domain.adverse_event import AdverseEvent, changed_fields
from services.safety.domain.alert import AlertKind
from services.safety.domain.causality import Causality, Standing, Writer
from services.safety.domain.ids import AdverseEventId, PersonId
from services.safety.domain.intake import ReportDecision, decide_amendment, decide_report, first_version
from services.safety.domain.queries import QueryCode
from services.safety.domain.refusals import Refused
from services.safety.domain.report import Author, Report, ReportContext, ReportedGrade

NOW = datetime(2026, 3, 12, 10, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=2)


@pytest.fixture
def report(investigator: Author) -> Report:
    return Report(
        author=investigator,
        verbatim="rash",
        aware_at="2026-03-12T09:00:00Z",
        term="Rash maculo-papular",
        onset="2026-03-10",
        grades=(ReportedGrade(grade=3),),
        seriousness=[],
        causality="possible",
        exclusions=("alt-brief",),
    )


def recorded(report: Report, context: ReportContext) -> AdverseEvent:
    decision = decide_report(report, context, now=NOW)
    return first_version(AdverseEventId("ae-1"), report, decision, now=NOW)


def amend(
    current: AdverseEvent, report: Report, context: ReportContext, reason: str = "new result"
) -> tuple[AdverseEvent, ReportDecision]:
    return decide_amendment(current, report, context, reason=reason, received_at=NOW, now=LATER)


def test_a_new_version_names_what_changed_and_the_old_one_stays(
    report: Report, context: ReportContext
) -> None:
    first = recorded(report, context)

    second, _ = amend(first, replace(report, grades=(ReportedGrade(grade=2),)), context)

    assert (first.version, second.version) == (1, 2)
    assert second.changed == ("grades",)
    assert (second.reason, second.recorded_at) == ("new result", LATER)
    assert first.content.grades[0].coded == 3
    assert changed_fields(first.content, first.content) == ()


def test_a_change_to_an_event_that_is_not_serious_needs_a_reason(
    report: Report, context: ReportContext
) -> None:
    first = recorded(report, context)

    with pytest.raises(Refused) as refused:
        amend(first, replace(report, grades=(ReportedGrade(grade=2),)), context, reason=" ")

    assert refused.value.code == "reason_required"


def test_a_serious_follow_up_is_stored_without_a_reason_and_asked_for_it(
    report: Report, context: ReportContext
) -> None:
    first = recorded(report, context)

    second, decision = amend(first, replace(report, seriousness=["death"]), context, reason="")

    assert second.version == 2
    assert decision.alerts == (AlertKind.DEATH,)
    assert decision.queries[-1].code is QueryCode.REASON_MISSING


def test_taking_seriousness_away_needs_a_reason(report: Report, context: ReportContext) -> None:
    first = recorded(replace(report, seriousness=["hospitalisation"]), context)

    with pytest.raises(Refused, match="reason_required"):
        amend(first, report, context, reason="")

    assert not amend(first, report, context)[1].seriousness.serious


def test_a_statement_that_changes_nothing_is_no_version(report: Report, context: ReportContext) -> None:
    first = recorded(report, context)

    with pytest.raises(Refused, match="nothing_changed"):
        amend(first, report, context)


def test_what_a_nurse_repeats_unchanged_stays_confirmed(
    report: Report, context: ReportContext, nurse: Author
) -> None:
    first = recorded(report, context)

    second, _ = amend(first, replace(report, author=nurse, outcome="recovering"), context)

    assert second.changed == ("reported_outcome", "outcome")
    assert second.content.grades == first.content.grades
    assert second.content.exclusions == first.content.exclusions
    assert second.content.causality == first.content.causality


def test_what_a_nurse_changes_waits_for_the_investigator(
    report: Report, context: ReportContext, nurse: Author
) -> None:
    first = recorded(report, context)

    second, _ = amend(first, replace(report, author=nurse, grades=(ReportedGrade(grade=2),)), context)

    assert [(entry.coded, entry.confirmed) for entry in second.content.grades] == [(2, False)]


def test_a_nurses_other_word_on_causality_changes_no_opinion_and_is_queried(
    report: Report, context: ReportContext, nurse: Author
) -> None:
    first = recorded(report, context)

    second, decision = amend(first, replace(report, author=nurse, causality="unrelated"), context)

    assert second.content.causality == first.content.causality
    assert second.content.reported_causality == "unrelated"
    assert decision.causality.suspected
    assert QueryCode.CAUSALITY_NOT_BY_INVESTIGATOR in [query.code for query in decision.queries]


def test_the_investigator_confirms_a_nurses_report_by_stating_it_too(
    report: Report, context: ReportContext, nurse: Author
) -> None:
    first = recorded(replace(report, author=nurse), context)

    second, _ = amend(first, report, context)

    assert first.content.causality is None
    assert not first.content.grades[0].confirmed
    assert second.content.causality is not None
    assert second.content.causality.standing is Standing.OWN
    assert second.content.grades[0].confirmed
    assert second.content.exclusions[0].confirmed_by == PersonId("investigator-1")


def test_the_investigator_makes_an_opinion_heard_by_telephone_his_or_her_own(
    report: Report, context: ReportContext
) -> None:
    desk = Author(person=PersonId("desk"), writer=Writer.SAFETY_DESK, stated_by=PersonId("investigator-1"))
    first = recorded(replace(report, author=desk), context)

    second, _ = amend(first, report, context)

    assert first.content.causality is not None
    assert first.content.causality.standing is Standing.STATED
    assert second.content.causality is not None
    assert (second.content.causality.standing, second.content.causality.version) == (Standing.OWN, 2)


def test_the_investigator_may_change_the_own_opinion(report: Report, context: ReportContext) -> None:
    second, decision = amend(recorded(report, context), replace(report, causality="unrelated"), context)

    assert second.content.causality is not None
    assert (second.content.causality.value, second.content.causality.version) == (Causality.UNRELATED, 2)
    assert second.content.causality.reason == "new result"
    assert not decision.causality.suspected


def test_answers_left_out_of_a_new_statement_stay(report: Report, context: ReportContext) -> None:
    first = recorded(replace(report, seriousness=["hospitalisation"]), context)

    second, decision = amend(
        first, replace(report, verbatim="rash, worse", seriousness=None, causality=None), context
    )

    assert second.changed == ("verbatim",)
    assert decision.seriousness.serious
    assert decision.queries == ()


@pytest.mark.parametrize(
    ("claimed", "kept"),
    [("2026-03-11T09:00:00Z", "2026-03-11T09:00:00Z"), ("2026-03-14T09:00:00Z", "2026-03-12T09:00:00Z")],
)
def test_the_earliest_awareness_stays(
    report: Report, context: ReportContext, claimed: str, kept: str
) -> None:
    first = recorded(report, context)

    second, _ = amend(first, replace(report, verbatim="rash, worse", aware_at=claimed), context)

    assert second.content.aware.text == kept

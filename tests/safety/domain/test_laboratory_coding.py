"""A laboratory value of a report: kept as sent, graded by the pinned CTCAE, provisional until confirmed."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from services.safety.domain.adverse_event import EventContent
from services.safety.domain.confirmation import Confirmation, decide_confirmation
from services.safety.domain.ctcae import Dictionary
from services.safety.domain.ids import AdverseEventId, PersonId
from services.safety.domain.intake import ReportDecision, decide_amendment, decide_report, first_version
from services.safety.domain.queries import QueryCode
from services.safety.domain.report import Author, Report, ReportContext, ReportedGrade, ReportedLaboratory
from services.safety.store.event_content import dump_content, dump_statement, load_content, load_statement
from services.safety.store.laboratory_rules import laboratory_rules_for
from tests.safety.domain.reports import NOW, codes

Decide = Callable[..., ReportDecision]


@pytest.fixture
def context(context_with: Callable[..., ReportContext]) -> ReportContext:
    return context_with(laboratory=laboratory_rules_for("5.0"))


@pytest.fixture
def report(complete: Report, nurse: Author) -> Callable[..., Report]:
    """A report of a low neutrophil count by a nurse, graded by nobody; keyword arguments replace its result."""

    def build(*, author: Author = nurse, grades: tuple[ReportedGrade, ...] = (), **stated: Any) -> Report:
        result = {"value": "0.3", "unit": "10^9/L", "lln": "2.0"} | stated
        return replace(
            complete,
            author=author,
            term="Neutrophil count decreased",
            grades=grades,
            laboratory=(ReportedLaboratory(**result),),
        )

    return build


def grades(content: EventContent) -> list[tuple[int, bool, bool]]:
    """Reported grade, whether it is proposed, whether it is confirmed."""
    return [(entry.reported, entry.proposed, entry.confirmed) for entry in content.grades]


def test_a_value_proposes_a_grade_that_nobody_has_confirmed(
    report: Callable[..., Report], context: ReportContext
) -> None:
    decision = decide_report(report(), context, now=NOW)

    assert grades(decision.content) == [(4, True, False)]
    [entry] = decision.content.laboratory
    assert (entry.grade, entry.candidates, entry.reason) == (4, (4,), "")
    assert entry.cell == "Neutrophil count decreased, Grade 4"
    assert entry.dictionary == "5.0+0"
    assert entry.on == decision.content.onset
    assert QueryCode.LABORATORY_GRADE_TO_BE_CONFIRMED in codes(decision)
    assert QueryCode.GRADE_MISSING not in codes(decision)


def test_the_pinned_version_decides(
    report: Callable[..., Report], context: ReportContext, ctcae_6: Dictionary
) -> None:
    six = replace(context, dictionary=ctcae_6, laboratory=laboratory_rules_for("6.0+2026-01-20"))

    decision = decide_report(replace(report(), dictionary=""), six, now=NOW)

    assert grades(decision.content) == [(3, True, False)]
    assert decision.content.laboratory[0].dictionary == "6.0+2026-01-20"


def test_even_an_investigators_value_is_a_proposal(
    report: Callable[..., Report], context: ReportContext, investigator: Author
) -> None:
    decision = decide_report(report(author=investigator), context, now=NOW)

    assert grades(decision.content) == [(4, True, False)]


@pytest.mark.parametrize(
    ("stated", "reason"),
    [
        ({"unit": ""}, "unit_missing"),
        ({"unit": "g/L"}, "unit_not_accepted"),
        ({"value": "1.6", "lln": ""}, "limit_missing"),
        ({"value": ""}, "value_missing"),
        ({"value": "<0.1"}, "value_missing"),
        ({"value": "0,3"}, "value_missing"),
        ({"value": "-1"}, "value_missing"),
        ({"value": "9" * 100}, "value_missing"),
        ({"analyte": "Anemia"}, "no_criteria"),
        ({"analyte": "Colour of the sky"}, "no_criteria"),
    ],
)
def test_a_value_that_cannot_be_graded_is_kept_with_the_reason(
    report: Callable[..., Report], context: ReportContext, stated: dict[str, str], reason: str
) -> None:
    sent = report(**stated)

    decision = decide_report(sent, context, now=NOW)

    [entry] = decision.content.laboratory
    assert (entry.grade, entry.reason, entry.reported) == (None, reason, sent.laboratory[0])
    assert decision.content.grades == ()
    [query] = [one for one in decision.queries if one.code is QueryCode.LABORATORY_NOT_GRADED]
    assert query.facts == {"reason": reason}
    assert QueryCode.GRADE_MISSING in codes(decision)


def test_an_uncoded_term_gets_no_proposal(report: Callable[..., Report], context: ReportContext) -> None:
    decision = decide_report(replace(report(), term="low neutrophils"), context, now=NOW)

    assert decision.content.laboratory[0].reason == "no_criteria"


def test_the_investigators_grade_of_the_same_day_answers_the_proposal(
    report: Callable[..., Report], context: ReportContext, investigator: Author
) -> None:
    decision = decide_report(report(author=investigator, grades=(ReportedGrade(grade=3),)), context, now=NOW)

    assert grades(decision.content) == [(3, False, True)]
    [query] = [one for one in decision.queries if one.code is QueryCode.LABORATORY_GRADE_DIFFERS]
    assert query.facts == {"proposed": (4,), "stated": (3,)}


def test_beside_a_nurses_lower_grade_the_proposal_stands(
    report: Callable[..., Report], context: ReportContext
) -> None:
    decision = decide_report(report(grades=(ReportedGrade(grade=2),)), context, now=NOW)

    assert grades(decision.content) == [(2, False, False), (4, True, False)]
    assert decision.content.worst_reported_grade() == 4


def test_a_nurses_equal_grade_is_not_doubled(report: Callable[..., Report], context: ReportContext) -> None:
    decision = decide_report(report(grades=(ReportedGrade(grade=4),)), context, now=NOW)

    assert grades(decision.content) == [(4, False, False)]
    assert QueryCode.LABORATORY_GRADE_DIFFERS not in codes(decision)


def test_where_symptoms_decide_the_higher_candidate_is_the_proposal(
    report: Callable[..., Report], context: ReportContext
) -> None:
    sent = replace(report(value="127", unit="mmol/L", lln="135"), term="Hyponatremia")

    decision = decide_report(sent, context, now=NOW)

    assert decision.content.laboratory[0].candidates == (2, 3)
    assert grades(decision.content) == [(3, True, False)]


def test_a_candidate_that_the_investigator_chooses_does_not_differ(
    report: Callable[..., Report], context: ReportContext, investigator: Author
) -> None:
    sent = report(
        author=investigator, grades=(ReportedGrade(grade=2),), value="127", unit="mmol/L", lln="135"
    )

    decision = decide_report(replace(sent, term="Hyponatremia"), context, now=NOW)

    assert grades(decision.content) == [(2, False, True)]
    assert QueryCode.LABORATORY_GRADE_DIFFERS not in codes(decision)


def test_confirmed_the_proposal_is_a_grade_and_stays_one_when_it_is_repeated(
    report: Callable[..., Report], context: ReportContext
) -> None:
    decision = decide_report(report(), context, now=NOW)
    first = first_version(AdverseEventId("event-1"), report(), decision, now=NOW)

    confirmed, after = decide_confirmation(
        first, Confirmation(by=PersonId("dr"), grades=True), context, received_at=NOW, now=NOW
    )
    repeated = replace(report(), outcome="recovered")
    amended, _ = decide_amendment(confirmed, repeated, context, reason="outcome", received_at=NOW, now=NOW)

    assert grades(confirmed.content) == [(4, True, True)]
    assert QueryCode.LABORATORY_GRADE_TO_BE_CONFIRMED not in codes(after)
    assert grades(amended.content) == [(4, True, True)]


def test_content_and_statement_come_back_from_the_store_as_they_were(
    report: Callable[..., Report], context: ReportContext
) -> None:
    sent = report(analyte="Neutrophil count decreased", baseline="3.1", fasting=False)
    content = decide_report(sent, context, now=NOW).content

    assert load_content(dump_content(content)) == content
    assert load_statement(dump_statement(sent)) == sent


def test_content_stored_before_there_were_values_can_still_be_read(
    complete: Report, context: ReportContext
) -> None:
    content = decide_report(complete, context, now=NOW).content
    stored, statement = dump_content(content), dump_statement(complete)
    del stored["laboratory"], statement["laboratory"]
    for entry in stored["grades"]:
        del entry["proposed"]

    assert load_content(stored) == content
    assert load_statement(statement) == complete

"""Contradictions, missing words and second-hand opinions are kept and asked about, never refused."""

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.safety.domain.alert import AlertKind
from services.safety.domain.causality import Causality, Standing, Writer
from services.safety.domain.ctcae import build_dictionary
from services.safety.domain.ids import PersonId
from services.safety.domain.intake import decide_report
from services.safety.domain.queries import QueryCode
from services.safety.domain.report import (
    Author,
    ParticipantContext,
    Report,
    ReportContext,
    ReportedGrade,
    Unmatched,
)
from services.safety.domain.reported_time import Reading
from tests.safety.domain.reports import NOW, codes


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"term": ""}, [QueryCode.TERM_MISSING]),
        ({"term": "Spots"}, [QueryCode.TERM_NOT_IN_DICTIONARY]),
        (
            {"term": "Skin and subcutaneous tissue disorders - Other, specify"},
            [QueryCode.OTHER_SPECIFY_WITHOUT_TEXT],
        ),
        ({"grades": ()}, [QueryCode.GRADE_MISSING]),
        ({"onset": ""}, [QueryCode.DATE_MISSING]),
        ({"onset": "2026-03"}, [QueryCode.DATE_INCOMPLETE]),
        ({"onset": "2026-02-29"}, [QueryCode.IMPOSSIBLE_DATE]),
        ({"onset": "2026-03-13"}, [QueryCode.TIME_IN_FUTURE]),
        ({"onset": "2026-03-12", "aware_at": "2026-03-11T09:00:00Z"}, [QueryCode.ONSET_AFTER_AWARENESS]),
        ({"end": "2026-03-09"}, [QueryCode.END_BEFORE_ONSET, QueryCode.GRADE_OUTSIDE_EVENT]),
        (
            {"grades": (ReportedGrade(grade=2), ReportedGrade(grade=1, on="2026-03-09"))},
            [QueryCode.GRADE_OUTSIDE_EVENT],
        ),
        ({"aware_at": "2026-03-12T10:06:00Z"}, [QueryCode.TIME_IN_FUTURE]),
        ({"aware_at": ""}, [QueryCode.DATE_MISSING]),
        ({"aware_at": "noon"}, [QueryCode.IMPOSSIBLE_DATE]),
        ({"seriousness": ["odd"]}, [QueryCode.SERIOUSNESS_UNRECOGNISED]),
        ({"causality": None}, [QueryCode.CAUSALITY_MISSING]),
        ({"causality": "related"}, [QueryCode.CAUSALITY_UNRECOGNISED]),
        ({"outcome": "fine"}, [QueryCode.OUTCOME_UNRECOGNISED]),
        ({"outcome": "fatal"}, [QueryCode.OUTCOME_FATAL_WITHOUT_GRADE_5]),
        ({"exclusions": ("alt-brief", "invented")}, [QueryCode.EXCLUSION_NOT_IN_DEFINITION]),
    ],
)
def test_contradictory_content_is_accepted_and_asked_about(
    complete: Report, context: ReportContext, change: dict[str, object], expected: list[QueryCode]
) -> None:
    report = replace(complete, **change)  # type: ignore[arg-type]

    assert codes(decide_report(report, context, now=NOW)) == expected


def test_an_other_specify_term_with_words_is_not_asked_about(
    complete: Report, context: ReportContext
) -> None:
    report = replace(
        complete,
        term="Skin and subcutaneous tissue disorders - Other, specify",
        other_specify="blisters",
    )

    assert decide_report(report, context, now=NOW).queries == ()


def test_a_claimed_awareness_in_the_future_counts_as_now(complete: Report, context: ReportContext) -> None:
    decision = decide_report(replace(complete, aware_at="2027-01-01T00:00:00Z"), context, now=NOW)

    assert decision.content.aware.at == NOW
    assert decision.content.aware.text == "2027-01-01T00:00:00Z"
    assert decision.content.aware.reading is Reading.FUTURE


def test_a_nurses_grade_and_exclusion_wait_for_the_investigator(
    complete: Report, context: ReportContext, nurse: Author
) -> None:
    report = replace(complete, author=nurse, causality=None, exclusions=("alt-brief",))

    content = decide_report(report, context, now=NOW).content

    assert not content.grades[0].confirmed
    assert content.exclusions[0].confirmed_by is None


def test_a_nurses_opinion_on_causality_is_kept_as_words_only(
    complete: Report, context: ReportContext, nurse: Author
) -> None:
    decision = decide_report(replace(complete, author=nurse, causality="unrelated"), context, now=NOW)

    assert decision.content.causality is None
    assert decision.content.reported_causality == "unrelated"
    assert (decision.causality.suspected, decision.causality.provisional) == (True, True)
    assert codes(decision) == [QueryCode.CAUSALITY_NOT_BY_INVESTIGATOR]


def test_an_opinion_heard_by_telephone_is_provisional(complete: Report, context: ReportContext) -> None:
    desk = Author(person=PersonId("desk"), writer=Writer.SAFETY_DESK, stated_by=PersonId("dr-x"))

    decision = decide_report(replace(complete, author=desk, causality="possible"), context, now=NOW)

    assert decision.content.causality is not None
    assert decision.content.causality.standing is Standing.STATED
    assert decision.content.causality.value is Causality.POSSIBLE
    assert codes(decision) == [QueryCode.CAUSALITY_TO_BE_CONFIRMED]


def test_an_end_date_adds_that_the_event_is_gone(complete: Report, context: ReportContext) -> None:
    content = decide_report(replace(complete, end="2026-03-11"), context, now=NOW).content

    assert [(entry.on.coded, entry.coded) for entry in content.grades] == [
        (date(2026, 3, 10), 2),
        (date(2026, 3, 11), 0),
    ]


words = st.text(max_size=30)
TINY = build_dictionary("5.0+0", [{"term": "Rash", "soc": "Skin", "grades": "123"}])


@given(
    st.builds(
        Report,
        author=st.builds(
            Author,
            person=st.just(PersonId("p")),
            writer=st.sampled_from(list(Writer)),
            stated_by=st.sampled_from([None, PersonId("dr")]),
        ),
        verbatim=words,
        aware_at=words | st.datetimes().map(str),
        term=words | st.just("rash"),
        dictionary=words,
        onset=words | st.dates().map(str),
        end=words | st.dates().map(str),
        grades=st.lists(
            st.builds(ReportedGrade, grade=st.integers(0, 5), on=words | st.dates().map(str)), max_size=3
        ).map(tuple),
        seriousness=st.none() | st.lists(words | st.just("death")),
        causality=st.none() | words | st.sampled_from(list(Causality)),
        outcome=words,
        death_on=words,
        exclusions=st.lists(words, max_size=2).map(tuple),
    ),
    st.sampled_from([Unmatched(), ParticipantContext()]),
)
def test_nothing_readable_is_ever_refused(
    report: Report, participant: ParticipantContext | Unmatched
) -> None:
    context = ReportContext(dictionary=TINY, zone=ZoneInfo("Europe/London"), participant=participant)

    decision = decide_report(report, context, now=NOW)

    assert decision.content.verbatim == report.verbatim
    assert decision.content.onset.text in (report.onset, "")
    assert decision.content.aware.at <= NOW
    if report.seriousness is not None and "death" in report.seriousness:
        assert AlertKind.DEATH in decision.alerts

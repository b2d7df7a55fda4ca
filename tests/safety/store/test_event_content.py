import json
from datetime import UTC, date, datetime

from services.safety.domain.adverse_event import CodedTerm, EventContent, Exclusion, GradeEntry, Outcome
from services.safety.domain.causality import Causality, Opinion, Party, Standing, Writer
from services.safety.domain.ids import PersonId
from services.safety.domain.report import Author, Report, ReportedGrade
from services.safety.domain.reported_time import NO_DATE, Reading, ReportedDate, ReportedInstant
from services.safety.domain.seriousness import Answer, Criterion, View
from services.safety.store.event_content import dump_content, dump_statement, load_content, load_statement

AT = datetime(2026, 3, 12, 10, 0, 0, 123456, tzinfo=UTC)
ON = ReportedDate(text="2026-03-12", coded=date(2026, 3, 12), reading=Reading.CODED)
OPINION = Opinion(
    party=Party.INVESTIGATOR,
    value=Causality.POSSIBLE,
    version=2,
    standing=Standing.STATED,
    opinion_of=PersonId("dr"),
    recorded_by=PersonId("desk"),
    recorded_at=AT,
    reason="by telephone",
)
FULL = EventContent(
    verbatim="v",
    reported_term="Fatigue",
    reported_dictionary="5.0",
    other_specify="o",
    term=CodedTerm(name="Fatigue", soc="General disorders", dictionary="5.0+0"),
    onset=ON,
    end=ReportedDate(text="soon", coded=None, reading=Reading.IMPOSSIBLE),
    aware=ReportedInstant(text="2026-03-12T10:00Z", at=AT, reading=Reading.CODED),
    grades=(GradeEntry(on=ON, reported=4, coded=None, confirmed_by=PersonId("dr")),),
    seriousness=View(
        answer=Answer.ASSESSED,
        criteria=frozenset({Criterion.DEATH, Criterion.DISABILITY}),
        unrecognised=("odd",),
    ),
    sponsor_seriousness=View(answer=Answer.NOT_ASSESSED),
    admission="planned",
    reported_causality="possible",
    causality=OPINION,
    sponsor_causality=None,
    reported_outcome="fatal",
    outcome=Outcome.FATAL,
    death_on=NO_DATE,
    exclusions=(Exclusion(id="alt-brief", confirmed_by=None), Exclusion(id="b", confirmed_by=PersonId("dr"))),
)


def test_content_comes_back_from_json_as_it_was() -> None:
    stored = json.loads(json.dumps(dump_content(FULL)))

    assert load_content(stored) == FULL


def test_a_statement_comes_back_from_json_as_it_was() -> None:
    report = Report(
        author=Author(person=PersonId("p"), writer=Writer.SAFETY_DESK, stated_by=PersonId("dr")),
        verbatim="v",
        aware_at="now",
        term="t",
        dictionary="d",
        other_specify="o",
        onset="on",
        end="e",
        grades=(ReportedGrade(grade=3, on="x"), ReportedGrade(grade=0)),
        seriousness=None,
        causality=None,
        outcome="u",
        death_on="w",
        admission="a",
        exclusions=("x",),
    )

    assert load_statement(json.loads(json.dumps(dump_statement(report)))) == report

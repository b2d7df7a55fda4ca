"""Properties of the DLT verdict that hold for any data, whatever the order and number of deliveries."""

from collections.abc import Iterable
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from services.safety.domain.causality import Causality
from services.safety.domain.dlt import (
    DltFinding,
    Left,
    LeftFor,
    Provisional,
    Verdict,
    WindowState,
    evaluate_dlt,
)
from services.safety.domain.dlt_definition import (
    Attribution,
    DltDefinition,
    DoseDelayCriterion,
    DurationConvention,
    EventCriterion,
    MissingAttribution,
    NotEvaluableReason,
    WindowStart,
)
from services.safety.domain.dlt_facts import Cause, DltEvent, Doses, RunningDelay
from services.safety.domain.dlt_timeline import DatedGrade, as_day_begins, during_day

WINDOW_DAYS = 14
LAST_ENTRY = 18
FAR_AWAY = 60
BLOOD = "Blood and lymphatic system disorders"
TERMS = [
    ("Neutrophil count decreased", "Investigations"),
    ("Rash maculo-papular", "Skin and subcutaneous tissue disorders"),
    ("Anemia", BLOOD),
    ("", ""),
]


@st.composite
def definitions(draw: st.DrawFn) -> DltDefinition:
    return DltDefinition(
        id="p",
        version=1,
        protocol_version="1",
        ctcae="5.0+0",
        starts=WindowStart.FIRST_DOSE,
        window_days=WINDOW_DAYS,
        minimum_doses_percent=draw(st.sampled_from([0, 75])),
        convention=draw(st.sampled_from(list(DurationConvention))),
        attribution=Attribution(
            counts=frozenset({Causality.POSSIBLE, Causality.DEFINITE}),
            missing=draw(st.sampled_from(list(MissingAttribution))),
        ),
        criteria=(
            EventCriterion(
                id="any",
                term="",
                soc_not=frozenset({BLOOD.casefold()}),
                grade_at_least=3,
                lasting_more_than_days=draw(st.sampled_from([None, 2])),
                exclusions=frozenset({"brief"}),
            ),
            EventCriterion(
                id="anc",
                term="Neutrophil count decreased",
                soc_not=frozenset(),
                grade_at_least=4,
                lasting_more_than_days=draw(st.sampled_from([0, 3, 5])),
                exclusions=frozenset(),
            ),
            DoseDelayCriterion(id="delay", more_than_days=7),
        ),
        not_evaluable=draw(st.frozensets(st.sampled_from(list(NotEvaluableReason)))),
    )


entries = st.builds(
    DatedGrade,
    day=st.one_of(st.none(), st.integers(-1, LAST_ENTRY)),
    grade=st.one_of(st.none(), st.integers(0, 5)),
    confirmed=st.booleans(),
)


@st.composite
def events(draw: st.DrawFn) -> DltEvent:
    term, soc = draw(st.sampled_from(TERMS))
    return DltEvent(
        id=draw(st.sampled_from("abcd")),
        term=term,
        soc=soc,
        causality=draw(st.sampled_from(list(Causality))),
        sponsor_causality=draw(st.sampled_from([Causality.NOT_ASSESSED, Causality.POSSIBLE])),
        confirmed_exclusions=draw(st.sampled_from([frozenset(), frozenset({"brief"})])),
        grades=tuple(draw(st.lists(entries, max_size=5))),
    )


all_doses = st.one_of(
    st.none(),
    st.builds(
        Doses,
        planned=st.just(14),
        given=st.integers(0, 14),
        delays=st.lists(
            st.builds(RunningDelay, cause=st.sampled_from(list(Cause)), since_day=st.integers(1, 14)),
            max_size=1,
        ).map(tuple),
    ),
)
leavings = st.one_of(
    st.none(), st.builds(Left, day=st.integers(1, LAST_ENTRY), reason=st.sampled_from(list(LeftFor)))
)
several = st.lists(events(), max_size=3)
days = st.integers(1, FAR_AWAY)


def judge(
    definition: DltDefinition, found: Iterable[DltEvent], doses: Doses | None, left: Left | None, day: int
) -> DltFinding:
    return evaluate_dlt(definition, WindowState.STARTED, found, doses, left, as_day_begins(day))


def confirmed(found: Iterable[DltEvent], up_to: int) -> list[DltEvent]:
    """The same events with every open question answered as stated, and no entry dated `up_to` or later."""
    return [
        DltEvent(
            id=event.id,
            term=event.term or "Anemia",
            soc=event.soc or BLOOD,
            causality=Causality.UNRELATED if event.causality is Causality.NOT_ASSESSED else event.causality,
            confirmed_exclusions=event.confirmed_exclusions,
            grades=tuple(
                DatedGrade(day=entry.day, grade=entry.grade or 0)
                for entry in event.grades
                if entry.day is not None and entry.day < up_to
            ),
        )
        for event in found
    ]


@given(definitions(), several, all_doses, leavings, days, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_order_and_repetition_change_nothing(
    definition: DltDefinition,
    found: list[DltEvent],
    doses: Doses | None,
    left: Left | None,
    day: int,
    order: Random,
) -> None:
    once = judge(definition, found, doses, left, day)
    shuffled = []
    for event in [*found, *found[:1]]:
        grades = [*event.grades, *event.grades[:2]]
        order.shuffle(grades)
        shuffled.append(
            DltEvent(
                id=event.id,
                term=event.term,
                soc=event.soc,
                causality=event.causality,
                sponsor_causality=event.sponsor_causality,
                confirmed_exclusions=event.confirmed_exclusions,
                grades=tuple(grades),
            )
        )
    order.shuffle(shuffled)

    assert judge(definition, shuffled, doses, left, day) == once


@given(definitions(), several, all_doses, leavings, days, days)
@settings(deadline=None)
def test_a_dlt_stays_a_dlt_as_days_go_by(
    definition: DltDefinition,
    found: list[DltEvent],
    doses: Doses | None,
    left: Left | None,
    day: int,
    later: int,
) -> None:
    if judge(definition, found, doses, left, day).verdict is Verdict.DLT:
        assert judge(definition, found, doses, left, day + later).verdict is Verdict.DLT


@given(definitions(), several, all_doses, leavings, days)
@settings(deadline=None)
def test_a_provisional_dlt_is_always_pending(
    definition: DltDefinition, found: list[DltEvent], doses: Doses | None, left: Left | None, day: int
) -> None:
    finding = judge(definition, found, doses, left, day)

    if finding.provisional is Provisional.DLT:
        assert finding.verdict is Verdict.PENDING


@given(definitions(), several, all_doses, leavings, days)
@settings(deadline=None, max_examples=200)
def test_no_dlt_is_said_only_when_no_day_and_no_answer_can_make_a_dlt(
    definition: DltDefinition, found: list[DltEvent], doses: Doses | None, left: Left | None, day: int
) -> None:
    finding = judge(definition, found, doses, left, day)
    if finding.verdict not in (Verdict.NO_DLT, Verdict.NOT_EVALUABLE):
        return

    worst = [
        DltEvent(
            id=event.id,
            term=event.term,
            soc=event.soc,
            causality=Causality.DEFINITE if event.causality is Causality.NOT_ASSESSED else event.causality,
            sponsor_causality=event.sponsor_causality,
            confirmed_exclusions=event.confirmed_exclusions,
            grades=tuple(
                entry if entry.confirmed and entry.grade is not None else DatedGrade(day=entry.day, grade=5)
                for entry in event.grades
                if entry.day is None or entry.day < day
            ),
        )
        for event in found
    ]
    known_left = left if left is not None and left.day < day else None

    for moment in (day, day + 1, FAR_AWAY * 2):
        assert judge(definition, worst, doses, known_left, moment).verdict is not Verdict.DLT


@given(definitions(), several, all_doses, leavings, st.integers(1, LAST_ENTRY + 12))
@settings(deadline=None, max_examples=200)
def test_nothing_changes_before_the_next_day_to_check(
    definition: DltDefinition, found: list[DltEvent], doses: Doses | None, left: Left | None, day: int
) -> None:
    known = [
        DltEvent(
            id=event.id,
            term=event.term,
            soc=event.soc,
            causality=event.causality,
            sponsor_causality=event.sponsor_causality,
            confirmed_exclusions=event.confirmed_exclusions,
            grades=tuple(entry for entry in event.grades if entry.day is None or entry.day < day),
        )
        for event in found
    ]
    known_left = left if left is not None and left.day < day else None
    finding = judge(definition, known, doses, known_left, day)
    until = finding.next_day_to_check if finding.next_day_to_check is not None else FAR_AWAY * 2

    assert until > day
    for later in range(day, until):
        again = judge(definition, known, doses, known_left, later)
        assert (again.verdict, again.provisional) == (finding.verdict, finding.provisional)


@given(definitions(), several, all_doses, days)
@settings(deadline=None)
def test_a_timer_always_leads_to_an_answer_once_every_question_is_answered(
    definition: DltDefinition, found: list[DltEvent], doses: Doses | None, day: int
) -> None:
    answered = confirmed(found, up_to=day)
    given_doses = Doses(planned=14, given=doses.given if doses is not None else 14)
    finding = judge(definition, answered, given_doses, None, day)

    while finding.next_day_to_check is not None:
        finding = judge(definition, answered, given_doses, None, finding.next_day_to_check)

    assert finding.verdict is not Verdict.PENDING


@given(definitions(), several, all_doses, leavings, days)
@settings(deadline=None)
def test_within_a_day_a_verdict_is_never_milder_than_as_that_day_began(
    definition: DltDefinition, found: list[DltEvent], doses: Doses | None, left: Left | None, day: int
) -> None:
    if judge(definition, found, doses, left, day).verdict is Verdict.DLT:
        now = evaluate_dlt(definition, WindowState.STARTED, found, doses, left, during_day(day))
        assert now.verdict is Verdict.DLT

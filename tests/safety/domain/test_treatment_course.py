from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.safety.domain.dlt import Left, LeftFor
from services.safety.domain.dlt_definition import WindowStart
from services.safety.domain.dlt_facts import Cause, DoseDelay, Doses, MissedDoses, RunningDelay
from services.safety.domain.dlt_window import DltWindow
from services.safety.domain.treatment_course import (
    Administration,
    Course,
    CourseStep,
    EndReason,
    TreatmentEnd,
    doses_of_window,
    left_window,
    read_cause,
    read_end_reason,
)

FIRST = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WINDOW = DltWindow(started_at=FIRST, zone=ZoneInfo("Europe/London"), days=28)
OPEN, CLOSED = FIRST + timedelta(days=20), FIRST + timedelta(days=40)


def _on(day: int) -> datetime:
    return FIRST + timedelta(days=day - 1)


def _given(*days: int) -> tuple[Administration, ...]:
    return tuple(Administration(at=_on(day), given=True) for day in days)


def _missed(cause: Cause, *days: int) -> tuple[Administration, ...]:
    return tuple(Administration(at=_on(day), given=False, missed_because=cause) for day in days)


def _doses(*administrations: Administration, now: datetime = OPEN, **course: object) -> Doses | None:
    known = Course(first_dose_at=FIRST, administrations=administrations, **course)  # type: ignore[arg-type]
    return doses_of_window(known, WINDOW, planned=4, now=now)


def test_nothing_recorded_is_not_nothing_given() -> None:
    assert _doses() is None


def test_given_and_missed_doses_of_the_window_are_counted() -> None:
    doses = _doses(*_given(1, 8), *_missed(Cause.TOXICITY, 15), *_given(29), now=CLOSED)

    assert doses is not None
    assert (doses.given, doses.missed, doses.unaccounted) == (
        2,
        (MissedDoses(cause=Cause.TOXICITY, count=1),),
        1,
    )


def test_a_dose_reported_for_later_does_not_count_yet() -> None:
    doses = _doses(*_given(1, 8, 28))

    assert doses is not None
    assert doses.given == 2


def test_what_is_said_to_lie_before_the_registration_counts_for_nothing() -> None:
    early = FIRST - timedelta(hours=1)
    before = Administration(at=early, given=True)
    missed = Administration(at=early, given=False, missed_because=Cause.TOXICITY)

    doses = _doses(before, *_given(1, 8), registered_at=FIRST)
    delayed = _doses(missed, *_given(1), *_missed(Cause.TOXICITY, 8), registered_at=FIRST)

    assert doses is not None
    assert doses.given == 2
    assert delayed is not None
    assert delayed.missed == (MissedDoses(cause=Cause.TOXICITY, count=1),)
    assert delayed.delays == (RunningDelay(cause=Cause.TOXICITY, since_day=8),)
    assert _doses(before, registered_at=FIRST) is None


def test_doses_are_unaccounted_for_only_once_the_window_is_over() -> None:
    open_still, closed = _doses(*_given(1)), _doses(*_given(1), now=CLOSED)

    assert open_still is not None
    assert closed is not None
    assert (open_still.unaccounted, closed.unaccounted) == (0, 3)


@pytest.mark.parametrize("reason", list(EndReason))
def test_whoever_ended_treatment_in_the_window_was_due_for_nothing_more(reason: EndReason) -> None:
    doses = _doses(*_given(1), now=CLOSED, end=TreatmentEnd(at=_on(5), reason=reason))

    assert doses is not None
    assert doses.unaccounted == 0


def test_an_end_after_the_window_excuses_nothing() -> None:
    end = TreatmentEnd(at=_on(35), reason=EndReason.PROGRESSION)

    doses = _doses(*_given(1), now=CLOSED, end=end)

    assert doses is not None
    assert doses.unaccounted == 3


def test_a_stretch_of_missed_doses_is_a_delay_until_the_next_one_given() -> None:
    doses = _doses(*_given(1), *_missed(Cause.TOXICITY, 4, 5, 6), *_given(10))

    assert doses is not None
    assert doses.delays == (DoseDelay(cause=Cause.TOXICITY, days=6),)


def test_a_stretch_without_a_later_dose_runs() -> None:
    doses = _doses(*_given(1), *_missed(Cause.TOXICITY, 4, 5))

    assert doses is not None
    assert doses.delays == (RunningDelay(cause=Cause.TOXICITY, since_day=4),)


def test_a_delay_ends_with_the_treatment() -> None:
    end = TreatmentEnd(at=_on(7), reason=EndReason.COMPLETED)

    doses = _doses(*_given(1), *_missed(Cause.TOXICITY, 4), end=end)

    assert doses is not None
    assert doses.delays == (DoseDelay(cause=Cause.TOXICITY, days=3),)


def test_doses_missed_for_other_causes_delay_nothing_until_toxicity_does() -> None:
    doses = _doses(*_given(1), *_missed(Cause.OTHER, 3), *_missed(Cause.TOXICITY, 5), *_given(9))

    assert doses is not None
    assert doses.delays == (DoseDelay(cause=Cause.TOXICITY, days=4),)


def test_a_cause_nobody_stated_may_be_toxicity() -> None:
    doses = _doses(*_given(1), *_missed(Cause.NOT_STATED, 3))

    assert doses is not None
    assert doses.delays == (RunningDelay(cause=Cause.NOT_STATED, since_day=3),)


def test_a_delay_that_began_after_the_window_is_none_of_it() -> None:
    doses = _doses(*_given(1), *_missed(Cause.TOXICITY, 30), now=CLOSED)

    assert doses is not None
    assert doses.delays == ()


@pytest.mark.parametrize(
    ("word", "cause"),
    [
        ("toxicity", Cause.TOXICITY),
        ("logistics", Cause.OTHER),
        ("participant", Cause.OTHER),
        (None, Cause.NOT_STATED),
        ("a word of tomorrow", Cause.NOT_STATED),
    ],
)
def test_an_unknown_cause_is_one_that_nobody_stated(word: str | None, cause: Cause) -> None:
    assert read_cause(word) is cause


@pytest.mark.parametrize(
    ("reason", "left_for"),
    [
        ("progression", LeftFor.PROGRESSION),
        ("toxicity", LeftFor.TOXICITY),
        ("participant_choice", LeftFor.WITHDRAWAL),
        ("death", LeftFor.DEATH),
        ("clinician", LeftFor.OTHER),
        ("a word of tomorrow", LeftFor.OTHER),
    ],
)
def test_an_end_of_treatment_leaves_the_window(reason: str, left_for: LeftFor) -> None:
    course = Course(first_dose_at=FIRST, end=TreatmentEnd(at=_on(5), reason=read_end_reason(reason)))

    assert left_window(course, WINDOW) == Left(day=5, reason=left_for)


def test_completing_treatment_does_not_leave_the_window() -> None:
    course = Course(first_dose_at=FIRST, end=TreatmentEnd(at=_on(5), reason=EndReason.COMPLETED))

    assert left_window(course, WINDOW) is None


def test_stopping_visits_after_completion_leaves_it() -> None:
    course = Course(
        first_dose_at=FIRST,
        end=TreatmentEnd(at=_on(5), reason=EndReason.COMPLETED),
        stopped_at=_on(9),
        stopped_by_participant=True,
    )

    assert left_window(course, WINDOW) == Left(day=9, reason=LeftFor.WITHDRAWAL)


def test_the_earlier_of_stop_and_end_counts_with_the_reason_of_the_end() -> None:
    course = Course(
        first_dose_at=FIRST, end=TreatmentEnd(at=_on(5), reason=EndReason.TOXICITY), stopped_at=_on(3)
    )

    assert left_window(course, WINDOW) == Left(day=3, reason=LeftFor.TOXICITY)


def test_ending_before_the_first_dose_leaves_whatever_the_reason() -> None:
    course = Course(end=TreatmentEnd(at=_on(5), reason=EndReason.COMPLETED))

    assert left_window(course, None) == Left(day=0, reason=LeftFor.OTHER)


def test_a_window_begins_with_the_first_such_step_that_reached_the_participant() -> None:
    steps = (
        CourseStep(step="infusion", at=_on(-5), failed=False),
        CourseStep(step="infusion", at=_on(2), failed=True),
        CourseStep(step="infusion", at=_on(9), failed=False),
        CourseStep(step="infusion", at=_on(4), failed=False),
        CourseStep(step="apheresis", at=_on(1), failed=False),
    )
    course = Course(registered_at=FIRST, first_dose_at=_on(3), steps=steps)

    assert course.started_at(WindowStart.FIRST_DOSE) == _on(3)
    assert course.started_at(WindowStart.INFUSION) == _on(4)
    assert course.started_at(WindowStart.TRANSPLANT) is None

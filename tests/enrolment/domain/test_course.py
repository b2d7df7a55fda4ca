"""The dated steps of an advanced therapy or a transplant: flagged, never refused."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.enrolment.domain.course import (
    CourseHistory,
    CourseStep,
    StepFlag,
    StepOutcome,
    StepReport,
    first_done_at,
    repeated_report,
    step_flags,
    traceability_until,
)

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
DAY = timedelta(days=1)
CAR_T = (
    CourseStep.APHERESIS,
    CourseStep.MANUFACTURE,
    CourseStep.BRIDGING,
    CourseStep.LYMPHODEPLETION,
    CourseStep.INFUSION,
)


def step(name: str, ago: float = 0, outcome: str = "done", **more: str) -> StepReport:
    batch = {"batch": "B-1"} if name in ("manufacture", "infusion") else {}
    return StepReport(
        step=CourseStep(name),
        happened_at=NOW - ago * DAY,
        outcome=StepOutcome(outcome),
        **(batch | more),
    )


def history(*steps: StepReport, **replaced: Any) -> CourseHistory:
    facts: dict[str, Any] = {
        "planned": CAR_T,
        "steps": steps,
        "registered_at": NOW - 100 * DAY,
        "voided": False,
        "treatment_ended_at": None,
    }
    return CourseHistory(**(facts | replaced))


def flags(report: StepReport, known: CourseHistory) -> set[str]:
    return {flag.value for flag in step_flags(report, known, NOW)}


READY = (step("apheresis", 60), step("manufacture", 40), step("lymphodepletion", 5))


def test_the_steps_of_a_course_in_order_raise_no_flag() -> None:
    assert flags(step("infusion"), history(*READY)) == set()
    assert flags(step("apheresis"), history()) == set()


def test_bridging_may_be_left_out() -> None:
    assert "out_of_order" not in flags(step("lymphodepletion"), history(*READY[:2]))


def test_a_step_before_its_turn_is_flagged_and_so_is_one_after_it() -> None:
    assert flags(step("infusion"), history(*READY[:2])) == {"out_of_order"}
    assert flags(step("apheresis"), history(step("infusion", 1))) == {"out_of_order"}


def test_a_failed_manufacture_may_be_repeated_and_does_not_count_as_made() -> None:
    failed = step("manufacture", 50, "failed", batch="B-0")

    assert flags(step("manufacture"), history(READY[0], failed)) == set()
    assert "out_of_order" in flags(step("lymphodepletion"), history(READY[0], failed))


def test_a_second_manufacture_after_one_that_succeeded_is_flagged() -> None:
    assert "repeated" in flags(step("manufacture", batch="B-2"), history(*READY[:2]))


def test_infusing_a_product_out_of_specification_is_flagged() -> None:
    made = step("manufacture", 40, "out_of_specification")

    assert flags(step("infusion"), history(READY[0], made, READY[2])) == {"product_out_of_specification"}


def test_a_batch_that_nobody_made_is_flagged_and_a_missing_one_too() -> None:
    assert flags(step("infusion", batch="B-9"), history(*READY)) == {"batch_unknown"}
    assert flags(step("infusion", batch=""), history(*READY)) == {"batch_missing"}


def test_an_infusion_takes_over_what_was_wrong_with_the_dose() -> None:
    known = history(*READY, infusion_flags=frozenset({"unauthorised", "during_halt", "level_differs"}))

    assert flags(step("infusion"), known) == {"unauthorised", "during_halt"}


def test_a_transplant_without_a_handover_of_monitoring_is_flagged() -> None:
    known = history(planned=(CourseStep.TRANSPLANT,), treatment_ended_at=NOW - DAY)

    assert flags(step("transplant"), known) == {"handover_missing"}
    assert flags(step("transplant", handed_over_to="Transplant unit"), known) == set()


def test_steps_are_flagged_and_kept_whatever_is_wrong_with_their_time() -> None:
    assert flags(step("apheresis", 2), history()) == {"late_entry"}
    assert flags(step("apheresis", -1), history()) == {"time_in_future"}
    early = history(registered_at=NOW + DAY, voided=True, treatment_ended_at=NOW - DAY)
    assert flags(step("apheresis"), early) == {
        "before_registration",
        "registration_voided",
        "after_treatment_stopped",
    }
    assert flags(step("transplant", handed_over_to="x"), history()) == {"not_in_protocol"}


def test_the_same_words_again_are_a_repeat_and_other_words_contradict() -> None:
    said = step("manufacture", 40)
    other = replace(said, outcome=StepOutcome.FAILED)

    assert repeated_report(said, [READY[0], said]) == said
    assert repeated_report(said, [said, other]) is None  # taken back, and heard again
    assert "contradicts_earlier" in flags(other, history(READY[0], said))


def test_a_course_counts_from_the_first_step_that_reached_the_participant() -> None:
    entered = NOW
    failed = step("infusion", 9, "failed")
    oos, later, ahead = step("infusion", 3, "out_of_specification"), step("infusion", 1), step("infusion", -9)

    def first(*steps: StepReport) -> datetime | None:
        known = [(one, entered) for one in steps]
        return first_done_at(CourseStep.INFUSION, known, NOW - 100 * DAY)

    assert first(failed, oos, later) == oos.happened_at
    assert first(ahead) == NOW  # it was given by its entry at the latest
    assert first(failed) is None
    assert first(step("infusion", 101)) is None
    assert first(later, replace(later, outcome=StepOutcome.FAILED)) is None


@given(st.permutations(["apheresis", "manufacture", "lymphodepletion", "infusion"]))
def test_exactly_the_protocol_order_raises_no_order_flag(order: list[str]) -> None:
    known: list[StepReport] = []
    raised: set[StepFlag] = set()
    for place, name in enumerate(order):
        report = step(name, 50 - place)
        raised |= step_flags(report, history(*known), NOW)
        known.append(report)

    in_order = order == ["apheresis", "manufacture", "lymphodepletion", "infusion"]
    assert (StepFlag.OUT_OF_ORDER not in raised) == in_order


def test_a_batch_stays_listed_for_the_years_of_traceability() -> None:
    assert traceability_until([*READY, step("infusion")], 30) == date(2056, 6, 30)
    assert traceability_until(READY[:1], 30) is None

"""The dated steps of an advanced therapy or a transplant: recorded as they happened, never refused.

Cells that were infused were infused, in whatever order and with whatever paper: what was not in order about a
step becomes a flag on the record.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from services.enrolment.domain.claimed_times import entered_late, lies_in_future
from services.enrolment.domain.follow_up import anniversary


class CourseStep(StrEnum):
    APHERESIS = "apheresis"
    MANUFACTURE = "manufacture"
    BRIDGING = "bridging"
    LYMPHODEPLETION = "lymphodepletion"
    INFUSION = "infusion"
    TRANSPLANT = "transplant"


class StepOutcome(StrEnum):
    DONE = "done"
    FAILED = "failed"
    OUT_OF_SPECIFICATION = "out_of_specification"


class StepFlag(StrEnum):
    """What was not in order about a step."""

    NOT_IN_PROTOCOL = "not_in_protocol"
    OUT_OF_ORDER = "out_of_order"
    REPEATED = "repeated"
    CONTRADICTS_EARLIER = "contradicts_earlier"
    UNAUTHORISED = "unauthorised"
    BATCH_MISSING = "batch_missing"
    BATCH_UNKNOWN = "batch_unknown"
    PRODUCT_OUT_OF_SPECIFICATION = "product_out_of_specification"
    HANDOVER_MISSING = "handover_missing"
    LATE_ENTRY = "late_entry"
    TIME_IN_FUTURE = "time_in_future"
    BEFORE_REGISTRATION = "before_registration"
    REGISTRATION_VOIDED = "registration_voided"
    AFTER_TREATMENT_STOPPED = "after_treatment_stopped"
    DURING_HALT = "during_halt"


# Bridging bridges a wait; not everybody needs it.
OPTIONAL = frozenset({CourseStep.BRIDGING})
PRODUCT_STEPS = frozenset({CourseStep.MANUFACTURE, CourseStep.INFUSION})


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReport:
    """A step as the site reports it.

    `amount` is decimal text in `unit`: the dose as manufactured, or as infused. `handed_over_to` is the
    organisation that monitors from a transplant on.
    """

    step: CourseStep
    happened_at: datetime
    outcome: StepOutcome
    batch: str = ""
    amount: str = ""
    unit: str = ""
    handed_over_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseHistory:
    """What was known when the step was entered; `planned` are the protocol's steps in order.

    `infusion_flags` are those that recording the infusion as a dose raised.
    """

    planned: tuple[CourseStep, ...]
    steps: tuple[StepReport, ...]
    registered_at: datetime
    voided: bool
    treatment_ended_at: datetime | None
    infusion_flags: frozenset[str] = frozenset()


def repeated_report(report: StepReport, steps: Sequence[StepReport]) -> StepReport | None:
    """The last word about this step and time, when the report says exactly that again."""
    before = [one for one in steps if (one.step, one.happened_at) == (report.step, report.happened_at)]
    return before[-1] if before and before[-1] == report else None


def step_flags(report: StepReport, history: CourseHistory, now: datetime) -> frozenset[StepFlag]:
    """What was not in order about a step; it is recorded all the same.

    Source: practice.md section 4, advanced therapy and transplant.
    """
    ended = history.treatment_ended_at
    infused = report.step is CourseStep.INFUSION
    transplant = report.step is CourseStep.TRANSPLANT
    checks = {
        StepFlag.NOT_IN_PROTOCOL: report.step not in history.planned,
        StepFlag.OUT_OF_ORDER: _out_of_order(report, history),
        StepFlag.REPEATED: _repeated(report, history.steps),
        StepFlag.CONTRADICTS_EARLIER: _contradicts(report, history.steps),
        StepFlag.BATCH_MISSING: report.step in PRODUCT_STEPS and not report.batch,
        StepFlag.BATCH_UNKNOWN: infused and bool(report.batch) and not _made(report, history.steps),
        StepFlag.PRODUCT_OUT_OF_SPECIFICATION: infused and _out_of_specification(report, history.steps),
        StepFlag.HANDOVER_MISSING: transplant and not report.handed_over_to,
        StepFlag.LATE_ENTRY: entered_late(report.happened_at, now),
        StepFlag.TIME_IN_FUTURE: lies_in_future(report.happened_at, now),
        StepFlag.BEFORE_REGISTRATION: report.happened_at < history.registered_at,
        StepFlag.REGISTRATION_VOIDED: history.voided,
        StepFlag.AFTER_TREATMENT_STOPPED: ended is not None
        and report.happened_at >= ended
        and not transplant,
        StepFlag.UNAUTHORISED: StepFlag.UNAUTHORISED in history.infusion_flags,
        StepFlag.DURING_HALT: StepFlag.DURING_HALT in history.infusion_flags,
    }
    return frozenset(flag for flag, applies in checks.items() if applies)


def _out_of_order(report: StepReport, history: CourseHistory) -> bool:
    """Whether a step that comes before has not been completed, or one that comes after has."""
    if report.step not in history.planned:
        return False
    place = history.planned.index(report.step)
    known = latest_words(history.steps)
    completed = [one for one in known if one.outcome is not StepOutcome.FAILED]
    earlier = {one.step for one in completed if one.happened_at <= report.happened_at}
    later = {one.step for one in completed if one.happened_at < report.happened_at}
    missing = set(history.planned[:place]) - OPTIONAL - earlier
    return bool(missing) or bool(set(history.planned[place + 1 :]) & later)


def latest_words(steps: Sequence[StepReport]) -> tuple[StepReport, ...]:
    """Of several words about one step at one time only the last."""
    return tuple({(one.step, one.happened_at): one for one in steps}.values())


def _repeated(report: StepReport, steps: Sequence[StepReport]) -> bool:
    """A second time after a success; after a failure it is the ordinary thing to do."""
    others = [one for one in latest_words(steps) if one.step is report.step]
    return any(one.outcome is StepOutcome.DONE and one.happened_at < report.happened_at for one in others)


def _contradicts(report: StepReport, steps: Sequence[StepReport]) -> bool:
    return any((one.step, one.happened_at) == (report.step, report.happened_at) for one in steps)


def _made(report: StepReport, steps: Sequence[StepReport]) -> bool:
    return any(one.step is CourseStep.MANUFACTURE and one.batch == report.batch for one in steps)


def _out_of_specification(report: StepReport, steps: Sequence[StepReport]) -> bool:
    return any(
        one.step is CourseStep.MANUFACTURE
        and one.batch == report.batch
        and one.outcome is StepOutcome.OUT_OF_SPECIFICATION
        for one in latest_words(steps)
    )


def counts_from(happened_at: datetime, entered_at: datetime) -> datetime:
    """When a step counts as done: one that is said to lie in the future was done by its entry at the latest."""
    return min(happened_at, entered_at)


def first_done_at(
    step: CourseStep, steps: Sequence[tuple[StepReport, datetime]], registered_at: datetime
) -> datetime | None:
    """When a step was first done since the registration, from reports with the time of their entry.

    A product out of specification reached the participant; a step that failed did not.
    """
    known = {(report.step, report.happened_at): (report, entered) for report, entered in steps}
    times = [
        counts_from(report.happened_at, entered)
        for report, entered in known.values()
        if report.step is step and report.outcome is not StepOutcome.FAILED
    ]
    times = [at for at in times if at >= registered_at]
    return min(times, default=None)


def traceability_until(steps: Sequence[StepReport], years: int) -> date | None:
    """Date (UTC) until which the course stays listed: so many years from the last use of a product.

    Args:
        steps: as reported.
        years: of the traceability rule.
    """
    used = [one.happened_at for one in steps if one.step in PRODUCT_STEPS]
    return anniversary(max(used).date(), years) if used else None

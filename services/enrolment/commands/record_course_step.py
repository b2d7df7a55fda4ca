"""Record a dated step of an advanced therapy or a transplant; it is never refused."""

from dataclasses import dataclass
from decimal import Decimal

from services.enrolment.commands.at_participant import participant_under_gate
from services.enrolment.commands.dose_book import Administration
from services.enrolment.commands.followed_participant import AtFollowed, with_follow_up
from services.enrolment.commands.record_doses import record_given
from services.enrolment.domain.course import (
    CourseHistory,
    CourseStep,
    StepFlag,
    StepOutcome,
    StepReport,
    counts_from,
    repeated_report,
    step_flags,
)
from services.enrolment.domain.roles import DOSING_STAFF
from services.enrolment.events.afterwards_events import CourseStepRecordedV1
from services.enrolment.store.afterwards import add_course_step, course_step_rows
from services.enrolment.store.followed import step_of
from shared.act import Act
from shared.database import Tx
from shared.outbox import put


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCourseStep:
    participant_id: str
    report: StepReport


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseStepRecorded:
    """`already_recorded`: exactly this was the last word before; no second row was made of it."""

    step_id: str
    flags: frozenset[StepFlag]
    already_recorded: bool = False


async def record_course_step(tx: Tx, command: RecordCourseStep, act: Act) -> CourseStepRecorded:
    """The step as kept, with what was not in order about it; an infusion is a dose given as well."""
    allowed, participant = await participant_under_gate(tx, act, DOSING_STAFF, command.participant_id)
    at = await with_follow_up(tx, allowed.act, participant)
    report = command.report
    rows = await course_step_rows(tx, participant.id)
    known = [step_of(row) for row in rows]
    if repeated_report(report, known) is not None:
        kept = [row for row, one in zip(rows, known, strict=True) if one == report][-1]
        flags = frozenset(StepFlag(flag) for flag in kept["flags"])
        return CourseStepRecorded(step_id=kept["id"], flags=flags, already_recorded=True)
    flags = step_flags(report, await _history(tx, at, known, report), act.now)
    step_id = act.new_id()
    row = {
        "id": step_id,
        "participant_id": participant.id,
        "step": report.step.value,
        "happened_at": report.happened_at,
        "outcome": report.outcome.value,
        "batch": report.batch,
        "amount": report.amount,
        "unit": report.unit,
        "handed_over_to": report.handed_over_to,
        "flags": sorted(flag.value for flag in flags),
        "recorded_by": act.actor,
        "recorded_at": act.now,
    }
    await put(tx, at.act, at.event(_event(at, report)), add_course_step.write(tx, row))
    return CourseStepRecorded(step_id=step_id, flags=flags)


async def _history(tx: Tx, at: AtFollowed, known: list[StepReport], report: StepReport) -> CourseHistory:
    participant = at.participant
    infusion_flags: frozenset[str] = frozenset()
    if report.step is CourseStep.INFUSION and report.outcome is not StepOutcome.FAILED:
        infusion_flags = await _as_dose(tx, at, report)
    return CourseHistory(
        planned=at.terms.course if at.terms else (),
        steps=tuple(known),
        registered_at=participant.registered_at,
        voided=participant.voided_at is not None,
        treatment_ended_at=participant.treatment_ended_at,
        infusion_flags=infusion_flags,
    )


async def _as_dose(tx: Tx, at: AtFollowed, report: StepReport) -> frozenset[str]:
    """The infusion among the doses: it uses its authorisation, and stagger and counts go by it."""
    dose = Administration(
        at=report.happened_at,
        given=True,
        amount=Decimal(report.amount) if report.amount else None,
        batch=report.batch or None,
    )
    recorded = await record_given(tx, at.act, at.participant, [dose])
    return frozenset(flag.value for one in recorded.recorded for flag in one.flags)


def _event(at: AtFollowed, report: StepReport) -> CourseStepRecordedV1:
    return CourseStepRecordedV1(
        trial_id=at.participant.trial_id,
        participant_id=at.participant.id,
        step=report.step.value,
        happened_at=counts_from(report.happened_at, at.act.now),
        outcome=report.outcome.value,
        recorded_at=at.act.now,
    )

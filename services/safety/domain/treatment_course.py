"""A participant's course of treatment as enrolment tells it, in the terms of the DLT rules."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.safety.domain.dlt import Left, LeftFor
from services.safety.domain.dlt_definition import WindowStart
from services.safety.domain.dlt_facts import Cause, DoseDelay, Doses, MissedDoses, RunningDelay
from services.safety.domain.dlt_window import DltWindow

BEFORE_FIRST_DOSE = 0


class EndReason(StrEnum):
    """`OTHER` also stands for a reason that this version does not know."""

    COMPLETED = "completed"
    PROGRESSION = "progression"
    TOXICITY = "toxicity"
    PARTICIPANT_CHOICE = "participant_choice"
    CLINICIAN = "clinician"
    DEATH = "death"
    OTHER = "other"


_LEFT_FOR = {
    EndReason.PROGRESSION: LeftFor.PROGRESSION,
    EndReason.TOXICITY: LeftFor.TOXICITY,
    EndReason.PARTICIPANT_CHOICE: LeftFor.WITHDRAWAL,
    EndReason.DEATH: LeftFor.DEATH,
}
_OTHER_CAUSES = frozenset({"progression", "logistics", "participant", "other"})


def read_end_reason(word: str) -> EndReason:
    return EndReason(word) if word in set(EndReason) else EndReason.OTHER


def read_cause(word: str | None) -> Cause:
    """Why a dose was missed; no word, or an unknown one, is a cause that nobody stated."""
    if word == Cause.TOXICITY.value:
        return Cause.TOXICITY
    return Cause.OTHER if word in _OTHER_CAUSES else Cause.NOT_STATED


@dataclass(frozen=True, slots=True, kw_only=True)
class Administration:
    """One planned dose, at the time the site reports: given, or missed for a cause."""

    at: datetime
    given: bool
    missed_because: Cause = Cause.NOT_STATED


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseStep:
    """One dated step of a cell or gene therapy or a transplant, as the site reports it.

    `failed` took place without its product reaching the participant; a product out of specification did reach.
    """

    step: str
    at: datetime
    failed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TreatmentEnd:
    at: datetime
    reason: EndReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What is known so far; `stopped_at` is since when the participant takes no treatment or no visits.

    An administration said to lie before `registered_at` is kept by enrolment and counts for nothing here.
    """

    registered_at: datetime | None = None
    first_dose_at: datetime | None = None
    administrations: tuple[Administration, ...] = ()
    steps: tuple[CourseStep, ...] = ()
    end: TreatmentEnd | None = None
    stopped_at: datetime | None = None
    stopped_by_participant: bool = False

    def started_at(self, start: WindowStart) -> datetime | None:
        """When the window begins, by the first dose or the first such step since the registration."""
        if start is WindowStart.FIRST_DOSE:
            return self.first_dose_at
        since = self.registered_at
        reached = (
            step.at
            for step in self.steps
            if step.step == start.value and not step.failed and (since is None or step.at >= since)
        )
        return min(reached, default=None)

    @property
    def counted(self) -> tuple[Administration, ...]:
        """The administrations since the registration."""
        since = self.registered_at
        return tuple(dose for dose in self.administrations if since is None or dose.at >= since)

    @property
    def over_at(self) -> datetime | None:
        """From when no dose was due any more."""
        ends = [at for at in (self.end.at if self.end else None, self.stopped_at) if at is not None]
        return min(ends, default=None)


def left_window(course: Course, window: DltWindow | None) -> Left | None:
    """When and why the participant left, completing the treatment aside.

    Args:
        course: what enrolment has told.
        window: None before the first dose, when any end leaves.
    """
    end, over_at = course.end, course.over_at
    completed = end is not None and end.reason is EndReason.COMPLETED
    if over_at is None or (completed and window is not None and course.stopped_at is None):
        return None
    if window is None:
        return Left(day=BEFORE_FIRST_DOSE, reason=_reason(course))
    if completed and course.stopped_at is not None:
        return Left(day=window.day_at(course.stopped_at), reason=_reason(course))
    return Left(day=window.day_at(over_at), reason=_reason(course))


def _reason(course: Course) -> LeftFor:
    if course.end is not None and course.end.reason in _LEFT_FOR:
        return _LEFT_FOR[course.end.reason]
    return LeftFor.WITHDRAWAL if course.stopped_by_participant else LeftFor.OTHER


def doses_of_window(course: Course, window: DltWindow, *, planned: int, now: datetime) -> Doses | None:
    """Doses of the window as known now, or None while nothing has been recorded.

    A dose of a closed window that nobody has recorded, given or missed, is unaccounted for: whoever stayed in
    treatment was due for it, and silence is not an answer.

    Args:
        course: every administration known, in any order; those before the registration do not count.
        window: the participant's window.
        planned: doses that the protocol plans for the window.
        now: domain time, aware UTC; what is reported for later does not count yet.
    """
    known = sorted((dose for dose in course.counted if dose.at <= now), key=lambda dose: dose.at)
    if not known:
        return None
    inside = [dose for dose in known if 1 <= window.day_at(dose.at) <= window.days]
    missed = Counter(dose.missed_because for dose in inside if not dose.given)
    over_at = course.over_at
    stayed = over_at is None or window.day_at(over_at) > window.days
    unaccounted = max(planned - len(inside), 0) if stayed and window.is_closed(now) else 0
    return Doses(
        planned=planned,
        given=sum(dose.given for dose in inside),
        delays=_delays(known, window, over_at),
        missed=tuple(MissedDoses(cause=cause, count=missed[cause]) for cause in Cause if missed[cause]),
        unaccounted=unaccounted,
    )


def _delays(
    doses: Sequence[Administration], window: DltWindow, over_at: datetime | None
) -> tuple[DoseDelay | RunningDelay, ...]:
    """Stretches of missed doses that began in the window, from the first missed one to the next one given."""
    delays: list[DoseDelay | RunningDelay] = []
    for stretch, ended_at in _stretches(doses):
        since_day = window.day_at(stretch[0].at)
        if not 1 <= since_day <= window.days:
            continue
        causes = {dose.missed_because for dose in stretch}
        cause = Cause.TOXICITY if Cause.TOXICITY in causes else Cause.NOT_STATED
        until = ended_at or over_at
        if until is None:
            delays.append(RunningDelay(cause=cause, since_day=since_day))
        else:
            delays.append(DoseDelay(cause=cause, days=max(window.day_at(until) - since_day, 0)))
    return tuple(delays)


def _stretches(
    doses: Iterable[Administration],
) -> list[tuple[list[Administration], datetime | None]]:
    """Runs of missed doses from the first that toxicity may have caused, with the dose that ended each."""
    found: list[tuple[list[Administration], datetime | None]] = []
    stretch: list[Administration] = []
    for dose in doses:
        if dose.given and stretch:
            found.append((stretch, dose.at))
            stretch = []
        elif not dose.given and (stretch or dose.missed_because is not Cause.OTHER):
            stretch.append(dose)
    return [*found, (stretch, None)] if stretch else found

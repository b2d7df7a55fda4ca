"""The DLT verdict of one participant's window: four-valued, made by time as much as by entries."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from services.safety.domain.dlt_definition import (
    Criterion,
    DltDefinition,
    DoseDelayCriterion,
    DurationConvention,
    EventCriterion,
    JudgementCriterion,
    NotEvaluableReason,
)
from services.safety.domain.dlt_dose_criteria import evaluate_delays, evaluate_missed
from services.safety.domain.dlt_event_criteria import evaluate_event
from services.safety.domain.dlt_facts import CriterionFinding, DltEvent, Doses, Open, strongest
from services.safety.domain.dlt_judgement import SignedJudgement, evaluate_judgements
from services.safety.domain.dlt_timeline import AsOf, Strength


class Verdict(StrEnum):
    """`PENDING` never counts as `NO_DLT`; `NOT_EVALUABLE` participants are replaced."""

    PENDING = "pending"
    DLT = "dlt"
    NO_DLT = "no_dlt"
    NOT_EVALUABLE = "not_evaluable"


class Provisional(StrEnum):
    """`DLT`: pending, but to be counted as a DLT too, the stricter answer holding."""

    NONE = "none"
    DLT = "dlt"


class WindowState(StrEnum):
    NOT_STARTED = "not_started"
    STARTED = "started"


class LeftFor(StrEnum):
    PROGRESSION = "progression"
    WITHDRAWAL = "withdrawal"
    DEATH_FROM_PROGRESSION = "death_from_progression"
    TOXICITY = "toxicity"
    DEATH = "death"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """The participant left the window on day `day`; the day means nothing before the first dose."""

    day: int
    reason: LeftFor


@dataclass(frozen=True, slots=True, kw_only=True)
class DltFinding:
    """A verdict with everything it rests on.

    `evaluable` is None while it is not known; `next_day_to_check` is the next day on which the answer can
    change by time alone, None if only new entries can change it.
    """

    verdict: Verdict
    provisional: Provisional
    definition_id: str
    definition_version: int
    ctcae: str
    convention: DurationConvention
    as_of_day: int
    reasons: tuple[str, ...]
    criteria: tuple[CriterionFinding, ...]
    next_day_to_check: int | None

    @property
    def evaluable(self) -> bool | None:
        return None if self.verdict is Verdict.PENDING else self.verdict is not Verdict.NOT_EVALUABLE

    @property
    def replaced(self) -> bool:
        return self.verdict is Verdict.NOT_EVALUABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What the criteria look at; `left` once it has come to pass."""

    events: tuple[DltEvent, ...]
    doses: Doses | None
    left: Left | None
    judgements: tuple[SignedJudgement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    verdict: Verdict
    provisional: Provisional = Provisional.NONE
    reasons: frozenset[str] = frozenset()
    next_day: int | None = None


def evaluate_dlt(
    definition: DltDefinition,
    window: WindowState,
    events: Iterable[DltEvent],
    doses: Doses | None,
    left: Left | None,
    as_of: AsOf,
    *,
    judgements: Iterable[SignedJudgement] = (),
) -> DltFinding:
    """Verdict as of a day, a function of the entries known by then and of nothing else.

    Args:
        definition: the protocol's definition, already parsed.
        window: whether a first dose has been recorded.
        events: newest version of every adverse event of the participant, in any order, repeats allowed.
        doses: doses of the window known at `as_of`; None while no record is at hand.
        left: when and why the participant left, if so.
        as_of: `as_day_begins(n)` or `during_day(n)`, day 1 being the local date of the first dose.
        judgements: signed by investigators, with what the committee has said of them so far.

    Returns:
        `dlt` when a criterion stands for certain, however short the exposure; `pending` (with `provisional`
        when it stands on something unconfirmed) while a criterion may still become true or the window is
        open; `not_evaluable` when the participant left or received too few doses; else `no_dlt`.
    """
    gone = left is not None and as_of.knows(left.day)
    if window is WindowState.NOT_STARTED:
        criteria: tuple[CriterionFinding, ...] = ()
        answer = _before_first_dose(left)
    else:
        known_left = left if gone else None
        facts = _Facts(events=tuple(events), doses=doses, left=known_left, judgements=tuple(judgements))
        criteria = tuple(_evaluate(criterion, definition, facts, as_of) for criterion in definition.criteria)
        answer = _answer(definition, criteria, doses, known_left, as_of)
    return DltFinding(
        verdict=answer.verdict,
        provisional=answer.provisional,
        definition_id=definition.id,
        definition_version=definition.version,
        ctcae=definition.ctcae,
        convention=definition.convention,
        as_of_day=as_of.day,
        reasons=tuple(sorted(answer.reasons)),
        criteria=criteria,
        next_day_to_check=answer.next_day,
    )


def _evaluate(
    criterion: Criterion, definition: DltDefinition, facts: _Facts, as_of: AsOf
) -> CriterionFinding:
    if isinstance(criterion, EventCriterion):
        found = [evaluate_event(criterion, definition, event, as_of) for event in facts.events]
        return strongest(criterion.id, found)
    if isinstance(criterion, JudgementCriterion):
        return evaluate_judgements(criterion, definition, facts.judgements, as_of)
    doses, unknown = facts.doses, _unknown_doses(criterion)
    if doses is None:
        return unknown
    if isinstance(criterion, DoseDelayCriterion):
        stopped_on = facts.left.day if facts.left is not None else None
        delays = evaluate_delays(criterion, definition, doses, as_of, stopped_on)
        return delays if doses.counts_known else strongest(criterion.id, (delays, unknown))
    return evaluate_missed(criterion, definition, doses) if doses.counts_known else unknown


def _unknown_doses(criterion: Criterion) -> CriterionFinding:
    unknown = frozenset({Open.DOSES_NOT_KNOWN})
    return CriterionFinding(id=criterion.id, strength=Strength.POSSIBLE, open=unknown)


def _before_first_dose(left: Left | None) -> _Answer:
    if left is None:
        return _Answer(verdict=Verdict.PENDING, reasons=frozenset({Open.NO_FIRST_DOSE.value}))
    return _Answer(verdict=Verdict.NOT_EVALUABLE, reasons=frozenset({"ended_before_first_dose"}))


def _answer(
    definition: DltDefinition,
    criteria: tuple[CriterionFinding, ...],
    doses: Doses | None,
    left: Left | None,
    as_of: AsOf,
) -> _Answer:
    strength = max(finding.strength for finding in criteria)
    if strength is Strength.CERTAIN:
        return _Answer(verdict=Verdict.DLT, reasons=_dlt_reasons(criteria))
    reasons = _left_reasons(definition, left)
    closed = as_of.day > definition.window_days
    if strength > Strength.NO:
        return _pending(definition, criteria, strength, may_close=not closed and not reasons)
    if reasons:
        return _Answer(verdict=Verdict.NOT_EVALUABLE, reasons=reasons)
    if not closed:
        return _pending(definition, criteria, strength, may_close=True)
    return _after_the_window(definition, doses)


def _dlt_reasons(criteria: tuple[CriterionFinding, ...]) -> frozenset[str]:
    met = [finding for finding in criteria if finding.met]
    assumed = all(finding.assumed_ongoing for finding in met)
    return frozenset(finding.id for finding in met) | ({Open.RESULT_MISSING.value} if assumed else set())


def _pending(
    definition: DltDefinition, criteria: tuple[CriterionFinding, ...], strength: Strength, *, may_close: bool
) -> _Answer:
    days = [finding.next_day for finding in criteria if finding.next_day is not None]
    questions = {question.value for finding in criteria for question in finding.open}
    if may_close:
        days.append(definition.window_days + 1)
        questions.add(Open.WINDOW_OPEN.value)
    provisional = Provisional.DLT if strength is Strength.PROVISIONAL else Provisional.NONE
    return _Answer(
        verdict=Verdict.PENDING,
        provisional=provisional,
        reasons=frozenset(questions),
        next_day=min(days, default=None),
    )


def _left_reasons(definition: DltDefinition, left: Left | None) -> frozenset[str]:
    """Reasons for which the protocol counts this leaving as not evaluable; empty if it does not."""
    if left is None or left.day > definition.window_days:
        return frozenset()
    reasons = {NotEvaluableReason.LEFT_BEFORE_WINDOW_END}
    if left.reason is LeftFor.DEATH_FROM_PROGRESSION:
        reasons.add(NotEvaluableReason.DEATH_FROM_PROGRESSION)
    return frozenset(reason.value for reason in reasons & definition.not_evaluable)


def _after_the_window(definition: DltDefinition, doses: Doses | None) -> _Answer:
    if doses is None or not doses.counts_known:
        return _Answer(verdict=Verdict.PENDING, reasons=frozenset({Open.DOSES_NOT_KNOWN.value}))
    required = definition.minimum_doses_percent * doses.planned
    if doses.given * 100 < required <= (doses.given + doses.unaccounted) * 100:
        return _Answer(verdict=Verdict.PENDING, reasons=frozenset({Open.DOSES_NOT_KNOWN.value}))
    if doses.given * 100 < required:
        reason = NotEvaluableReason.EXPOSURE_BELOW_MINIMUM.value
        return _Answer(verdict=Verdict.NOT_EVALUABLE, reasons=frozenset({reason}))
    return _Answer(verdict=Verdict.NO_DLT)

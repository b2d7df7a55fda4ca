"""Reading a laboratory result against criteria: what holds, what does not, and what cannot be told."""

from dataclasses import dataclass
from decimal import Context, Decimal

from services.safety.domain.laboratory_result import LaboratoryResult, NotGradable, position_of
from services.safety.domain.laboratory_rules import (
    Analyte,
    Anchor,
    Comparison,
    Position,
    Relation,
    Step,
    Threshold,
)
from services.safety.domain.laboratory_units import unit_name

WORST_GRADE_BY_LIMITS_ALONE = 1
# Products and sums of entered numbers are exact: 40 digits with exponents of two digits fit in here.
_EXACT = Context(prec=500)

_State = bool | NotGradable


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """What one scale says: the steps met with the highest grade, or a reason."""

    steps: tuple[Step, ...] = ()
    reason: NotGradable | None = None


class Case:
    """One result read against the criteria of one finding."""

    def __init__(self, *, analyte: Analyte, result: LaboratoryResult) -> None:
        assert result.value is not None
        self._analyte = analyte
        self._value = result.value
        self._unit = unit_name(result.unit)
        self._anchors = {
            Anchor.LLN: result.lln,
            Anchor.ULN: _positive(result.uln),
            Anchor.BASELINE: _positive(result.baseline),
        }
        self._position = position_of(result)
        self._fasting = analyte.always_fasting if result.fasting is None else result.fasting

    def has_a_say(self, steps: tuple[Step, ...]) -> bool:
        """Whether the scale is one for this result: a scale by the baseline is none without a baseline."""
        return any(self._applies(step) is not False for step in steps)

    def read(self, steps: tuple[Step, ...]) -> Scale:
        """The highest grade that holds, unless an unknown criterion of a higher one could still hold."""
        states = [(step, self._state(step)) for step in steps]
        top = max((step.grade for step, state in states if state is True), default=0)
        missing = {state for step, state in states if isinstance(state, NotGradable) and step.grade > top}
        if top > WORST_GRADE_BY_LIMITS_ALONE:
            missing.discard(NotGradable.LIMIT_MISSING)
        requires = self._analyte.requires
        if requires is not None and self._anchors[requires] is None:
            missing.add(NotGradable.LIMIT_MISSING)
        if missing:
            return Scale(reason=min(missing, key=list(NotGradable).index))
        met = _severest(tuple(step for step, state in states if state is True and step.grade == top))
        if any(step.needs_a_person for step in met):
            return Scale(steps=met, reason=NotGradable.NEEDS_A_PERSON)
        return Scale(steps=met)

    def _state(self, step: Step) -> _State:
        applies = self._applies(step)
        states = [applies, *(self._holds(comparison) for comparison in step.comparisons)]
        if False in states:
            return False
        missing = [state for state in states if isinstance(state, NotGradable)]
        return min(missing, key=list(NotGradable).index) if missing else True

    def _applies(self, step: Step) -> _State:
        position = self._position
        if step.if_fasting and not self._fasting:
            return False
        if step.if_baseline_given and self._anchors[Anchor.BASELINE] is None:
            return False
        if step.if_baseline and position not in step.if_baseline:
            return False
        if position in step.unless_baseline:
            return False
        if not step.baseline or position in step.baseline:
            return True
        if position is not None or self._not_even_a_high_baseline(step):
            return False
        return NotGradable.BASELINE_MISSING

    def _not_even_a_high_baseline(self, step: Step) -> bool:
        """A value within the limits is below every multiple of a baseline above them."""
        uln = self._anchors[Anchor.ULN]
        return step.baseline == {Position.HIGH} and uln is not None and self._value <= uln

    def _holds(self, comparison: Comparison) -> _State:
        subject = self._anchors[Anchor.BASELINE] if comparison.of_baseline else self._value
        if subject is None:
            return NotGradable.BASELINE_MISSING
        threshold = self._number(comparison.threshold)
        if isinstance(threshold, NotGradable):
            return threshold
        match comparison.relation:
            case Relation.BELOW:
                return subject < threshold
            case Relation.AT_MOST:
                return subject <= threshold
            case Relation.ABOVE:
                return subject > threshold
            case Relation.AT_LEAST:
                return subject >= threshold

    def _number(self, threshold: Threshold) -> Decimal | NotGradable:
        amount = self._absolute(threshold) if threshold.absolute else Decimal(0)
        if isinstance(amount, NotGradable) or threshold.anchor is None:
            return amount
        anchor = self._anchors[threshold.anchor]
        if anchor is None:
            baseline = threshold.anchor is Anchor.BASELINE
            return NotGradable.BASELINE_MISSING if baseline else NotGradable.LIMIT_MISSING
        return _EXACT.add(_EXACT.multiply(threshold.times, anchor), amount)

    def _absolute(self, threshold: Threshold) -> Decimal | NotGradable:
        unit = "" if "" in threshold.absolute and self._unit in self._analyte.unitless else self._unit
        if unit in threshold.absolute:
            return threshold.absolute[unit]
        return NotGradable.UNIT_NOT_ACCEPTED if unit else NotGradable.UNIT_MISSING


def _positive(number: Decimal | None) -> Decimal | None:
    """A limit or baseline of nothing has no multiples."""
    return number if number is not None and number > 0 else None


def _severest(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Of steps with one highest grade those that leave least below it: 120 to 125 is 3, 125 to 130 is 2 or 3."""
    worst = max((min(step.grades) for step in steps), default=0)
    return tuple(step for step in steps if min(step.grades) == worst)

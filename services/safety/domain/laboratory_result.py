"""A laboratory result as entered, and why one may have no grade."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from services.safety.domain.laboratory_rules import Position


@dataclass(frozen=True, slots=True, kw_only=True)
class LaboratoryResult:
    """One result as entered; None and empty texts were not stated.

    Attributes:
        value: the measured number, 0 or more.
        unit: of value, limits and baseline.
        lln: lower limit of the reference range that came with the result; likewise `uln`, the upper one.
        baseline: the participant's own value before treatment.
        baseline_position: where the baseline lay; follows from baseline and limits when it is not stated.
        fasting: whether the sample was a fasting one.
    """

    value: Decimal | None = None
    unit: str = ""
    lln: Decimal | None = None
    uln: Decimal | None = None
    baseline: Decimal | None = None
    baseline_position: Position | None = None
    fasting: bool | None = None


class NotGradable(StrEnum):
    """Why no grade is proposed, in the order in which it is said."""

    VALUE_MISSING = "value_missing"
    UNIT_MISSING = "unit_missing"
    UNIT_NOT_ACCEPTED = "unit_not_accepted"
    LIMIT_MISSING = "limit_missing"
    BASELINE_MISSING = "baseline_missing"
    NEEDS_A_PERSON = "needs_a_person"


def position_of(result: LaboratoryResult) -> Position | None:
    """Where the baseline lies: as stated, else by the limits; None when that cannot be told."""
    if result.baseline_position is not None:
        return result.baseline_position
    baseline = result.baseline
    if baseline is None:
        return None
    if result.lln is not None and baseline < result.lln:
        return Position.LOW
    if result.uln is None:
        return None
    return Position.HIGH if baseline > result.uln else Position.NORMAL

"""BOIN, keyboard, mTPI-2, mTPI and i3+3 from the parameters that a protocol states."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from services.sponsor.domain.escalation.design import Terms
from services.sponsor.domain.escalation.interval_design import Closing, IntervalDesign
from services.sponsor.domain.escalation.interval_rules import (
    BoinRule,
    I3Plus3Rule,
    IntervalRule,
    KeyboardRule,
    Mtpi2Rule,
    MtpiRule,
)

MOST_DECIMALS = 17
_TENTH, _FIVE_PERCENT = Fraction(1, 10), Fraction(5, 100)
_LEAST_EPSILON = Fraction(1, 100)
AROUND_TARGET: Mapping[str, Callable[[Fraction, Fraction], IntervalRule]] = {
    "keyboard": lambda low, high: KeyboardRule(low=low, high=high),
    "mtpi2": lambda low, high: Mtpi2Rule(low=low, high=high),
    "mtpi": lambda low, high: MtpiRule(low=low, high=high),
    "i3plus3": lambda low, high: I3Plus3Rule(low=low, high=high),
}
INTERVAL_DESIGNS = ("boin", *AROUND_TARGET)


class ParameterInvalid(Exception):
    """A parameter that a design cannot have.

    Attributes:
        field: its name.
        code: `out_of_range` or `too_precise`.
        message: one sentence.
    """

    def __init__(self, field: str, code: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field, self.code, self.message = field, code, message


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalParameters:
    """What a protocol states; None where it leaves the default.

    Attributes:
        target: wanted probability of a DLT.
        p1: BOIN: highest probability that is too low, 0.6 times the target.
        p2: BOIN: lowest probability that is too high, 1.4 times the target.
        eps1: the others: the interval's reach below the target, 0.05.
        eps2: the others: above it, 0.05.
        elimination_cutoff: chance of exceeding the target above which a level closes, 0.95.
        elimination_min_n: fewest evaluated for it, 3.
        extrasafe: BOIN: the lowest level closes at a cut-off smaller by `offset`.
        offset: BOIN: 0.05.
        n_earlystop: BOIN: evaluated at a level from which keeping it ends the trial.
        bound_mtd: BOIN: the dose found has a rate of at most the de-escalation boundary.
    """

    target: Fraction
    p1: Fraction | None = None
    p2: Fraction | None = None
    eps1: Fraction | None = None
    eps2: Fraction | None = None
    elimination_cutoff: Fraction | None = None
    elimination_min_n: int = 3
    extrasafe: bool = False
    offset: Fraction | None = None
    n_earlystop: int | None = None
    bound_mtd: bool = False


def interval_design(name: str, terms: Terms, stated: IntervalParameters) -> IntervalDesign:
    """The design.

    Args:
        name: one of INTERVAL_DESIGNS.
        terms: levels, cohorts, guards.
        stated: parameters; those of other designs are passed over.

    Raises:
        ParameterInvalid: naming the parameter.
    """
    rule = _boin(stated) if name == "boin" else _around_target(AROUND_TARGET[name], stated)
    return IntervalDesign(
        name=name,
        terms=terms,
        target=stated.target,
        rule=rule,
        closing=_closing(stated),
        n_earlystop=stated.n_earlystop,
        bound_mtd=stated.bound_mtd,
    )


def _boin(stated: IntervalParameters) -> BoinRule:
    """Bounds as in the R package: the target from 0.05 to 0.6, both alternatives a tenth of it away or more."""
    target = _within("target", stated.target, _FIVE_PERCENT, Fraction(6, 10))
    p1 = target * Fraction(6, 10) if stated.p1 is None else stated.p1
    p2 = target * Fraction(14, 10) if stated.p2 is None else stated.p2
    return BoinRule(
        target=target,
        p1=_within("p1", p1, Fraction(1, 1000), target * (1 - _TENTH)),
        p2=_within("p2", p2, target * (1 + _TENTH), Fraction(999, 1000)),
    )


def _around_target(
    rule: Callable[[Fraction, Fraction], IntervalRule], stated: IntervalParameters
) -> IntervalRule:
    target = _within("target", stated.target, Fraction(1, 100), Fraction(99, 100))
    below = _within("eps1", _or(stated.eps1, _FIVE_PERCENT), _LEAST_EPSILON, Fraction(1, 2))
    above = _within("eps2", _or(stated.eps2, _FIVE_PERCENT), _LEAST_EPSILON, Fraction(1, 2))
    for field, inside in (("eps1", target > below), ("eps2", target + above < 1)):
        if not inside:
            raise ParameterInvalid(
                field, "out_of_range", "The interval around the target lies between 0 and 1."
            )
    return rule(target - below, target + above)


def _closing(stated: IntervalParameters) -> Closing:
    cutoff = _or(stated.elimination_cutoff, Fraction(95, 100))
    cutoff = _within("elimination_cutoff", cutoff, Fraction(1, 100), Fraction(9999, 10000))
    offset = _within("offset", _or(stated.offset, min(_FIVE_PERCENT, cutoff / 2)), Fraction(0), cutoff / 2)
    return Closing(cutoff=cutoff, min_n=stated.elimination_min_n, offset=offset if stated.extrasafe else None)


def _or(value: Fraction | None, default: Fraction) -> Fraction:
    return default if value is None else value


def _within(field: str, value: Fraction, least: Fraction, most: Fraction) -> Fraction:
    if not least <= value <= most:
        message = f"A number from {float(least):g} to {float(most):g} is needed."
        raise ParameterInvalid(field, "out_of_range", message)
    if value.denominator > 10**MOST_DECIMALS:
        raise ParameterInvalid(field, "too_precise", f"At most {MOST_DECIMALS} decimals are read.")
    return value

"""A skeleton from indifference intervals: prior guesses so spaced that each level can be told from its neighbours.

Source: Lee, Cheung, Clin Trials 2009;6:227-238 (`getprior` of the R package dfcrm).
"""

import math
from itertools import pairwise

from services.sponsor.domain.escalation.working_model import ModelKind


class SkeletonImpossible(ValueError):
    """No increasing skeleton belongs to these values.

    Attributes:
        field: `halfwidth`, `nu`, `intercept` or `levels`.
        code: stable lower-snake code.
        message: one sentence for people.
    """

    def __init__(self, field: str, code: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.code = code
        self.message = message


def indifference_skeleton(
    *,
    halfwidth: float,
    target: float,
    nu: int,
    levels: int,
    kind: ModelKind = ModelKind.EMPIRIC,
    intercept: float = 3.0,
) -> tuple[float, ...]:
    """The skeleton in which level `nu` is the prior guess of the MTD.

    At the beta on the boundary between "k is the MTD" and "k + 1 is the MTD" the chance of a DLT is
    `target - halfwidth` at k and `target + halfwidth` at k + 1.

    Args:
        halfwidth: of the indifference interval, above 0 and below both `target` and `1 - target`.
        target: wanted chance of a DLT, in (0, 1).
        nu: 1-based level whose guess is the target.
        levels: number of levels.
        kind: form of the curve.
        intercept: of the logistic curve.

    Raises:
        SkeletonImpossible: a value outside its range, or no increasing skeleton in (0, 1).
    """
    if not 0 < halfwidth < min(target, 1 - target):
        raise SkeletonImpossible(
            "halfwidth", "out_of_range", "The halfwidth is above 0 and below both the target and 1 - target."
        )
    if not 1 <= nu <= levels:
        raise SkeletonImpossible("nu", "out_of_range", "The level nu is one of the levels.")
    low, middle, high = (
        _scaled(chance, kind, intercept) for chance in (target - halfwidth, target, target + halfwidth)
    )
    if low * high <= 0:
        raise SkeletonImpossible(
            "intercept", "intercept_unusable", "The intercept lies inside the indifference interval."
        )
    try:
        scaled = [middle * (high / low) ** (level - nu) for level in range(1, levels + 1)]
    except OverflowError:
        scaled = [math.inf] * levels
    skeleton = [_chance(x, kind, intercept) for x in scaled]
    skeleton[nu - 1] = target
    if not all(lower < upper for lower, upper in pairwise((0.0, *skeleton, 1.0))):
        raise SkeletonImpossible(
            "levels",
            "skeleton_not_increasing",
            "No increasing skeleton with so many levels can be told apart.",
        )
    return tuple(skeleton)


def _scaled(chance: float, kind: ModelKind, intercept: float) -> float:
    if kind is ModelKind.EMPIRIC:
        return math.log(chance)
    return math.log(chance) - math.log1p(-chance) - intercept


def _chance(scaled: float, kind: ModelKind, intercept: float) -> float:
    if kind is ModelKind.EMPIRIC:
        return math.exp(min(scaled, 0.0))
    logit = intercept + scaled
    if logit < 0:
        return math.exp(logit) / (1 + math.exp(logit))
    return 1 / (1 + math.exp(-logit))

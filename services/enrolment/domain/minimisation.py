"""Minimisation of imbalance over prognostic factors, with biased-coin assignment.

Source: S. J. Pocock, R. Simon, Biometrics 1975;31:103-115. The order of arms by G, ties and the coin are decided
without rounding: weights, probabilities and random numbers are taken as the decimals that were written
(`randomisation_design.exact`), and sums of standard deviations are compared as sums of roots. A replay of the same
counts and draws gives the same arm on every machine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import factorial

from services.enrolment.domain.minimisation_schemes import Probability
from services.enrolment.domain.randomisation_design import (
    InvalidDesign,
    Number,
    check_arms,
    check_name,
    exact,
    is_whole,
)
from services.enrolment.domain.root_sums import RootSum

MOST_FACTORS = 50
LARGEST_COUNT = 1_000_000


class Imbalance(StrEnum):
    """How far apart the arms are at one level of a factor. The choice changes assignments: it has no default."""

    RANGE = "range"
    VARIANCE = "variance"
    SD = "sd"


class MinimisationWarning(StrEnum):
    """What a statistician should know before using an answer."""

    DETERMINISTIC = "deterministic"
    """The next arm is certain: who knows the counts knows it, and concealment is lost."""
    ARM_WITHOUT_CHANCE = "arm_without_chance"
    """An arm has probability 0 although the next arm is not certain."""
    NO_PREFERENCE = "no_preference"
    """The scheme's parameter gives every arm the same probability whatever the counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """A prognostic factor; its weight is above 0, a whole number or a decimal as text."""

    name: str
    weight: Number = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class MinimisationDesign:
    """A design; `ratio` has a whole number per arm.

    With unequal shares counts are divided by the arm's share before they are compared.

    Raises:
        InvalidDesign: naming the path of the value, as in `factors.0.weight`.
    """

    arms: tuple[str, ...]
    ratio: tuple[int, ...]
    imbalance: Imbalance
    probability: Probability
    factors: tuple[Factor, ...]

    def __post_init__(self) -> None:
        check_arms(self.arms, self.ratio)
        if self.imbalance not in tuple(Imbalance):
            raise InvalidDesign("imbalance", "imbalance_unknown", "Imbalance is range, variance or sd.")
        self.probability.check(len(self.arms))
        if not 1 <= len(self.factors) <= MOST_FACTORS:
            raise InvalidDesign(
                "factors", "factors_out_of_range", f"A design has 1 to {MOST_FACTORS} factors."
            )
        for number, factor in enumerate(self.factors):
            check_name(factor.name, f"factors.{number}.name")
            if exact(factor.weight, f"factors.{number}.weight") <= 0:
                raise InvalidDesign(f"factors.{number}.weight", "weight_invalid", "A weight is above 0.")
        if len({factor.name for factor in self.factors}) != len(self.factors):
            raise InvalidDesign("factors", "not_distinct", "Every factor needs a name of its own.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """The two random numbers of one assignment, each at least 0 and below 1, as whole numbers or text.

    `tie` orders arms with equal G; `coin` picks the arm. Draw both whether or not there is a tie.
    """

    tie: Number
    coin: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class Minimised:
    """The answer for one participant; tuples are in the design's order of arms.

    Attributes:
        g: imbalance if the participant joined that arm, weighted and summed over the factors.
        preferred: the arms with the smallest G, more than one when they tie.
        probabilities: before any draw; arms that tie share the probabilities of their ranks.
        order: arms from best to worst once ties were broken; empty without draws.
        arm: the assigned arm; None without draws.
        warnings: of the design and of this answer.
    """

    g: tuple[float, ...]
    preferred: tuple[str, ...]
    probabilities: tuple[float, ...]
    order: tuple[str, ...]
    arm: str | None
    warnings: tuple[MinimisationWarning, ...]


def minimise(
    design: MinimisationDesign, counts: Mapping[str, Sequence[int]], draws: Draws | None = None
) -> Minimised:
    """Where the next participant goes, or with which probabilities.

    Args:
        design: arms, factors, imbalance and scheme.
        counts: by factor name, how many are already on each arm at this participant's level of the factor, in the
            design's order of arms; the participant is not among them.
        draws: the random numbers, or None to learn only imbalances and probabilities.

    Returns:
        Ties are broken by permutation number floor(tie × m!) in lexicographic order of the m tied arms (of each
        group of tied arms, where there are several); the coin picks the first arm in that order whose summed
        probability exceeds it.

    Raises:
        InvalidDesign: naming `factors.<number>.counts`, `draws.tie` or `draws.coin`.
    """
    g = _totals(design, _checked_counts(design, counts))
    groups = _tied_groups(g)
    whole, shares = design.probability.shares(tuple(g[arm] for group in groups for arm in group))
    by_arm = _shared(groups, shares)
    order, arm = _drawn(groups, shares, whole, draws) if draws is not None else ((), None)
    return Minimised(
        g=tuple(float(total) for total in g),
        preferred=tuple(design.arms[best] for best in groups[0]),
        probabilities=tuple(share.ratio_to(whole) for share in by_arm),
        order=tuple(design.arms[number] for number in order),
        arm=None if arm is None else design.arms[arm],
        warnings=_warnings(design, by_arm, whole),
    )


def _checked_counts(design: MinimisationDesign, counts: Mapping[str, Sequence[int]]) -> list[Sequence[int]]:
    """Counts in the order of the design's factors."""
    for name in counts:
        if name not in {factor.name for factor in design.factors}:
            raise InvalidDesign(
                "factors", "factor_unknown", "There are counts for a factor the design lacks."
            )
    found = []
    for number, factor in enumerate(design.factors):
        field, on_arms = f"factors.{number}.counts", counts.get(factor.name)
        if on_arms is None:
            raise InvalidDesign(field, "missing", "Counts are needed for every factor.")
        if len(on_arms) != len(design.arms):
            raise InvalidDesign(field, "length_mismatch", "One count per arm is needed.")
        if not all(is_whole(count) and 0 <= count <= LARGEST_COUNT for count in on_arms):
            raise InvalidDesign(
                field, "count_invalid", f"A count is a whole number from 0 to {LARGEST_COUNT}."
            )
        found.append(on_arms)
    return found


def _totals(design: MinimisationDesign, counts: Sequence[Sequence[int]]) -> list[RootSum]:
    """G by arm."""
    totals = []
    for joined in range(len(design.arms)):
        total = RootSum()
        for factor, on_arms in zip(design.factors, counts, strict=True):
            sizes = [
                Fraction(count + (arm == joined), _divisor(design, arm)) for arm, count in enumerate(on_arms)
            ]
            total += _spread(design.imbalance, sizes).times(exact(factor.weight, "factors"))
        totals.append(total)
    return totals


def _divisor(design: MinimisationDesign, arm: int) -> int:
    return design.ratio[arm] if len(set(design.ratio)) > 1 else 1


def _spread(imbalance: Imbalance, sizes: Sequence[Fraction]) -> RootSum:
    if imbalance == Imbalance.RANGE:
        return RootSum.of(max(sizes) - min(sizes))
    mean = sum(sizes, Fraction(0)) / len(sizes)
    variance = sum(((size - mean) ** 2 for size in sizes), Fraction(0)) / (len(sizes) - 1)
    return RootSum.of(variance) if imbalance == Imbalance.VARIANCE else RootSum.root(variance)


def _tied_groups(g: Sequence[RootSum]) -> list[list[int]]:
    """Numbers of the arms from the smallest G to the largest, those with equal G together in the design's order."""
    groups: list[list[int]] = []
    for arm, total in enumerate(g):
        for place, group in enumerate(groups):
            difference = (total - g[group[0]]).sign()
            if difference == 0:
                group.append(arm)
                break
            if difference < 0:
                groups.insert(place, [arm])
                break
        else:
            groups.append([arm])
    return groups


def _shared(groups: Sequence[Sequence[int]], shares: Sequence[RootSum]) -> list[RootSum]:
    """Shares by arm before ties are broken: the mean of the ranks that a group of tied arms holds."""
    by_arm: dict[int, RootSum] = {}
    rank = 0
    for group in groups:
        held = sum(shares[rank : rank + len(group)], RootSum())
        by_arm |= {arm: held.times(Fraction(1, len(group))) for arm in group}
        rank += len(group)
    return [by_arm[arm] for arm in sorted(by_arm)]


def _drawn(
    groups: Sequence[Sequence[int]], shares: Sequence[RootSum], whole: RootSum, draws: Draws
) -> tuple[tuple[int, ...], int]:
    """Order of the arms with ties broken, and the arm that the coin picks."""
    tie, coin = _below_one(draws.tie, "draws.tie"), _below_one(draws.coin, "draws.coin")
    order = tuple(arm for group in groups for arm in _permuted(group, tie))
    summed = RootSum()
    for arm, share in zip(order, shares, strict=True):
        summed += share
        if (summed - whole.times(coin)).sign() > 0:
            return order, arm
    raise AssertionError("the probabilities sum to 1 and the coin lies below 1")


def _below_one(value: Number, field: str) -> Fraction:
    number = exact(value, field)
    if not 0 <= number < 1:
        raise InvalidDesign(field, "draw_out_of_range", "A random number is at least 0 and below 1.")
    return number


def _permuted(tied: Sequence[int], tie: Fraction) -> list[int]:
    """Permutation number floor(tie × m!) of the m tied arms, permutations in lexicographic order from 0."""
    number = int(tie * factorial(len(tied)))
    left, order = list(tied), []
    while left:
        place, number = divmod(number, factorial(len(left) - 1))
        order.append(left.pop(place))
    return order


def _warnings(
    design: MinimisationDesign, by_arm: Sequence[RootSum], whole: RootSum
) -> tuple[MinimisationWarning, ...]:
    found = []
    certain = any((share - whole).sign() == 0 for share in by_arm)
    if design.probability.certain(len(design.arms)) or certain:
        found.append(MinimisationWarning.DETERMINISTIC)
    elif any(share.sign() == 0 for share in by_arm):
        found.append(MinimisationWarning.ARM_WITHOUT_CHANCE)
    if design.probability.indifferent(len(design.arms)):
        found.append(MinimisationWarning.NO_PREFERENCE)
    return tuple(found)

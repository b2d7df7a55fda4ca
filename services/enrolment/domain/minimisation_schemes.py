"""From the order of arms to the probability of each: the three schemes of minimisation.

A scheme gives shares of a whole, so that nothing is rounded before the coin is compared: the probability of a rank is
its share divided by the whole. With unequal ratios the probabilities are the same as with equal ones; only the counts
are divided by the ratio.

Source: Pocock and Simon 1975, section 2; the rank-linear and G-based forms sum to 1 for every valid parameter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from services.enrolment.domain.randomisation_design import InvalidDesign, Number, exact
from services.enrolment.domain.root_sums import RootSum

Shares = tuple[RootSum, tuple[RootSum, ...]]
"""The whole, and a share for each rank, best arm first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BestPRestEqual:
    """The best arm has probability p, the others share the rest equally; 1/K ≤ p ≤ 1 for K arms."""

    p: Number

    def check(self, arms: int) -> None:
        _between(self.p, Fraction(1, arms), Fraction(1), "p")

    def certain(self, arms: int) -> bool:
        return exact(self.p, "probability.p") == 1

    def indifferent(self, arms: int) -> bool:
        return exact(self.p, "probability.p") == Fraction(1, arms)

    def shares(self, g: Sequence[RootSum]) -> Shares:
        p = exact(self.p, "probability.p")
        rest = (1 - p) / (len(g) - 1)
        return RootSum.of(Fraction(1)), tuple(RootSum.of(p if rank == 0 else rest) for rank in range(len(g)))


@dataclass(frozen=True, slots=True, kw_only=True)
class RankLinear:
    """Rank k of K has probability q − 2(Kq − 1)/(K(K + 1))·k; 1/K ≤ q ≤ 2/(K − 1) keeps all of them at 0 or more."""

    q: Number

    def check(self, arms: int) -> None:
        _between(self.q, Fraction(1, arms), Fraction(2, arms - 1), "q")

    def certain(self, arms: int) -> bool:
        return arms == 2 and exact(self.q, "probability.q") == 2

    def indifferent(self, arms: int) -> bool:
        return exact(self.q, "probability.q") == Fraction(1, arms)

    def shares(self, g: Sequence[RootSum]) -> Shares:
        q, arms = exact(self.q, "probability.q"), len(g)
        step = 2 * (arms * q - 1) / (arms * (arms + 1))
        return RootSum.of(Fraction(1)), tuple(RootSum.of(q - step * rank) for rank in range(1, arms + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class GBased:
    """An arm with imbalance G has probability (1 − t·G/ΣG)/(K − t); 0 ≤ t ≤ 1.

    The sum of all G is never 0: whichever arm a participant joins, at most one choice leaves a factor level even.
    """

    t: Number

    def check(self, arms: int) -> None:
        _between(self.t, Fraction(0), Fraction(1), "t")

    def certain(self, arms: int) -> bool:
        """Never by the parameter alone; with two arms and t = 1 by the counts."""
        return False

    def indifferent(self, arms: int) -> bool:
        return exact(self.t, "probability.t") == 0

    def shares(self, g: Sequence[RootSum]) -> Shares:
        t = exact(self.t, "probability.t")
        total = sum(g, RootSum())
        return total.times(len(g) - t), tuple(total - one.times(t) for one in g)


Probability = BestPRestEqual | RankLinear | GBased


def _between(value: Number, least: Fraction, most: Fraction, name: str) -> None:
    field = f"probability.{name}"
    if not least <= exact(value, field) <= most:
        raise InvalidDesign(
            field, "probability_out_of_range", f"With these arms {name} lies between {least} and {most}."
        )

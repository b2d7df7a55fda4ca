"""Designs for tests of minimisation, with factors f0, f1, … and arms A, B, …"""

from fractions import Fraction

from services.enrolment.domain.minimisation import (
    Draws,
    Factor,
    Imbalance,
    MinimisationDesign,
    Minimised,
    minimise,
)
from services.enrolment.domain.minimisation_schemes import BestPRestEqual, GBased, Probability, RankLinear
from services.enrolment.domain.randomisation_design import Number

EIGHTY = BestPRestEqual(p="0.8")
SCHEMES = ("best", "rank", "g")


def scheme_of(name: str, arms: int) -> Probability:
    if name == "best":
        return EIGHTY
    if name == "rank":
        return RankLinear(q=Fraction(3, 2 * arms) if arms > 2 else "1.5")
    return GBased(t="0.75")


def design(
    *weights: Number,
    arms: str = "AB",
    ratio: tuple[int, ...] = (),
    imbalance: Imbalance = Imbalance.RANGE,
    probability: Probability = EIGHTY,
) -> MinimisationDesign:
    factors = tuple(Factor(name=f"f{number}", weight=weight) for number, weight in enumerate(weights or (1,)))
    return MinimisationDesign(
        arms=tuple(arms),
        ratio=ratio or (1,) * len(arms),
        imbalance=imbalance,
        probability=probability,
        factors=factors,
    )


def answer(chosen: MinimisationDesign, *counts: list[int], draws: Draws | None = None) -> Minimised:
    return minimise(chosen, {f"f{number}": on_arms for number, on_arms in enumerate(counts)}, draws)

"""Designs of randomisations that several tests are about."""

from typing import Any

from services.enrolment.domain.minimisation import Factor, Imbalance, MinimisationDesign
from services.enrolment.domain.minimisation_schemes import BestPRestEqual
from services.enrolment.domain.permuted_blocks import PermutedBlocks
from services.enrolment.domain.randomisation_terms import FactorTerms, Moment, RandomisationTerms

BLOCKS = PermutedBlocks(arms=("A", "B"), ratio=(1, 1), block_sizes=(2, 4))
MINIMISED = MinimisationDesign(
    arms=("A", "B"),
    ratio=(1, 1),
    imbalance=Imbalance.RANGE,
    probability=BestPRestEqual(p="0.8"),
    factors=(Factor(name="sex"), Factor(name="site")),
)
SEX, SITE = FactorTerms(name="sex", levels=("female", "male")), FactorTerms(name="site")


def terms(**replaced: Any) -> RandomisationTerms:
    values: dict[str, Any] = {
        "code": "first",
        "label": "First",
        "part": "induction",
        "at": Moment.REGISTRATION,
        "blinded": True,
        "method": BLOCKS,
        "factors": (SEX, SITE),
        "version": "1",
        "criteria": {},
    }
    return RandomisationTerms(**(values | replaced))

"""Randomisations of a trial: one or several, each with its own moment, arms, method and strata."""

from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, StringConstraints, model_validator

from services.sponsor.events.protocol_fields import DecimalText, Slug
from services.sponsor.events.protocol_model import ProtocolModel, raise_contradictions
from services.sponsor.events.protocol_people import EligibilityCriterion, Label

SITE_FACTOR = "site"
"""A factor of this name has the sites as its levels and lists none."""


class Arm(ProtocolModel):
    """`ratio` is the arm's share: 2 beside 1 is two to one."""

    arm: Slug
    label: Label
    ratio: Annotated[int, Field(ge=1, le=10)] = 1


class Factor(ProtocolModel):
    """Something by which arms are balanced; the factor `site` has the sites as its levels."""

    factor: Slug
    levels: Annotated[list[Slug], Field(max_length=20)] = Field(default=[])

    @model_validator(mode="after")
    def _has_levels(self) -> Self:
        raise_contradictions(
            (
                "levels",
                "a factor has at least two levels",
                self.factor != SITE_FACTOR and len(self.levels) < 2,
            ),
            ("levels", "the sites are not listed", self.factor == SITE_FACTOR and bool(self.levels)),
            ("levels", "a level is named twice", len(set(self.levels)) != len(self.levels)),
        )
        return self


class WeightedFactor(Factor):
    weight: DecimalText = "1"


class PermutedBlocks(ProtocolModel):
    """Within each combination of the strata, blocks of sizes drawn at random, each with the exact ratio."""

    kind: Literal["permuted_blocks"]
    block_sizes: Annotated[list[Annotated[int, Field(ge=2, le=100)]], Field(min_length=1, max_length=6)]
    strata: Annotated[list[Factor], Field(max_length=6)] = Field(default=[])


class BestArm(ProtocolModel):
    scheme: Literal["best_p_rest_equal"]
    p: DecimalText


class RankLinear(ProtocolModel):
    scheme: Literal["rank_linear"]
    q: DecimalText


class ByImbalance(ProtocolModel):
    scheme: Literal["g_based"]
    t: DecimalText


class Minimisation(ProtocolModel):
    """Pocock and Simon's minimisation (1975); the measure of imbalance is stated, never assumed.

    `counts_follow_corrections`: a factor level that is found wrong later counts corrected from then on.
    """

    kind: Literal["minimisation"]
    imbalance: Literal["range", "variance", "sd"]
    probability: Annotated[BestArm | RankLinear | ByImbalance, Discriminator("scheme")]
    factors: Annotated[list[WeightedFactor], Field(min_length=1, max_length=10)]
    counts_follow_corrections: bool = True

    @model_validator(mode="after")
    def _weighs_something(self) -> Self:
        weights = [Decimal(factor.weight) for factor in self.factors]
        raise_contradictions(
            ("factors", "a weight is above 0", any(weight <= 0 for weight in weights)),
        )
        return self

    def suits(self, arms: int) -> bool:
        """Whether the scheme's parameter gives every arm a probability from 0 to 1."""
        match self.probability:
            case BestArm(p=p):
                return Fraction(1, arms) <= Fraction(p) <= 1
            case RankLinear(q=q):
                return Fraction(1, arms) <= Fraction(q) <= Fraction(2, arms - 1)
            case ByImbalance(t=t):
                return 0 <= Fraction(t) <= 1


class Randomisation(ProtocolModel):
    """One randomisation of one part.

    `at` is the moment: with the registration, or later. A later one may follow another (`after`), be open to
    some arms of it only (`for_arms`), to some groups that the investigator states (`groups`, for example a
    response or a level of residual disease), and have criteria of its own.
    """

    randomisation: Slug
    label: Label
    part: Slug
    at: Literal["registration", "later"]
    after: Slug | None = None
    for_arms: Annotated[list[Slug], Field(max_length=8)] = Field(default=[])
    groups: Annotated[list[Slug], Field(max_length=10)] = Field(default=[])
    criteria: Annotated[list[EligibilityCriterion], Field(max_length=50)] = Field(default=[])
    blinded: bool
    arms: Annotated[list[Arm], Field(min_length=2, max_length=8)]
    method: Annotated[PermutedBlocks | Minimisation, Discriminator("kind")]
    version: Annotated[str, StringConstraints(min_length=1, max_length=20)]

    @model_validator(mode="after")
    def _fits_itself(self) -> Self:
        names = [arm.arm for arm in self.arms]
        total = sum(arm.ratio for arm in self.arms)
        sizes = self.method.block_sizes if isinstance(self.method, PermutedBlocks) else []
        unusable = isinstance(self.method, Minimisation) and not self.method.suits(len(self.arms))
        factors = self.method.strata if isinstance(self.method, PermutedBlocks) else self.method.factors
        balanced = [factor.factor for factor in factors]
        at_once = self.at == "registration"
        raise_contradictions(
            ("arms", "two arms have one name", len(set(names)) != len(names)),
            ("method.block_sizes", f"not a multiple of {total}", any(size % total for size in sizes)),
            ("method.block_sizes", "a size is named twice", len(set(sizes)) != len(sizes)),
            ("method.probability", "out of range for this number of arms", unusable),
            ("method", "a factor is named twice", len(set(balanced)) != len(balanced)),
            ("after", "a randomisation at registration follows no other", at_once and self.after is not None),
            ("for_arms", "arms of which randomisation (after)?", bool(self.for_arms) and self.after is None),
            ("groups", "groups are stated later than registration", at_once and bool(self.groups)),
        )
        return self

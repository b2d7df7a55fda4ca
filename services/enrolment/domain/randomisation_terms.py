"""One randomisation as one protocol version has it: who it is for, between which arms, by which method."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil

from services.enrolment.domain.criteria import Criterion
from services.enrolment.domain.minimisation import MinimisationDesign
from services.enrolment.domain.permuted_blocks import PermutedBlocks
from services.enrolment.domain.refusals import Refused

SITE = "site"
"""A factor of this name has the sites as its levels; the participant's own site is known and never stated."""

SPARE = 1.2
"""A list has at least a fifth more rows than the sample needs: one that runs out cannot be mended in use."""


class Moment(StrEnum):
    REGISTRATION = "registration"
    LATER = "later"


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorTerms:
    """A stratum or a factor of minimisation, with its levels; `site` lists none."""

    name: str
    levels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomisationTerms:
    """A randomisation of one part.

    Attributes:
        after: the earlier randomisation that must have happened; empty when none.
        for_arms: arms of that earlier one that it is open to; empty when to all.
        earlier_blinded: the earlier one is blinded, so whether somebody is on one of `for_arms` is nobody's to learn.
        groups: what the investigator states one of; empty when nothing is stated.
        counts_follow_corrections: factor levels that are corrected later count corrected from then on.
        version: of the design; a list is prepared for one design.
    """

    code: str
    label: str
    part: str
    at: Moment
    blinded: bool
    method: PermutedBlocks | MinimisationDesign
    factors: tuple[FactorTerms, ...]
    version: str
    after: str = ""
    for_arms: frozenset[str] = frozenset()
    earlier_blinded: bool = False
    groups: frozenset[str] = frozenset()
    criteria: Mapping[str, Criterion]
    counts_follow_corrections: bool = True

    @property
    def arms(self) -> tuple[str, ...]:
        return self.method.arms


def levels_of(terms: RandomisationTerms, stated: Mapping[str, str], site_number: str) -> dict[str, str]:
    """The participant's level of every factor, in the design's order.

    Raises:
        Refused: `factor_unknown` when a factor is missing, or one or a level is not of the design.
    """
    wanted = [factor for factor in terms.factors if factor.name != SITE]
    foreign = set(stated) - {factor.name for factor in wanted}
    wrong = [factor.name for factor in wanted if stated.get(factor.name) not in factor.levels]
    if foreign or wrong:
        listed = {factor.name: list(factor.levels) for factor in wanted}
        raise Refused("factor_unknown", "State one level of each factor and nothing else.", factors=listed)
    return {
        factor.name: site_number if factor.name == SITE else stated[factor.name] for factor in terms.factors
    }


def stratum_of(terms: RandomisationTerms, levels: Mapping[str, str]) -> str:
    """The name of a list: `factor=level` of every stratum in the design's order; empty without strata."""
    return ";".join(f"{factor.name}={levels[factor.name]}" for factor in terms.factors)


def strata_unknown(terms: RandomisationTerms, stratum: str) -> bool:
    """Whether a name is that of no stratum of the design."""
    pairs = [pair.partition("=") for pair in stratum.split(";")] if stratum else []
    if [name for name, _, _ in pairs] != [factor.name for factor in terms.factors]:
        return True
    return any(
        not (level.isascii() and level.isdigit() and len(level) == 3)
        if factor.name == SITE
        else level not in factor.levels
        for factor, (_, _, level) in zip(terms.factors, pairs, strict=True)
    )


def rows_needed(target: int) -> int:
    """A fifth more than the target, rounded up."""
    return ceil(round(target * SPARE, 6))


def find_randomisation(known: Sequence[RandomisationTerms], code: str) -> RandomisationTerms:
    """The randomisation of this code.

    Raises:
        Refused: `randomisation_unknown`.
    """
    for terms in known:
        if terms.code == code:
            return terms
    raise Refused("randomisation_unknown", "The protocol version in use has no such randomisation.")

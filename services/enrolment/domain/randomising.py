"""Drawing an arm: the next row of a list, or minimisation with two numbers of a counted generator.

Random numbers of minimisation, so that anybody can compute them again: assignment number c of a randomisation
(c = 1, 2, 3, …) has two numbers, `tie` and `coin`. Each is v / 2^64, where v is the first 8 bytes, read as an unsigned
big-endian integer, of SHA-256 over the UTF-8 bytes of `trialops minimisation draws 1`, the seed, c in decimal and the
word `tie` or `coin`, joined by single line feeds (0x0A). Both are drawn whether or not there is a tie, and a draw
depends on the seed and the number of the assignment alone: nobody's place in a queue changes anybody else's.

Who was randomised in error stays in the counts and keeps the row: the assignment was made, and nobody is ever
randomised twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from services.enrolment.domain.minimisation import Draws, MinimisationDesign, Minimised, minimise
from services.enrolment.domain.randomisation_design import InvalidDesign, check_name

DRAWS = "trialops minimisation draws 1"
_NUMBERS = 2**64
SHORTEST_SEED = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class OnArm:
    """Somebody who is on an arm, with the level of each factor that counts now."""

    arm: str
    levels: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowDrawn:
    """A row of a list; rows and blocks count from 1 within the stratum, an uploaded table has no blocks (0)."""

    stratum: str
    row: int
    block: int
    arm: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Minimisation:
    """One assignment by minimisation with everything to replay it; tuples are in the design's order of arms."""

    counts: Mapping[str, tuple[int, ...]]
    tie: str
    coin: str
    found: Minimised

    @property
    def arm(self) -> str:
        assert self.found.arm is not None
        return self.found.arm


def check_seed(seed: str) -> None:
    """A seed that cannot be guessed and fits on one line.

    Raises:
        InvalidDesign: naming `seed`.
    """
    check_name(seed, "seed")
    if len(seed) < SHORTEST_SEED:
        raise InvalidDesign("seed", "seed_too_short", f"A seed has at least {SHORTEST_SEED} characters.")


def draws_at(seed: str, number: int) -> Draws:
    """The two random numbers of an assignment, as exact quotients."""
    tie, coin = (_number(seed, number, word) for word in ("tie", "coin"))
    return Draws(tie=f"{tie}/{_NUMBERS}", coin=f"{coin}/{_NUMBERS}")


def _number(seed: str, number: int, word: str) -> int:
    digest = sha256(f"{DRAWS}\n{seed}\n{number}\n{word}".encode()).digest()
    return int.from_bytes(digest[:8], "big")


def counts_for(
    design: MinimisationDesign, allocated: Sequence[OnArm], levels: Mapping[str, str]
) -> dict[str, tuple[int, ...]]:
    """By factor, how many are on each arm at the new participant's level.

    Whoever is on an arm that the design does not have any more is not counted.
    """
    return {
        factor.name: tuple(
            sum(one.arm == arm and one.levels.get(factor.name) == levels[factor.name] for one in allocated)
            for arm in design.arms
        )
        for factor in design.factors
    }


def minimise_next(
    design: MinimisationDesign,
    allocated: Sequence[OnArm],
    levels: Mapping[str, str],
    *,
    seed: str,
    number: int,
) -> Minimisation:
    """The assignment of the next participant.

    Args:
        design: of the randomisation.
        allocated: everybody allocated before, with the levels that count now.
        levels: of the new participant, by factor.
        seed: recorded for the randomisation.
        number: of this assignment, from 1.
    """
    counts, draws = counts_for(design, allocated, levels), draws_at(seed, number)
    return Minimisation(
        counts=counts, tie=str(draws.tie), coin=str(draws.coin), found=minimise(design, counts, draws)
    )

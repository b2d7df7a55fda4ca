"""Randomisation lists by permuted blocks, one list per stratum, recomputable from seed and stratum name.

The definition, so that anybody can compute a list again in another language:

1. Number i of a list (i = 0, 1, 2, …) is the first 8 bytes, read as an unsigned big-endian integer, of
   SHA-256 over the UTF-8 bytes of `trialops permuted blocks 1`, the seed, the stratum name and i in decimal, joined
   by single line feeds (0x0A). Neither seed nor name may hold a control character, so no two lists share a text.
2. `choice(n)` for n ≥ 2: take the list's next number v; when v ≥ 2^64 − (2^64 mod n), take the next one, and so on;
   the choice is v mod n. A choice among one thing is 0 and takes no number.
3. A block: its size is number `choice(number of sizes)` of the block sizes in ascending order. The block begins as the
   arms in the design's order, each written ratio × (size / sum of the ratio) times, and is shuffled:
   for i = size − 1 down to 1, exchange place i with place `choice(i + 1)`, places counted from 0.
4. A list is its blocks one after the other; numbers run on from block to block.

So a list depends on the design, the seed and the stratum name and on nothing else: lists of other strata, the order of
strata and the number of rows that somebody asked for change nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from services.enrolment.domain.randomisation_design import (
    InvalidDesign,
    check_arms,
    check_name,
    is_whole,
)

GENERATOR = "trialops permuted blocks 1"
LARGEST_BLOCK = 1_000
MOST_ROWS = 100_000
_NUMBERS = 2**64


@dataclass(frozen=True, slots=True, kw_only=True)
class PermutedBlocks:
    """A design: `ratio` has a whole number per arm, each of the distinct `block_sizes` is a multiple of its sum.

    Raises:
        InvalidDesign: naming `arms`, `ratio` or `block_sizes`.
    """

    arms: tuple[str, ...]
    ratio: tuple[int, ...]
    block_sizes: tuple[int, ...]

    def __post_init__(self) -> None:
        check_arms(self.arms, self.ratio)
        if not self.block_sizes:
            raise InvalidDesign("block_sizes", "missing", "At least one block size is needed.")
        if len(set(self.block_sizes)) != len(self.block_sizes):
            raise InvalidDesign("block_sizes", "not_distinct", "Block sizes are a set: name each size once.")
        for number, size in enumerate(self.block_sizes):
            self._check_size(size, f"block_sizes.{number}")

    def _check_size(self, size: int, field: str) -> None:
        if not is_whole(size) or not 1 <= size <= LARGEST_BLOCK:
            raise InvalidDesign(
                field, "block_size_invalid", f"A block size is a whole number from 1 to {LARGEST_BLOCK}."
            )
        if size % sum(self.ratio):
            raise InvalidDesign(
                field, "not_a_multiple", f"A block size is a multiple of the ratio's sum, {sum(self.ratio)}."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRow:
    """One place of a list; rows and blocks count from 1 within their stratum."""

    row: int
    block: int
    block_size: int
    arm: str


def rows_of_list(design: PermutedBlocks, stratum: str, seed: str, rows: int) -> tuple[ListRow, ...]:
    """The first rows of a stratum's list, up to the end of the block that holds row `rows`.

    Args:
        design: arms, ratio and block sizes.
        stratum: its name, exactly as recorded; may be empty where a trial has no strata.
        seed: the recorded seed; keep it secret as long as the list is.
        rows: how many are needed, 1 to 100,000.

    Returns:
        At least `rows` rows: the last block is completed. Asking for more gives the same first rows.

    Raises:
        InvalidDesign: naming `rows`, `seed` or `stratum`.
    """
    if not is_whole(rows) or not 1 <= rows <= MOST_ROWS:
        raise InvalidDesign("rows", "rows_out_of_range", f"Rows are a whole number from 1 to {MOST_ROWS}.")
    found: list[ListRow] = []
    for block in _blocks(design, stratum, seed):
        found.extend(block)
        if len(found) >= rows:
            break
    return tuple(found)


def _blocks(design: PermutedBlocks, stratum: str, seed: str) -> Iterator[list[ListRow]]:
    """The list of a stratum without end, block by block."""
    check_name(seed, "seed")
    check_name(stratum, "stratum", may_be_empty=True)
    numbers = _numbers(seed, stratum)
    sizes = sorted(design.block_sizes)
    before, block = 0, 0
    while True:
        size = sizes[_choice(numbers, len(sizes))]
        block += 1
        arms = _shuffled(_balanced(design, size), numbers)
        yield [
            ListRow(row=before + place, block=block, block_size=size, arm=arm)
            for place, arm in enumerate(arms, start=1)
        ]
        before += size


def _balanced(design: PermutedBlocks, size: int) -> list[str]:
    times = size // sum(design.ratio)
    return [arm for arm, share in zip(design.arms, design.ratio, strict=True) for _ in range(share * times)]


def _shuffled(arms: Sequence[str], numbers: Iterator[int]) -> list[str]:
    """Every order with equal probability (Fisher and Yates, from the end)."""
    order = list(arms)
    for last in range(len(order) - 1, 0, -1):
        other = _choice(numbers, last + 1)
        order[last], order[other] = order[other], order[last]
    return order


def _choice(numbers: Iterator[int], count: int) -> int:
    """One of 0 to count − 1, each with exactly equal probability."""
    if count == 1:
        return 0
    usable = _NUMBERS - _NUMBERS % count
    return next(number for number in numbers if number < usable) % count


def _numbers(seed: str, stratum: str) -> Iterator[int]:
    """Numbers 0 to 2^64 − 1, the i-th computed from seed, stratum name and i alone."""
    head = sha256(f"{GENERATOR}\n{seed}\n{stratum}\n".encode())
    counter = 0
    while True:
        digest = head.copy()
        digest.update(str(counter).encode())
        yield int.from_bytes(digest.digest()[:8], "big")
        counter += 1

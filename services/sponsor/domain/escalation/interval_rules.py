"""Designs that compare a level's own counts with an interval around the target: when to go up, down, and to close.

Everything is decided in exact integers or in decimals of many digits, so no count depends on how a machine rounds.
With a uniform prior the posterior after y of n is Beta(y + 1, n - y + 1), and its tail is a binomial sum.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from math import ceil, floor
from typing import Protocol

_PRECISE = Context(prec=60)


class IntervalRule(Protocol):
    """When a level's counts move the trial; hashable, since answers are kept."""

    def __hash__(self) -> int:
        """Equal rules have equal hashes."""

    def moves(self, n: int) -> tuple[int | None, int | None]:
        """Most DLTs of n that escalate, fewest that de-escalate; None where no count does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoinRule:
    """Boundaries that minimise the chance of a wrong move.

    Attributes:
        target: wanted probability of a DLT.
        p1: highest probability that counts as too low.
        p2: lowest probability that counts as too high.

    Source: Liu S, Yuan Y. J R Stat Soc C 2015;64(3):507-523.
    """

    target: Fraction
    p1: Fraction
    p2: Fraction

    @property
    def lambda_e(self) -> Decimal:
        """Observed rate up to which the trial escalates."""
        return _boundary(self.p1, self.target)

    @property
    def lambda_d(self) -> Decimal:
        """Observed rate from which the trial de-escalates."""
        return _boundary(self.target, self.p2)

    def moves(self, n: int) -> tuple[int | None, int | None]:
        return floor(self.lambda_e * n), ceil(self.lambda_d * n)


@lru_cache(maxsize=256)
def _boundary(low: Fraction, high: Fraction) -> Decimal:
    """Rate at which two probabilities explain the data equally well."""
    shift = _log((1 - low) / (1 - high))
    odds = _log(high * (1 - low) / (low * (1 - high)))
    return _PRECISE.divide(shift, odds)


def _log(value: Fraction) -> Decimal:
    return _PRECISE.ln(_PRECISE.divide(Decimal(value.numerator), Decimal(value.denominator)))


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyboardRule:
    """Move towards the key with the largest posterior mass; keys have the target interval's width.

    Short keys at 0 and 1 keep their own mass. Source: Yan F et al. Clin Cancer Res 2017;23(15):3994-4003.
    """

    low: Fraction
    high: Fraction

    def moves(self, n: int) -> tuple[int | None, int | None]:
        return _moves_by_mass(n, _keys(self.low, self.high), self.low, per_length=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mtpi2Rule:
    """The keyboard's intervals, compared by mass per length.

    Source: Guo W et al. Contemp Clin Trials 2017;58:23-33.
    """

    low: Fraction
    high: Fraction

    def moves(self, n: int) -> tuple[int | None, int | None]:
        return _moves_by_mass(n, _keys(self.low, self.high), self.low, per_length=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class MtpiRule:
    """Three intervals, below, around and above the target, compared by mass per length.

    Source: Ji Y et al. Clin Trials 2010;7(6):653-663.
    """

    low: Fraction
    high: Fraction

    def moves(self, n: int) -> tuple[int | None, int | None]:
        ends = (Fraction(0), self.low, self.high, Fraction(1))
        return _moves_by_mass(n, ends, self.low, per_length=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class I3Plus3Rule:
    """The observed rate against the interval; one DLT fewer decides where it lies above.

    Source: rule from general knowledge; the printed table was not seen (Liu M et al. J Biopharm Stat 2020;30(2)).
    """

    low: Fraction
    high: Fraction

    def moves(self, n: int) -> tuple[int | None, int | None]:
        up = ceil(self.low * n) - 1
        above = floor(self.high * n) + 1
        down = max(above, ceil(self.low * n) + 1)
        return (up if up >= 0 else None), (down if down <= n else None)


def _keys(low: Fraction, high: Fraction) -> tuple[Fraction, ...]:
    """Ends of all keys from 0 to 1."""
    width = high - low
    below, above = [low], [high]
    while below[-1] > 0:
        below.append(max(Fraction(0), below[-1] - width))
    while above[-1] < 1:
        above.append(min(Fraction(1), above[-1] + width))
    return (*reversed(below), *above)


def _moves_by_mass(
    n: int, ends: tuple[Fraction, ...], low: Fraction, *, per_length: bool
) -> tuple[int | None, int | None]:
    """Moves towards the interval with the largest mass; an exact tie takes the more cautious move.

    The likelier side rises with the DLTs, so both counts are found by halving.
    """
    at_target = ends.index(low)
    tails = [(tuple(_tails(n, end)), end.denominator ** (n + 1)) for end in ends]

    def side(y: int) -> int:
        above = [Fraction(sums[y], whole) for sums, whole in tails]
        best = _heaviest(above, ends, per_length=per_length)
        return (best > at_target) - (best < at_target)

    first_not_up = _first(n, lambda y: side(y) >= 0)
    first_down = _first(n, lambda y: side(y) > 0)
    return (first_not_up - 1 if first_not_up else None), (first_down if first_down <= n else None)


def _heaviest(above: Sequence[Fraction], ends: Sequence[Fraction], *, per_length: bool) -> int:
    """Index of the interval with the largest mass, the highest of equal ones.

    Args:
        above: posterior probability of exceeding each end.
        ends: of the intervals, from 0 to 1.
        per_length: whether masses are divided by the intervals' lengths.
    """
    best, found = Fraction(-1), 0
    for place, (start, end) in enumerate(pairwise(ends)):
        mass = above[place] - above[place + 1]
        weight = mass / (end - start) if per_length else mass
        if weight >= best:
            best, found = weight, place
    return found


def _tails(n: int, rate: Fraction) -> Iterator[int]:
    """For y = 0, 1, ... n: sum over k <= y of C(n+1, k) rate^k (1-rate)^(n+1-k), times denominator^(n+1)."""
    a, b = rate.numerator, rate.denominator - rate.numerator
    if not b:
        yield from (0 for _ in range(n + 1))
        return
    term = total = b ** (n + 1)
    yield total
    for k in range(1, n + 1):
        term = term * (n + 2 - k) * a // (k * b)
        total += term
        yield total


def fewest_above(n: int, rate: Fraction, chance: Fraction) -> int | None:
    """Fewest DLTs of n after which the probability that the true rate exceeds `rate` is above `chance`.

    Args:
        n: evaluated participants, 0 or more.
        rate: of DLTs, above 0 and below 1.
        chance: the cut-off, itself not enough.

    Returns:
        None when even n DLTs are not enough.
    """
    enough = chance * rate.denominator ** (n + 1)
    return next((y for y, total in enumerate(_tails(n, rate)) if total > enough), None)


def _first(n: int, holds: Callable[[int], bool]) -> int:
    """Least y of 0 ... n at which something holds, which then holds above too; n + 1 when it never does."""
    low, high = 0, n + 1
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low

"""Sums of square roots compared without rounding, so that equal imbalances tie however they were added up."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

_FIRST_BITS = 128
_FLOAT_BITS = 64


@dataclass(frozen=True, slots=True)
class RootSum:
    """Sum of coefficient × √radicand with fractions for both; no two of the radicands differ by a square factor.

    Such roots are linearly independent over the fractions, so the sum is zero exactly when it has no terms.
    """

    terms: tuple[tuple[Fraction, Fraction], ...] = ()

    @staticmethod
    def of(number: Fraction) -> "RootSum":
        return _collected([(number, Fraction(1))])

    @staticmethod
    def root(radicand: Fraction) -> "RootSum":
        """√radicand, for a radicand of 0 or more."""
        return _collected([(Fraction(1), radicand)])

    def __add__(self, other: "RootSum") -> "RootSum":
        return _collected(self.terms + other.terms)

    def __sub__(self, other: "RootSum") -> "RootSum":
        return self + other.times(Fraction(-1))

    def times(self, factor: Fraction) -> "RootSum":
        return _collected((factor * coefficient, radicand) for coefficient, radicand in self.terms)

    def sign(self) -> int:
        """-1, 0 or 1, exactly: precision is doubled until the sum is further from 0 than its error."""
        bits = _FIRST_BITS
        while self.terms:
            scaled = self._scaled(bits)
            if abs(scaled) > len(self.terms):
                return 1 if scaled > 0 else -1
            bits *= 2
        return 0

    def __float__(self) -> float:
        return self.ratio_to(RootSum.of(Fraction(1)))

    def ratio_to(self, whole: "RootSum") -> float:
        """This sum divided by another that is not zero, right to the last places of a float."""
        return float(self._near() / whole._near())

    def _near(self) -> Fraction:
        """The sum itself where it has no roots, else a fraction nearer to it than a float could tell."""
        if all(radicand == 1 for _, radicand in self.terms):
            return self.exact()
        bits = _FIRST_BITS
        while abs(self._scaled(bits)) < len(self.terms) * 2**_FLOAT_BITS:
            bits *= 2
        return Fraction(self._scaled(bits), 2**bits)

    def exact(self) -> Fraction:
        """The sum of the terms without a root."""
        return sum((coefficient for coefficient, radicand in self.terms if radicand == 1), Fraction(0))

    def _scaled(self, bits: int) -> int:
        """The sum times 2^bits; wrong by less than the number of terms."""
        total = 0
        for coefficient, radicand in self.terms:
            square = coefficient * coefficient * radicand * 4**bits
            size = isqrt(square.numerator // square.denominator)
            total += size if coefficient > 0 else -size
        return total


def _collected(terms: Iterable[tuple[Fraction, Fraction]]) -> RootSum:
    """The same sum with roots that are multiples of one another put together."""
    found: dict[Fraction, Fraction] = {}
    for coefficient, radicand in terms:
        whole = _root_of_square(radicand)
        if whole is not None:
            coefficient, radicand = coefficient * whole, Fraction(1)
        for kept in found:
            # √radicand is a fraction of √kept exactly when their product is the square of a fraction.
            product = _root_of_square(radicand * kept)
            if product is not None:
                coefficient, radicand = coefficient * product / kept, kept
                break
        found[radicand] = found.get(radicand, Fraction(0)) + coefficient
    return RootSum(tuple((by, of) for of, by in sorted(found.items()) if by))


def _root_of_square(number: Fraction) -> Fraction | None:
    """The root of a square of a fraction; None for every other number."""
    over, under = isqrt(number.numerator), isqrt(number.denominator)
    if over * over != number.numerator or under * under != number.denominator:
        return None
    return Fraction(over, under)

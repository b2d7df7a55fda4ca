"""What a monitoring number means: nothing, look, look now, or that there is too little to say."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Signal(StrEnum):
    """State of one indicator at one site; signals start triage, they are no hypothesis tests."""

    NONE = "none"
    AMBER = "amber"
    RED = "red"
    INSUFFICIENT_DATA = "insufficient_data"


class Concern(StrEnum):
    """Which direction of a number is worrying."""

    HIGH = "high"
    LOW = "low"
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """When a tail probability colours a site.

    Attributes:
        amber, red: a tail probability below it gives the colour.
        least_expected: expected events under which a count says nothing.
        own_share: share of the exposure above which a site is left out of the rate it is compared with.
    """

    amber: float
    red: float
    least_expected: float
    own_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tails:
    """Probabilities of a value so low, and of one so high, each with the observed value."""

    low: float
    high: float

    def p(self, concern: Concern) -> float:
        """The probability that decides: of the tail that worries, the smaller of the two where both do."""
        return min(self._worrying(concern))

    def side(self, concern: Concern) -> Concern:
        """The tail behind `p`."""
        if concern is Concern.BOTH:
            return Concern.LOW if self.low < self.high else Concern.HIGH
        return concern

    def _worrying(self, concern: Concern) -> Iterable[float]:
        return {
            Concern.HIGH: (self.high,),
            Concern.LOW: (self.low,),
            Concern.BOTH: (self.low, self.high),
        }[concern]


def colour(p: float, thresholds: Thresholds) -> Signal:
    """Amber or red below the thresholds, else none."""
    if p < thresholds.red:
        return Signal.RED
    return Signal.AMBER if p < thresholds.amber else Signal.NONE

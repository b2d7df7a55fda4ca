"""Quality tolerance limits of a whole trial, by the posterior of a proportion."""

from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

from scipy import special

_JEFFREYS = 0.5


class Tolerance(StrEnum):
    """State of a limit. `crossed` asks for an evaluation by people; it is no verdict."""

    WITHIN = "within"
    EARLY_WARNING = "early_warning"
    CROSSED = "crossed"
    INSUFFICIENT_DATA = "insufficient_data"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToleranceThresholds:
    """Posterior probabilities of being above the limit from which on a state holds."""

    early_warning: float
    crossed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PChart:
    """Upper limits of the classic chart around the limit as expected proportion; for display, never for a state."""

    two_sigma: float
    three_sigma: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ToleranceState:
    """x of n against a limit.

    Attributes:
        posterior: P(p > limit); None for an absolute limit, and without a participant.
    """

    x: int
    n: int
    limit: float
    posterior: float | None
    p_chart: PChart | None
    state: Tolerance


def posterior_above(x: int, n: int, limit: float) -> float:
    """P(p > limit) under Beta(1/2 + x, 1/2 + n - x)."""
    return float(special.betaincc(_JEFFREYS + x, _JEFFREYS + n - x, limit))


def p_chart(p0: float, n: int) -> PChart:
    """p0 + 2 and + 3 standard deviations, at most 1 (Kilaru et al., TIRS 2024;58:273-284)."""
    sigma = sqrt(p0 * (1 - p0) / n)
    return PChart(two_sigma=min(1.0, p0 + 2 * sigma), three_sigma=min(1.0, p0 + 3 * sigma))


def tolerance_state(x: int, n: int, limit: float, thresholds: ToleranceThresholds) -> ToleranceState:
    """The state of a limit; a limit of 0 is absolute: one event crosses it.

    Nobody counted is insufficient data, and no event warns of nothing, whatever the prior says alone.

    Raises:
        ValueError: x is not of n, or the limit is not of [0, 1).
    """
    if not (0 <= x <= n and 0 <= limit < 1):
        raise ValueError("x lies between 0 and n, the limit from 0 to below 1")
    graded = limit > 0 and n > 0
    posterior = posterior_above(x, n, limit) if graded else None
    return ToleranceState(
        x=x,
        n=n,
        limit=limit,
        posterior=posterior,
        p_chart=p_chart(limit, n) if graded else None,
        state=_state(x, n, posterior, thresholds),
    )


def _state(x: int, n: int, posterior: float | None, thresholds: ToleranceThresholds) -> Tolerance:
    if n == 0:
        return Tolerance.INSUFFICIENT_DATA
    if x == 0:
        return Tolerance.WITHIN
    if posterior is None or posterior >= thresholds.crossed:
        return Tolerance.CROSSED
    return Tolerance.EARLY_WARNING if posterior >= thresholds.early_warning else Tolerance.WITHIN

"""Accrual against plan: the planned rate as a prior, the observed one as data, and what may come next."""

from dataclasses import dataclass
from enum import StrEnum

from scipy import special


class Pace(StrEnum):
    """Where the plan lies: above, in or below the band of the rate."""

    BEHIND = "behind"
    WITHIN = "within"
    AHEAD = "ahead"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccrualPlan:
    """A planned rate per month, which is worth `worth` months of data; `band` is the probability inside."""

    per_month: float
    worth: float
    band: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Accrual:
    """Rate per month and number in the next `ahead` months, each with mean and equal-tailed band.

    `shape` and `months` are the parameters of the rate's gamma posterior, the second a rate parameter in months.
    """

    planned: float
    registered: int
    elapsed: float
    shape: float
    months: float
    mean: float
    low: float
    high: float
    ahead: float
    next_mean: float
    next_low: int
    next_high: int
    pace: Pace


def accrual(plan: AccrualPlan, registered: int, elapsed: float, ahead: float) -> Accrual:
    """After `registered` in `elapsed` months: Gamma(planned x worth + registered, worth + elapsed).

    The number in the next months is negative binomial.

    Raises:
        ValueError: a rate, worth or stretch ahead that is not above 0, or a count or time below 0.
    """
    if min(plan.per_month, plan.worth, ahead) <= 0 or min(registered, elapsed) < 0:
        raise ValueError("rates and stretches are above 0, counts and times not below")
    shape, months = plan.per_month * plan.worth + registered, plan.worth + elapsed
    tail = (1 - plan.band) / 2
    low, high = (float(special.gammaincinv(shape, at)) / months for at in (tail, 1 - tail))
    return Accrual(
        planned=plan.per_month,
        registered=registered,
        elapsed=elapsed,
        shape=shape,
        months=months,
        mean=shape / months,
        low=low,
        high=high,
        ahead=ahead,
        next_mean=shape / months * ahead,
        next_low=_quantile(shape, months / (months + ahead), tail),
        next_high=_quantile(shape, months / (months + ahead), 1 - tail),
        pace=Pace.BEHIND if high < plan.per_month else Pace.AHEAD if low > plan.per_month else Pace.WITHIN,
    )


def _quantile(shape: float, success: float, probability: float) -> int:
    """The smallest k with P(K <= k) >= probability, K negative binomial with a real shape."""

    def reached(k: int) -> bool:
        return bool(special.betainc(shape, k + 1, success) >= probability)

    beyond = 1
    while not reached(beyond):
        beyond *= 2
    low, high = 0, beyond
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle + 1, high)
    return low

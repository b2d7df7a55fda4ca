"""Monitoring boundaries of expansion parts: from how many DLTs a level must close."""

from collections.abc import Mapping
from fractions import Fraction
from itertools import pairwise
from math import comb

from services.sponsor.domain.refusals import Refused

Limits = tuple[tuple[int, int], ...]
"""(evaluable participants, close from this many DLTs), ascending."""


def checked_limits(close_if_dlts_at_least: Mapping[int, int], max_evaluable: int) -> Limits:
    """A stated boundary in ascending order, when it can be used.

    Between two listed numbers of participants the limit of the smaller one holds, so limits may not fall, and
    may not rise by more than the participants added: otherwise a further DLT could undo a crossing.

    Raises:
        Refused: `boundary_unusable`, with every problem in the fact `problems`.
    """
    limits = tuple(sorted(close_if_dlts_at_least.items()))
    problems = []
    if not limits or limits[0][0] > max_evaluable:
        problems.append(f"no limit applies to the {max_evaluable} participants of the part")
    for evaluable, dlts in limits:
        if not 1 <= dlts <= evaluable:
            problems.append(f"{dlts} DLTs among {evaluable} participants is not possible as a limit")
    for (n, low), (later_n, high) in pairwise(limits):
        if high < low:
            problems.append(f"the limit falls from {low} at {n} to {high} at {later_n}")
        if high - low > later_n - n:
            problems.append(f"the limit rises from {low} at {n} to {high} at {later_n}")
    if problems:
        raise Refused("boundary_unusable", "; ".join(problems), problems=tuple(problems))
    return limits


def limit_in_force(limits: Limits, evaluable: int) -> int | None:
    """The DLT limit for this many evaluable participants; None below the first listed number."""
    in_force = [dlts for listed, dlts in limits if listed <= evaluable]
    return in_force[-1] if in_force else None


def posterior_tail(dlt: int, evaluable: int, target: Fraction) -> Fraction:
    """Pr(p > target) for `dlt` events among `evaluable` under a Beta(1, 1) prior, exactly.

    For whole numbers the tail of Beta(dlt + 1, evaluable - dlt + 1) is a binomial sum.

    Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.5.24.
    """
    trials = evaluable + 1
    return sum(
        (comb(trials, k) * target**k * (1 - target) ** (trials - k) for k in range(dlt + 1)),
        start=Fraction(0),
    )


def overdose_limits(target: Fraction, cutoff: Fraction, from_n: int, to_n: int) -> Limits:
    """Limits of the rule "close when Pr(p > target) > cutoff", for from_n to to_n evaluable participants.

    A number of participants at which even all DLTs would not cross has no limit.

    Source: Liu S, Yuan Y. Bayesian optimal interval designs for phase I clinical trials. J R Stat Soc C
        2015;64:507-523 (its rule of elimination).
    """
    limits: list[tuple[int, int]] = []
    for evaluable in range(from_n, to_n + 1):
        crossing = (y for y in range(evaluable + 1) if posterior_tail(y, evaluable, target) > cutoff)
        limits.extend((evaluable, dlt) for dlt in [next(crossing, None)] if dlt is not None)
    return tuple(limits)

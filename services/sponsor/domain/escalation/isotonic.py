"""Rates that rise with the dose, and the dose found from them.

Source: Liu S, Yuan Y. J R Stat Soc C 2015;64(3):507-523, and the selection that its authors' software applies.
"""

from collections.abc import Collection, Sequence

ADDED = 0.05
"""Share of one participant added to DLTs and to participants without, so that no level has variance 0."""
TIE_STEP = 1e-10
"""Added per level, so that of pooled levels the higher one wins below the target and the lower one above."""


def rate_and_weight(n: int, dlts: int) -> tuple[float, float]:
    """Smoothed rate of a level and its weight, the inverse of the rate's variance."""
    seen, clear = dlts + ADDED, n - dlts + ADDED
    total = n + 2 * ADDED
    return seen / total, total**2 * (total + 1) / (seen * clear)


def isotonic_rates(
    evaluated: Sequence[int], dlts: Sequence[int], admissible: Collection[int]
) -> tuple[float | None, ...]:
    """Rates by level after pooling adjacent violators over the admissible levels.

    Returns:
        By level; None where it is not admissible.
    """
    blocks: list[tuple[float, float, list[int]]] = []
    for level in sorted(admissible):
        rate, weight = rate_and_weight(evaluated[level - 1], dlts[level - 1])
        members = [level]
        while blocks and blocks[-1][0] > rate:
            before, heavy, earlier = blocks.pop()
            rate = (before * heavy + rate * weight) / (heavy + weight)
            weight, members = heavy + weight, earlier + members
        blocks.append((rate, weight, members))
    found = {level: rate for rate, _, members in blocks for level in members}
    return tuple(found.get(level) for level in range(1, len(evaluated) + 1))


def closest_level(
    rates: Sequence[float | None], target: float, highest_rate: float | None = None
) -> int | None:
    """The level whose rate is closest to the target, the lowest of equal ones.

    Args:
        rates: by level from `isotonic_rates`.
        target: wanted rate.
        highest_rate: levels with a higher rate cannot be chosen; None for no such bound.

    Returns:
        None when no level can be chosen.
    """
    rated = [(level, rate) for level, rate in enumerate(rates, 1) if rate is not None]
    distances = [
        (abs(rate + TIE_STEP * place - target), level)
        for place, (level, rate) in enumerate(rated, 1)
        if highest_rate is None or rate + TIE_STEP * place <= highest_rate
    ]
    return min(distances)[1] if distances else None

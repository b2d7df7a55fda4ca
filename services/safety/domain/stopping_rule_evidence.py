"""How little x events of n participants fit a rate of p0 or less: the smaller, the stronger the signal."""

import math

LOWEST_RATE, HIGHEST_RATE = 0.001, 0.999
HEAVIEST_PRIOR = 100
_NEGLIGIBLE = 1e-18
_VANISHED = 1e-300

Evidence = tuple[tuple[float, ...], ...]


def evidence_table(a: float, b: float, p0: float, participants: int) -> Evidence:
    """Regularised incomplete beta function I_p0(a + x, b + n - x) for n = 1..participants and x = 0..n.

    With the prior Beta(a, b) this is Pr(p <= p0 | x events of n); with a = 0 and b = 1 it is Pr(X >= x | n, p0).
    Every step adds or averages positive numbers, so that small values keep their relative accuracy.

    Args:
        a: first parameter, 0 to HEAVIEST_PRIOR.
        b: second parameter, above 0, at most HEAVIEST_PRIOR.
        p0: rate, LOWEST_RATE to HIGHEST_RATE.
        participants: last n.

    Returns:
        A row for each n, a value for each x, falling as x grows.
    Source: NIST Digital Library of Mathematical Functions 8.17.12 (interior), 8.17.20 and 8.17.21 (edges).
    """
    all_events = _edge_of_events(a, b, p0, participants)
    no_events = _edge_of_none(a, b, p0, participants, all_events[0])
    rows: list[tuple[float, ...]] = [(all_events[0],)]
    for n in range(1, participants + 1):
        before = rows[-1]
        interior = [p0 * before[x - 1] + (1 - p0) * before[x] for x in range(1, n)]
        rows.append((no_events[n], *interior, all_events[n]))
    return tuple(rows[1:])


def _edge_of_events(a: float, b: float, p0: float, participants: int) -> list[float]:
    """I_p0(a + n, b) for n = 0..participants, by its series, summed from its far end."""
    term = math.exp(
        a * math.log(p0) + b * math.log1p(-p0) + math.lgamma(a + b) - math.lgamma(a + 1) - math.lgamma(b)
    )
    terms, largest = [term], 0.0
    while True:
        step = len(terms) - 1
        ratio = p0 * (a + b + step) / (a + 1 + step)
        if step >= participants:
            largest = max(largest, terms[-1])
            if _settled(terms[-1], max(ratio, p0), largest):
                break
        terms.append(terms[-1] * ratio)
    summed, values = 0.0, [0.0] * len(terms)
    for place in range(len(terms) - 1, -1, -1):
        summed += terms[place]
        values[place] = min(summed, 1.0)
    return values[: participants + 1]


def _settled(last: float, ratio: float, largest: float) -> bool:
    """Whether all that follows the last term of the series is too small to matter to the sum behind the last n."""
    return last < _VANISHED or (ratio < 1 and last / (1 - ratio) <= _NEGLIGIBLE * largest)


def _edge_of_none(a: float, b: float, p0: float, participants: int, first: float) -> list[float]:
    """I_p0(a, b + n) for n = 0..participants, from `first` at n = 0."""
    if a == 0:
        return [1.0] * (participants + 1)
    growth = math.exp(
        a * math.log(p0) + b * math.log1p(-p0) + math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b + 1)
    )
    values = [first]
    for n in range(participants):
        values.append(min(values[-1] + growth, 1.0))
        growth *= (1 - p0) * (a + b + n) / (b + 1 + n)
    return values

"""The CRM as plain Python would do it: no numpy, one set of counts at a time. The twin that ours is compared with."""

import math
import random
from collections import defaultdict
from collections.abc import Callable, Sequence

Counts = tuple[int, ...]
POINTS, REACH, PRIOR_SD = 241, 6.0, math.sqrt(1.34)


class PlainCrm:
    """Plug-in CRM of the empiric curve with the guards `no_skip` and cohort coherence."""

    def __init__(self, skeleton: Sequence[float], target: float) -> None:
        self.skeleton, self.target = skeleton, target
        step = 2 * REACH * PRIOR_SD / (POINTS - 1)
        self.betas = [-REACH * PRIOR_SD + step * place for place in range(POINTS)]
        self.log_prior = [-((beta / PRIOR_SD) ** 2) / 2 for beta in self.betas]
        logs = [math.log(guess) for guess in skeleton]
        self.log_dlt = [[math.exp(beta) * log for beta in self.betas] for log in logs]
        self.log_clear = [[math.log(-math.expm1(one)) for one in row] for row in self.log_dlt]
        self.known: dict[tuple[Counts, Counts], int] = {}

    def level(self, n: Counts, y: Counts) -> int:
        """The level closest to the target at the posterior mean of beta (1-based); remembered."""
        if (n, y) not in self.known:
            self.known[n, y] = self._level(n, y)
        return self.known[n, y]

    def _level(self, n: Counts, y: Counts) -> int:
        heights = list(self.log_prior)
        for level, (treated, dlts) in enumerate(zip(n, y, strict=True)):
            if treated:
                rows = zip(self.log_dlt[level], self.log_clear[level], strict=True)
                heights = [
                    height + dlts * dlt + (treated - dlts) * clear
                    for height, (dlt, clear) in zip(heights, rows, strict=True)
                ]
        top = max(heights)
        weights = [math.exp(height - top) for height in heights]
        mean = math.fsum(w * beta for w, beta in zip(weights, self.betas, strict=True)) / math.fsum(weights)
        distances = [abs(guess ** math.exp(mean) - self.target) for guess in self.skeleton]
        return distances.index(min(distances)) + 1

    def next_level(self, n: Counts, y: Counts, current: int, dlts: int, size: int) -> int:
        wanted = min(self.level(n, y), max(at for at, treated in enumerate(n, 1) if treated) + 1)
        return min(wanted, current) if dlts > self.target * size else wanted


def _with(counts: Counts, level: int, more: int) -> Counts:
    return (*counts[: level - 1], counts[level - 1] + more, *counts[level:])


def plain_exact(crm: PlainCrm, truth: Sequence[float], cohorts: int, size: int) -> list[float]:
    """Chance that each level is selected, by dictionaries of states."""
    nobody = (0,) * len(truth)
    states: dict[tuple[Counts, Counts, int], float] = {(nobody, nobody, 1): 1.0}
    for _ in range(cohorts):
        moved: dict[tuple[Counts, Counts, int], float] = defaultdict(float)
        for (n, y, level), chance in states.items():
            p = truth[level - 1]
            for dlts in range(size + 1):
                share = math.comb(size, dlts) * p**dlts * (1 - p) ** (size - dlts)
                more, seen = _with(n, level, size), _with(y, level, dlts)
                moved[more, seen, crm.next_level(more, seen, level, dlts, size)] += chance * share
        states = moved
    selected = [0.0] * len(truth)
    for (n, y, _), chance in states.items():
        selected[crm.level(n, y) - 1] += chance
    return selected


def plain_trials(
    fresh: Callable[[], PlainCrm], truth: Sequence[float], cohorts: int, size: int, trials: int, seed: int
) -> list[float]:
    """Share of trials in which each level is selected; every trial computes its own posteriors, as R does."""
    draw = random.Random(seed)
    selected = [0] * len(truth)
    for _ in range(trials):
        crm, n, y, level = fresh(), (0,) * len(truth), (0,) * len(truth), 1
        for _ in range(cohorts):
            dlts = sum(draw.random() < truth[level - 1] for _ in range(size))
            n, y = _with(n, level, size), _with(y, level, dlts)
            level = crm.next_level(n, y, level, dlts, size)
        selected[crm.level(n, y) - 1] += 1
    return [count / trials for count in selected]

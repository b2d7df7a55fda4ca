"""BOIN and the rolling six in plain Python, as somebody would write them: a state or a trial at a time.

Written apart from the service's code, from the published rules.
"""

import heapq
import math
from collections import defaultdict
from collections.abc import Sequence
from random import Random

Counts = tuple[int, ...]
State = tuple[Counts, Counts, int, int]


class PlainBoin:
    """BOIN with its default alternatives; levels are counted from 0."""

    def __init__(self, target: float, most: int) -> None:
        low, high = 0.6 * target, 1.4 * target
        odds = math.log(target * (1 - low) / (low * (1 - target)))
        up = math.log((1 - low) / (1 - target)) / odds
        odds = math.log(high * (1 - target) / (target * (1 - high)))
        down = math.log((1 - target) / (1 - high)) / odds
        self.target = target
        self.up = [math.floor(up * n) for n in range(most + 1)]
        self.down = [math.ceil(down * n) for n in range(most + 1)]
        self.close = [self._closes(n) for n in range(most + 1)]

    def _closes(self, n: int) -> int:
        if n < 3:
            return n + 1
        for y in range(n + 1):
            tail = sum(
                math.comb(n + 1, k) * self.target**k * (1 - self.target) ** (n + 1 - k) for k in range(y + 1)
            )
            if tail > 0.95:
                return y
        return n + 1

    def next(self, n: int, y: int, level: int, closed: int, levels: int) -> tuple[int, int]:
        """Next level and lowest closed one."""
        if y >= self.close[n]:
            closed = min(closed, level)
        if y <= self.up[n]:
            level += 1
        elif y >= self.down[n] or y >= self.close[n]:
            level -= 1
        return min(max(level, 0), levels - 1, closed - 1), closed

    def select(self, n: Sequence[int], y: Sequence[int]) -> int:
        """The dose found, from 0; -1 for none."""
        blocks: list[tuple[float, float, int]] = []
        for tried, dlts in zip(n, y, strict=True):
            if not tried or dlts >= self.close[tried]:
                break
            rate = (dlts + 0.05) / (tried + 0.1)
            weight = (tried + 0.1) ** 2 * (tried + 1.1) / ((dlts + 0.05) * (tried - dlts + 0.05))
            size = 1
            while blocks and blocks[-1][0] > rate:
                before, heavy, many = blocks.pop()
                rate = (before * heavy + rate * weight) / (heavy + weight)
                weight, size = heavy + weight, size + many
            blocks.append((rate, weight, size))
        rates = [rate for rate, _, size in blocks for _ in range(size)]
        distance = [abs(rate + 1e-10 * place - self.target) for place, rate in enumerate(rates, 1)]
        return distance.index(min(distance)) if distance else -1


def plain_exact(boin: PlainBoin, truth: Sequence[float], cohorts: int, size: int) -> list[float]:
    """Chances of no dose and of each level, by merging equal states in a dictionary."""
    levels = len(truth)
    chosen = [0.0] * (levels + 1)
    states: dict[State, float] = {((0,) * levels, (0,) * levels, 0, levels): 1.0}
    for _ in range(cohorts):
        after: dict[State, float] = defaultdict(float)
        for (n, y, level, closed), chance in states.items():
            p = truth[level]
            for dlts in range(size + 1):
                step = chance * math.comb(size, dlts) * p**dlts * (1 - p) ** (size - dlts)
                n2 = (*n[:level], n[level] + size, *n[level + 1 :])
                y2 = (*y[:level], y[level] + dlts, *y[level + 1 :])
                where, lowest = boin.next(n2[level], y2[level], level, closed, levels)
                if lowest == 0:
                    chosen[0] += step
                else:
                    after[n2, y2, where, lowest] += step
        states = after
    for (n, y, _, _), chance in states.items():
        chosen[boin.select(n, y) + 1] += chance
    return chosen


def plain_trials(
    boin: PlainBoin, truth: Sequence[float], cohorts: int, size: int, trials: int, seed: int
) -> list[float]:
    """Shares of no dose and of each level among simulated trials."""
    random, levels = Random(seed), len(truth)
    chosen = [0] * (levels + 1)
    for _ in range(trials):
        n, y, level, closed = [0] * levels, [0] * levels, 0, levels
        for _ in range(cohorts):
            n[level] += size
            y[level] += sum(random.random() < truth[level] for _ in range(size))
            level, closed = boin.next(n[level], y[level], level, closed, levels)
            if closed == 0:
                break
        chosen[0 if closed == 0 else boin.select(n, y) + 1] += 1
    return [count / trials for count in chosen]


class _Six:
    """One rolling six trial in time; levels are counted from 0."""

    def __init__(self, truth: Sequence[float], gap: float, window: float, random: Random) -> None:
        self.truth, self.gap, self.window, self.random = truth, gap, window, random
        self.n, self.y, self.pending = ([0] * len(truth) for _ in range(3))
        self.level = 0

    def days(self) -> float:
        """From opening to the last decision."""
        waiting: list[tuple[float, int, bool]] = []
        now, arrival, is_open = 0.0, self.random.expovariate(1 / self.gap), True
        while True:
            if waiting and (not is_open or waiting[0][0] <= arrival):
                now, level, dlt = heapq.heappop(waiting)
                self.pending[level] -= 1
                self.y[level] += dlt
            else:
                now = arrival
                arrival = now + self.random.expovariate(1 / self.gap)
                dlt = self.random.random() < self.truth[self.level]
                end = now + self.window * (self.random.random() if dlt else 1.0)
                heapq.heappush(waiting, (end, self.level, dlt))
                self.n[self.level] += 1
                self.pending[self.level] += 1
            said = self._says()
            if said == "done":
                return now
            if said == "open" and not is_open:
                arrival = now + self.random.expovariate(1 / self.gap)
            is_open = said == "open"

    def _says(self) -> str:
        toxic = [j for j, y in enumerate(self.y) if y >= 2]
        closed = min(toxic, default=len(self.y))
        if closed == 0:
            return "done"
        if self.level >= closed:
            self.level = closed - 1
        n, y, pending = self.n[self.level], self.y[self.level], self.pending[self.level]
        goes_up = (n >= 3 and y == 0 and pending == 0) or (n == 6 and y + pending <= 1)
        if goes_up and self.level + 1 < closed:
            self.level += 1
            return "open"
        if goes_up and n == 6:
            return "hold" if pending else "done"
        return "open" if n < 6 else "hold"


def plain_days(
    truth: Sequence[float], gap: float, window: float, trials: int, seed: int
) -> tuple[float, float]:
    """Mean days of rolling six trials and its standard error."""
    random = Random(seed)
    days = [_Six(truth, gap, window, random).days() for _ in range(trials)]
    mean = sum(days) / trials
    return mean, math.sqrt(sum((one - mean) ** 2 for one in days)) / trials

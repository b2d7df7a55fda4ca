"""Measuring two things against each other on a noisy machine: interleaved, repeated, medians, ratios."""

import statistics
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

Run = Callable[[], Awaitable[float]]
"""One run; returns its figure (events per second, or milliseconds)."""


@dataclass(frozen=True)
class Result:
    """One row of the table; `ratio` is ours over the anchor's for rates, None where there is no anchor."""

    id: str
    what: str
    store: str
    transport: str
    ours: float
    anchor: float | None
    unit: str
    ratio: float | None
    runs: int
    floor: float | None = None
    goal: float | None = None

    @property
    def meets_floor(self) -> bool:
        """Rates and ratios must reach their floor, times must stay below it."""
        if self.floor is None:
            return True
        return self.ratio >= self.floor if self.ratio is not None else self.ours <= self.floor


async def interleaved(ours: Run, anchor: Run, *, runs: int) -> tuple[float, float]:
    """Median of each, taken in turns so that a slow minute of the machine hits both; the first turn warms up."""
    await anchor()
    await ours()
    mine: list[float] = []
    theirs: list[float] = []
    for turn in range(runs):
        first, second = ((mine, ours), (theirs, anchor)) if turn % 2 else ((theirs, anchor), (mine, ours))
        for figures, run in (first, second):
            figures.append(await run())
    return statistics.median(mine), statistics.median(theirs)


def centile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered) + 0.5) - 1))]

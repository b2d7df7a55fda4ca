"""Measuring two things against each other on a noisy machine: interleaved, repeated, medians, ratios."""

import statistics
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

Run = Callable[[], Awaitable[float]]
"""One run; returns its figure (events per second, or milliseconds)."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """One row of the table.

    `ratio` is ours over the anchor's, for rates; None where there is no anchor. A floor or goal is a ratio to
    reach where there is one, else a time in `unit` to stay below.
    """

    id: str
    what: str
    store: str
    transport: str
    ours: float
    unit: str
    runs: int
    anchor: float | None = None
    floor: float | None = None
    goal: float | None = None

    @property
    def ratio(self) -> float | None:
        return None if self.anchor is None else self.ours / self.anchor

    @property
    def meets_floor(self) -> bool:
        return self.meets(self.floor)

    @property
    def meets_goal(self) -> bool:
        return self.meets(self.goal)

    def meets(self, limit: float | None) -> bool:
        if limit is None:
            return True
        return self.ratio >= limit if self.ratio is not None else self.ours <= limit

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "what": self.what,
            "store": self.store,
            "transport": self.transport,
            "ours": _rounded(self.ours),
            "anchor": _rounded(self.anchor),
            "unit": self.unit,
            "ratio": _rounded(self.ratio),
            "floor": self.floor,
            "goal": self.goal,
            "meets_floor": self.meets_floor,
            "runs": self.runs,
        }


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


def _rounded(value: float | None) -> float | None:
    """Four significant digits: more would be noise."""
    return None if value is None else float(f"{value:.4g}")

"""What is to happen when: acts at instants of domain time, done in their order."""

import heapq
from collections.abc import Awaitable, Callable
from datetime import datetime
from itertools import count

from deploy.trialops.demo.stage import Stage

Act = Callable[[], Awaitable[None]]


class Agenda:
    """Acts that wait for their time; an act may add others."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._waiting: list[tuple[datetime, int, Act]] = []
        self._order = count()

    def at(self, instant: datetime, act: Act) -> None:
        """Do `act` at `instant`; acts of one instant in the order in which they were added."""
        heapq.heappush(self._waiting, (instant, next(self._order), act))

    async def run(self) -> None:
        """Move the clock from act to act, each done when everything before it has been heard."""
        while self._waiting:
            at, _, act = heapq.heappop(self._waiting)
            await self._stage.move_to(at)
            await act()
            await self._stage.quiet()

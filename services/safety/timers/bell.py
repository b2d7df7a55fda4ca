"""Word from the evaluator to the senders of the same process that something may have to leave now."""

import asyncio
from contextlib import suppress


class Bell:
    """Each listener waits with a bell of its own; nothing is lost with it, for the store is looked at anyway."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def wait(self, seconds: float) -> None:
        """Until it rings, at most so long; then it is silent again."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        self._rung.clear()


class Bells:
    """One for each sender, rung together."""

    def __init__(self) -> None:
        self._bells: list[Bell] = []

    def another(self) -> Bell:
        self._bells.append(Bell())
        return self._bells[-1]

    def ring(self) -> None:
        for bell in self._bells:
            bell.ring()

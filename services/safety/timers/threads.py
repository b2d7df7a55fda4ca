"""Libraries that wait in a thread: each channel has one thread of its own, so that none can stop another."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from services.safety.timers.posts import NotTaken

LONGEST_SECONDS = 30.0


class OneThread:
    """Runs one call after the other; one that hangs makes the next ones fail, not wait."""

    def __init__(self, name: str, *, seconds: float = LONGEST_SECONDS) -> None:
        self._threads = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._seconds = seconds

    async def call(self, work: Callable[[], None]) -> None:
        """Run `work`.

        Raises:
            NotTaken: it took too long; what it does in the end, nobody knows.
        """
        running = asyncio.get_running_loop().run_in_executor(self._threads, work)
        try:
            async with asyncio.timeout(self._seconds):
                await running
        except TimeoutError:
            running.cancel()
            raise NotTaken("TimeoutError") from None

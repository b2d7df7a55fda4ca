"""A sign of life for somebody outside: an address is called while all is well, and its silence is the alarm.

What has died cannot say so. A service that watches itself and its neighbours and stops calling when something is
wrong is noticed by whoever expects the call, even when the service, its host or the network is gone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta

import structlog

from shared.outside_settings import HeartbeatSettings
from shared.outward import CallFailed, Resolve, call_outside, networks_of, resolve
from shared.watermarks import Position

log = structlog.get_logger(__name__)

HEARD_WITHIN = timedelta(minutes=5)
Working = Callable[[], Awaitable[Mapping[str, bool]]]
"""What must be well, by name."""


def heard_lately(positions: Iterable[Position], now: datetime) -> dict[str, bool]:
    """Of each producer, whether every partition of its topic was closed within five minutes."""
    heard: dict[str, bool] = {}
    for position in positions:
        producer = position.topic.partition(".")[0]
        fresh = position.closed_at is not None and now - position.closed_at <= HEARD_WITHIN
        heard[producer] = heard.get(producer, True) and fresh
    return heard


class Heartbeat:
    """Calls the address in its settings as long as everything is well."""

    def __init__(self, settings: HeartbeatSettings, working: Working, *, resolver: Resolve = resolve) -> None:
        self._settings = settings
        self._working = working
        self._resolver = resolver

    @property
    def configured(self) -> bool:
        return self._settings.url is not None

    async def run(self) -> None:
        """Call for ever; a call that fails is logged, and the next one is tried in its turn."""
        while True:
            try:
                await self.beat()
            except Exception as error:
                log.error("heartbeat_failed", code=getattr(error, "reason", type(error).__name__))
            await asyncio.sleep(self._settings.every_seconds)

    async def beat(self) -> bool:
        """Call once if all is well; say whether that was done.

        Raises:
            CallFailed: all is well, but whoever is called does not answer with success.
        """
        assert self._settings.url is not None
        unwell = sorted(name for name, well in (await self._working()).items() if not well)
        if unwell:
            log.error("heartbeat_withheld", what=",".join(unwell))
            return False
        status = await call_outside(
            self._settings.url.get_secret_value(),
            b"",
            {},
            networks=networks_of(self._settings.networks),
            resolver=self._resolver,
        )
        if not 200 <= status < 300:
            raise CallFailed(f"status_{status}")
        return True

"""The sign of life: given while all is well, withheld when something is not, so that silence is the alarm."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr, ValidationError

from shared.heartbeat import Heartbeat, heard_lately
from shared.outside_settings import HeartbeatSettings
from shared.outward import CallFailed
from shared.watermarks import Position

NOW = datetime(2026, 10, 24, 13, 0, tzinfo=UTC)
FRESH = Position(topic="orders.events.v1", partition=0, closed_at=NOW - timedelta(seconds=5))
STALE = replace(FRESH, partition=1, closed_at=NOW - timedelta(minutes=6))


@dataclass
class Monitor:
    """Whoever expects the call."""

    status: int = 200
    port: int = 0
    heard: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.heard += 1
        writer.write(f"HTTP/1.1 {self.status} X\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    def heartbeat(self, **well: bool) -> Heartbeat:
        async def working() -> dict[str, bool]:
            return well

        return Heartbeat(HeartbeatSettings(url=SecretStr(f"http://127.0.0.1:{self.port}/life")), working)


@pytest.fixture
async def monitor() -> AsyncIterator[Monitor]:
    made = Monitor()
    listening = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = listening.sockets[0].getsockname()[1]
    yield made
    listening.close()


async def test_while_all_is_well_the_call_is_made(monitor: Monitor) -> None:
    assert await monitor.heartbeat(alerts=True, sponsor=True).beat()
    assert monitor.heard == 1


async def test_when_anything_is_not_well_the_call_is_withheld(monitor: Monitor) -> None:
    assert not await monitor.heartbeat(alerts=False, sponsor=True).beat()
    assert not await monitor.heartbeat(alerts=True, sponsor=False).beat()
    assert monitor.heard == 0


async def test_a_monitor_that_does_not_answer_with_success_is_a_failure(monitor: Monitor) -> None:
    monitor.status = 500

    with pytest.raises(CallFailed, match="status_500"):
        await monitor.heartbeat().beat()


async def test_without_an_address_there_is_no_heartbeat() -> None:
    async def working() -> dict[str, bool]:
        return {}

    assert not Heartbeat(HeartbeatSettings(), working).configured


def test_a_producer_is_heard_when_every_partition_was_closed_lately() -> None:
    other = replace(FRESH, topic="stock.events.v1")
    never = replace(FRESH, topic="post.events.v1", closed_at=None)

    assert heard_lately([FRESH, STALE, other, never], NOW) == {"orders": False, "stock": True, "post": False}


@pytest.mark.parametrize("url", ["http://monitor.example/", "https://a:b@monitor.example/", "monitor"])
def test_an_address_that_is_not_https_is_no_setting(url: str) -> None:
    with pytest.raises(ValidationError):
        HeartbeatSettings(url=SecretStr(url))

"""B14: how long after an accepted report of a death its first call is at the other side of a channel.

The other side is a receiver of the signed webhook in the benchmark's own process; the three services run in
another one, as `trialops serve` runs them. Accepted is when the 201 is here, so after the commit.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from random import Random
from time import perf_counter

from benchmarks import load
from benchmarks.surroundings import Surroundings
from benchmarks.trial import installation
from deploy.trialops.demo.stage import Stage
from shared.clock import format_instant
from shared.ids import new_id
from shared.testing.stores import wait_until

SECRET = "a-secret-for-a-benchmark-and-nothing-else"
EVERY_SECONDS = (0.1, 0.4)
"""Between two reports of the single kind: they must not fall into step with anything that looks regularly."""
CONNECTIONS = 16
LONGEST_SECONDS = 60.0


class Receiver:
    """When the first call of each alert came in."""

    def __init__(self) -> None:
        self.called: dict[str, float] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
        alert_id = json.loads(await reader.readexactly(length))["alert_id"]
        self.called.setdefault(alert_id, perf_counter())
        writer.write(b"HTTP/1.1 204 X\r\n\r\n")
        await writer.drain()
        writer.close()


async def accept_to_call(around: Surroundings, kind: str, *, reports: int, flood: bool) -> list[float]:
    """Milliseconds from each 201 to the first call of its alert; a call that was there before counts as nothing."""
    async with _receiving() as (receiver, environ), installation(around, kind, environ=environ) as running:
        url, home, stage = running
        await _staff(stage)
        pool, token = load.Pool(url), home.token("reporter", "site_nurse:B14:001", hours=2)
        try:
            accepted = await _reported(pool, token, reports, flood=flood)
        finally:
            pool.close()
        await wait_until(
            lambda: accepted.keys() <= receiver.called.keys(), seconds=LONGEST_SECONDS, what="the last call"
        )
    return [max(0.0, (receiver.called[one] - at) * 1000) for one, at in accepted.items()]


@asynccontextmanager
async def _receiving() -> AsyncIterator[tuple[Receiver, dict[str, str]]]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield (
            receiver,
            {
                "TRIALOPS_WEBHOOK_URL": f"http://127.0.0.1:{port}/",
                "TRIALOPS_WEBHOOK_SECRET": SECRET,
            },
        )
    finally:
        server.close()


async def _staff(stage: Stage) -> None:
    """Somebody on duty for every trial."""
    now = await stage.clock()
    body = {
        "trial": "*",
        "person": "officer",
        "role": "duty_officer",
        "from_at": format_instant(now - timedelta(hours=1)),
        "until_at": format_instant(now + timedelta(days=30)),
    }
    await stage.person("manager", "trial_manager:*:*").post("safety", "/duty-periods", body)


async def _reported(pool: load.Pool, token: str, reports: int, *, flood: bool) -> dict[str, float]:
    """Deaths, each accepted at a time; by the id of the alert that each raised."""
    rng, accepted = Random(14), dict[str, float]()
    free = asyncio.Semaphore(CONNECTIONS)

    async def report(n: int) -> None:
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": new_id()}
        body = {"trial": "B14", "participant_number": f"B14-001-{n}", "seriousness": ["death"]}
        async with free:
            answer = await pool.ask(load.post("/safety/api/v1/adverse-events", body, headers))
        if answer.status != 201:
            raise load.Unexpected(f"{answer.status}: {answer.body[:500]!r}")
        alerts = json.loads(answer.body)["alerts"]
        (death,) = [alert["alert_id"] for alert in alerts if alert["kind"] == "death"]
        accepted[death] = perf_counter()

    tasks = []
    for n in range(reports):
        tasks.append(asyncio.create_task(report(n)))
        if not flood:
            await asyncio.sleep(rng.uniform(*EVERY_SECONDS))
    await asyncio.gather(*tasks)
    return accepted

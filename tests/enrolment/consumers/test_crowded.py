"""A halt while requests use every connection of the store: it is kept before any of them is done."""

import asyncio
from typing import Any

import pytest

from shared.database import Sql, Tx
from shared.postgres_store import CONNECTIONS
from shared.testing.stores import wait_until

_HALTS = Sql("SELECT count(*) FROM halt_copy")


@pytest.mark.parametrize(
    "store_kind", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)
async def test_a_halt_never_waits_for_requests_that_hold_every_connection(trial: Any) -> None:
    requests, gate, holding = trial.running.service.database, asyncio.Event(), 0

    async def hold(_tx: Tx) -> None:
        nonlocal holding
        holding += 1
        await gate.wait()

    async def halts(tx: Tx) -> int:
        return int((await tx.fetch(_HALTS))[0][0])

    crowd = [asyncio.create_task(requests.write(hold)) for _ in range(CONNECTIONS + 5)]
    await wait_until(lambda: holding == CONNECTIONS, what="as many requests as there are connections")

    await asyncio.wait_for(trial.sponsor_says(trial.halt("halt-1")), 5)

    assert await trial.running.service.delivery.read(halts) == 1
    assert holding == CONNECTIONS
    gate.set()
    await asyncio.gather(*crowd)

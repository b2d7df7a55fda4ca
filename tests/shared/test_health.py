import asyncio
import time

import httpx
from fastapi import FastAPI

from shared.health import Check, health_router
from shared.metrics import create_metrics


async def well() -> bool:
    return True


async def unwell() -> bool:
    return False


async def broken() -> bool:
    raise ConnectionError("store.internal:5432")


async def silent() -> bool:
    await asyncio.sleep(60)
    return True


async def asked(path: str, **checks: Check) -> httpx.Response:
    app = FastAPI()
    metrics = create_metrics()
    metrics.outbox_unsent.set(7)
    ready: dict[str, Check] = {"store": well, **checks}
    app.include_router(
        health_router(
            metrics.registry, ready=ready, live={"consumer": unwell}, prefix="/orders", check_seconds=0.05
        )
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as client:
        return await client.get(path)


async def test_a_service_is_ready_when_every_check_passes() -> None:
    answer = await asked("/orders/readyz")

    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "failing": []}


async def test_a_service_is_not_ready_when_a_check_fails_raises_or_stays_silent() -> None:
    began = time.monotonic()

    answer = await asked("/orders/readyz", relay=unwell, broker=broken, peers=silent)

    assert answer.status_code == 503
    assert answer.json() == {"status": "failing", "failing": ["broker", "peers", "relay"]}
    assert "5432" not in answer.text
    assert time.monotonic() - began < 5


async def test_a_service_that_must_be_restarted_does_not_live() -> None:
    answer = await asked("/orders/livez")

    assert answer.status_code == 503
    assert answer.json()["failing"] == ["consumer"]


async def test_metrics_are_served_as_prometheus_text() -> None:
    answer = await asked("/orders/metrics")

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert "outbox_unsent 7.0" in answer.text


async def test_health_is_no_part_of_the_documented_api() -> None:
    app = FastAPI()
    app.include_router(health_router(create_metrics().registry, ready={}))

    assert app.openapi()["paths"] == {}

"""Whether a service lives, whether it can work, and its numbers: for operators, never public."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.responses import JSONResponse, Response

Check = Callable[[], Awaitable[bool]]
"""True when all is well; False, an exception or silence when it is not."""

Working = Callable[[], Awaitable[Mapping[str, bool]]]
"""What the service is for, by name, and whether it is done."""

CHECK_SECONDS = 2.0


def health_router(
    registry: CollectorRegistry,
    *,
    ready: Mapping[str, Check],
    live: Mapping[str, Check] | None = None,
    working: Working | None = None,
    prefix: str = "",
    check_seconds: float = CHECK_SECONDS,
) -> APIRouter:
    """Routes `livez`, `readyz`, `healthz` and `metrics`.

    Args:
        registry: of the service's metrics.
        ready: what must be well before traffic comes in; the name of each failing check is in the answer.
        live: what must be well or else the process has to be restarted.
        working: what the service is for besides answering; requests are sent to it whatever it says, so that a
            dead neighbour closes no door, but somebody must look.
        prefix: of the service, with a leading slash.
        check_seconds: a check that takes longer has failed.
    """
    router = APIRouter(prefix=prefix, include_in_schema=False)

    @router.get("/livez")
    async def livez() -> Response:
        return await _answer(live or {}, check_seconds)

    @router.get("/readyz")
    async def readyz() -> Response:
        return await _answer(ready, check_seconds)

    @router.get("/healthz")
    async def healthz() -> Response:
        return await _working(working, check_seconds)

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return router


async def _answer(checks: Mapping[str, Check], seconds: float) -> Response:
    """200 when all is well, else 503 with the names of what is not."""
    results = await asyncio.gather(*(_passes(check, seconds) for check in checks.values()))
    failing = sorted(name for name, passed in zip(checks, results, strict=True) if not passed)
    return JSONResponse(
        {"status": "failing" if failing else "ok", "failing": failing}, 503 if failing else 200
    )


async def _working(working: Working | None, seconds: float) -> Response:
    """200 when everything is done, else 503 with the names of what is not."""
    found: Mapping[str, bool] = {}
    try:
        async with asyncio.timeout(seconds):
            found = await working() if working else {}
    except Exception:
        found = {"unknown": False}
    failing = sorted(name for name, well in found.items() if not well)
    return JSONResponse(
        {"status": "failing" if failing else "ok", "failing": failing}, 503 if failing else 200
    )


async def _passes(check: Check, seconds: float) -> bool:
    with suppress(Exception):
        async with asyncio.timeout(seconds):
            return await check()
    return False

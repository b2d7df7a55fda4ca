"""Bodies over HTTP: media types, limits on size and time, clients that go away."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request

from shared.json_body import read_limited, read_nothing
from shared.problems import Problem, install_problem_handlers


def app_reading(limit: int = 1000, seconds: float = 5) -> FastAPI:
    app = FastAPI()
    install_problem_handlers(app, service="orders")

    @app.post("/orders")
    async def place(request: Request) -> dict[str, int]:
        return {"size": len(await read_limited(request, limit=limit, seconds=seconds))}

    return app


async def posted(app: FastAPI, content: Any, **headers: str) -> httpx.Response:
    sent = {"content-type": "application/json"} | {
        key.replace("_", "-"): value for key, value in headers.items()
    }
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as client:
        return await client.post("/orders", content=content, headers=sent)


async def in_chunks(count: int, size: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"x" * size


@pytest.mark.parametrize(
    "media_type",
    ["application/json", "Application/JSON", 'application/json; charset="UTF-8"', "application/json;"],
)
async def test_a_json_body_is_read_whole(media_type: str) -> None:
    answer = await posted(app_reading(), in_chunks(4, 250), content_type=media_type)

    assert answer.json() == {"size": 1000}


@pytest.mark.parametrize(
    "headers",
    [
        {"content_type": "text/plain"},
        {"content_type": ""},
        {"content_type": "application/x-www-form-urlencoded"},
        {"content_type": "multipart/form-data; boundary=x"},
        {"content_type": "application/json; charset=utf-16"},
        {"content_type": "application/json; charset=latin-1"},
        {"content_type": "application/json, text/plain"},
        {"content_type": "application/jsonx"},
        {"content_encoding": "gzip"},
        {"content_encoding": "br"},
    ],
)
async def test_any_other_media_type_is_refused(headers: dict[str, str]) -> None:
    answer = await posted(app_reading(), b"{}", **headers)

    assert answer.status_code == 415
    assert answer.json()["code"] == "unsupported_media_type"


async def test_two_media_types_are_refused() -> None:
    app = app_reading()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as client:
        headers = [("content-type", "application/json"), ("content-type", "text/plain")]
        answer = await client.post("/orders", content=b"{}", headers=headers)

    assert answer.status_code == 415


async def test_a_body_that_declares_too_many_bytes_is_refused_before_it_is_read() -> None:
    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("the body was asked for")
        yield b""

    for declared in ("1001", "9" * 30):
        answer = await posted(app_reading(), never(), content_length=declared)

        assert answer.status_code == 413
        assert answer.json()["code"] == "body_too_large"
        assert answer.headers["connection"] == "close"


async def test_a_body_that_only_turns_out_too_large_is_refused_too() -> None:
    answer = await posted(app_reading(), in_chunks(1_000_000, 600))

    assert answer.status_code == 413


async def test_a_body_that_drips_is_refused_in_time() -> None:
    async def dripping() -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0.02)
            yield b"x"

    began = time.monotonic()
    answer = await posted(app_reading(seconds=0.2), dripping())

    assert answer.status_code == 408
    assert answer.json()["code"] == "body_timeout"
    assert time.monotonic() - began < 5


async def test_a_client_that_goes_away_is_no_failure_of_ours() -> None:
    messages = iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])

    async def receive() -> Any:
        return next(messages)

    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", b"application/json")]}

    with pytest.raises(Problem) as caught:
        await read_limited(Request(scope, receive))

    assert caught.value.code == "body_incomplete"


def app_reading_nothing() -> FastAPI:
    app = FastAPI()
    install_problem_handlers(app, service="orders")

    @app.post("/orders")
    async def place(request: Request) -> dict[str, int]:
        return {"size": len(await read_nothing(request))}

    return app


@pytest.mark.parametrize(
    ("content", "media_type"), [(b"", ""), (b"", "text/plain"), (b"{ }", "application/json")]
)
async def test_a_route_without_a_body_takes_nothing_or_an_empty_object(
    content: bytes, media_type: str
) -> None:
    answer = await posted(app_reading_nothing(), content, content_type=media_type)

    assert answer.json() == {"size": 0}


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b"garbage", "application/json", 400),
        (b'{"a": 1, "a": 1}', "application/json", 400),
        (b'{"level": 3}', "application/json", 422),
        (b"[]", "application/json", 422),
        (b"{}", "text/plain", 415),
        (b" " * 2_000_000, "application/json", 413),
    ],
)
async def test_a_route_without_a_body_ignores_none(content: bytes, media_type: str, status: int) -> None:
    answer = await posted(app_reading_nothing(), content, content_type=media_type)

    assert answer.status_code == status

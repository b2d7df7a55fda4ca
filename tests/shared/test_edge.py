import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import structlog
import uvicorn
from fastapi import APIRouter, FastAPI, Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from shared.edge import install_edge
from shared.ids import is_id
from shared.json_body import read_limited
from shared.metrics import Metrics, create_metrics
from shared.problems import Problem, install_problem_handlers
from shared.telemetry import current_context

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Unconfigured, structlog draws every traceback for the terminal, which takes seconds."""
    with structlog.testing.capture_logs():
        yield


def application(metrics: Metrics, seconds: float = 30) -> FastAPI:
    app = FastAPI(redirect_slashes=False)
    router = APIRouter(prefix="/orders/api/v1")

    @router.get("/context")
    async def show_context() -> dict[str, str]:
        context = current_context()
        return {
            "service": context.service,
            "request_id": context.request_id,
            "correlation_id": context.correlation_id,
            "traceparent": context.traceparent,
        }

    @router.get("/context-in-thread")
    def show_context_in_thread() -> str:
        return current_context().request_id

    @router.get("/lines/{number}")
    async def show_line(number: str) -> str:
        return number

    @router.post("/lines")
    async def add_line(request: Request) -> int:
        return len(await read_limited(request, limit=1000, seconds=seconds))

    @router.get("/page")
    async def show_page() -> Response:
        return HTMLResponse("<p>", headers={"cache-control": "max-age=60"})

    @router.get("/refused")
    async def refuse() -> None:
        raise Problem("forbidden")

    @router.get("/failing")
    async def fail() -> None:
        raise RuntimeError("943 476 5919")

    @router.get("/half")
    async def half() -> Response:
        async def parts() -> AsyncIterator[bytes]:
            yield b"x"
            raise RuntimeError("943 476 5919")

        return StreamingResponse(parts())

    app.include_router(router)
    install_problem_handlers(app, service="orders")
    install_edge(app, service="orders", metrics=metrics)
    return app


async def asked(
    path: str, *, method: str = "GET", metrics: Metrics | None = None, **headers: str
) -> httpx.Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    transport = httpx.ASGITransport(application(metrics or create_metrics()))
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        return await client.request(method, "/orders/api/v1" + path, headers=sent)


@pytest.mark.parametrize(
    ("path", "status"),
    [("/context", 200), ("/nowhere", 404), ("/refused", 403), ("/failing", 500), ("/lines/%00", 400)],
)
async def test_every_answer_carries_the_request_id_and_the_security_headers(path: str, status: int) -> None:
    answer = await asked(path)

    assert answer.status_code == status
    assert is_id(answer.headers["x-request-id"])
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


async def test_a_refusal_names_the_request_that_its_header_names() -> None:
    for path in ("/refused", "/failing", "/nowhere", "/lines/%00"):
        answer = await asked(path)

        assert answer.json()["request_id"] == answer.headers["x-request-id"]


async def test_a_page_keeps_its_own_caching_and_content_policy() -> None:
    answer = await asked("/page")

    assert answer.headers["cache-control"] == "max-age=60"
    assert "content-security-policy" not in answer.headers


async def test_the_context_reaches_the_route_also_in_a_thread() -> None:
    answer = await asked("/context")
    in_thread = await asked("/context-in-thread")

    assert answer.json()["service"] == "orders"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert in_thread.json() == in_thread.headers["x-request-id"]
    assert current_context().request_id == ""


async def test_a_well_formed_trace_and_correlation_id_are_taken_over() -> None:
    answer = await asked(
        "/context", traceparent=PARENT, x_correlation_id="7c9e6679-7425-40de-944b-e07fc1f90ae7"
    )

    assert answer.json()["traceparent"].startswith("00-4bf92f3577b34da6a3ce929d0e0e4736-")
    assert answer.json()["correlation_id"] == "7c9e6679-7425-40de-944b-e07fc1f90ae7"


async def test_anything_else_is_replaced_and_a_request_id_is_never_taken_over() -> None:
    answer = await asked("/context", traceparent="x", x_correlation_id="<script>", x_request_id="mine")

    assert answer.json()["correlation_id"] == answer.json()["request_id"]
    assert is_id(answer.json()["request_id"])
    assert "4bf92f" not in answer.json()["traceparent"]


async def test_forwarding_user_and_method_headers_change_nothing() -> None:
    answer = await asked(
        "/lines/1",
        x_http_method_override="DELETE",
        x_forwarded_user="admin",
        x_forwarded_for="127.0.0.1",
        x_original_url="/admin",
        x_rewrite_url="/admin",
    )

    assert (answer.status_code, answer.json()) == (200, "1")


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "PROPFIND", "get"])
async def test_an_unused_method_is_refused_on_every_path(method: str) -> None:
    metrics = create_metrics()

    for path in ("/lines/1", "/nowhere"):
        transport = httpx.ASGITransport(application(metrics))
        async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
            request = client.build_request("GET", "/orders/api/v1" + path)
            request.method = method
            answer = await client.send(request)

        assert answer.status_code == 405
        assert answer.json()["code"] == "method_not_allowed"
    labels = {"endpoint": "unmatched", "method": "other", "status": "405"}
    assert metrics.registry.get_sample_value("http_responses_total", labels) == 2


async def test_headers_that_are_too_large_are_refused() -> None:
    many: dict[str, Any] = {f"x-{number}": "x" * 100 for number in range(160)}
    for sent in ({"cookie": "x" * 16_384}, many):
        answer = await asked("/context", **sent)

        assert answer.status_code == 431
        assert answer.json()["code"] == "headers_too_large"
        assert answer.headers["connection"] == "close"
    assert (await asked("/lines/" + "x" * 17_000)).status_code == 431
    assert (await asked("/context", cookie="x" * 15_000)).status_code == 200


@pytest.mark.parametrize("path", ["/lines/a%00b", "/lines/a?limit=%00", "/nowhere?x=a%00"])
async def test_u0000_in_an_address_is_refused_before_it_reaches_a_store(path: str) -> None:
    answer = await asked(path)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_text")


async def test_a_failure_is_answered_and_logged_once_without_its_text() -> None:
    with structlog.testing.capture_logs() as lines:
        answer = await asked("/failing")

    assert answer.status_code == 500
    assert answer.json()["code"] == "internal_error"
    assert "5919" not in answer.text
    assert [line["event"] for line in lines] == ["internal_error"]
    assert lines[0]["request_id"] == answer.headers["x-request-id"]


async def test_an_answer_that_breaks_off_is_not_completed() -> None:
    with pytest.raises(RuntimeError):
        await asked("/half")


async def test_responses_are_counted_by_route_and_not_by_address() -> None:
    metrics = create_metrics()

    for path in ("/lines/1", "/lines/2", "/nowhere/1", "/nowhere/2", "/failing", "/refused"):
        await asked(path, metrics=metrics)

    counted = {
        (sample.labels["endpoint"], sample.labels["status"]): sample.value
        for metric in metrics.registry.collect()
        if metric.name == "http_responses"
        for sample in metric.samples
        if sample.name == "http_responses_total"
    }
    assert counted == {
        ("show_line", "200"): 2,
        ("unmatched", "404"): 2,
        ("fail", "500"): 1,
        ("refuse", "403"): 1,
    }
    assert metrics.registry.get_sample_value("http_request_seconds_count", {"endpoint": "show_line"}) == 2


async def test_services_mounted_in_one_process_keep_their_own_edge() -> None:
    one, other = create_metrics(), create_metrics()
    root = FastAPI()
    root.mount("/one", application(one))
    root.mount("/other", application(other))

    async with httpx.AsyncClient(transport=httpx.ASGITransport(root), base_url="http://t") as client:
        answer = await client.get("/one/orders/api/v1/lines/1")

    labels = {"endpoint": "show_line", "method": "GET", "status": "200"}
    assert answer.json() == "1"
    assert len(answer.headers.get_list("x-request-id")) == 1
    assert one.registry.get_sample_value("http_responses_total", labels) == 1
    assert other.registry.get_sample_value("http_responses_total", labels) is None


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[int]:
    """A real server on a free port of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(
            app, log_config=None, lifespan="off", proxy_headers=False, server_header=False, http="httptools"
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve([listening]))
        while not server.started:  # noqa: ASYNC110 - the server has no event to wait for
            await asyncio.sleep(0.005)
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            await serving


async def sent_raw(port: int, first: bytes, then: Any = None) -> bytes:
    """What the server answers until it closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(first)

    async def go_on() -> None:
        while then is not None:
            writer.write(then)
            await writer.drain()
            await asyncio.sleep(0.01)

    more = asyncio.create_task(go_on())
    answer = b""
    try:
        async with asyncio.timeout(10):
            while part := await reader.read(65536):
                answer += part
    except ConnectionError:
        pass  # closed while we were still sending
    finally:
        more.cancel()
        await asyncio.gather(more, return_exceptions=True)
        writer.close()
    return answer


POST = b"POST /orders/api/v1/lines HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\n"


async def test_endless_chunks_are_refused_and_the_connection_is_closed() -> None:
    async with served(application(create_metrics())) as port:
        answer = await sent_raw(
            port, POST + b"Transfer-Encoding: chunked\r\n\r\n", b"100\r\n" + b"x" * 256 + b"\r\n"
        )

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"code": "body_too_large"' in answer


async def test_one_byte_after_another_is_refused_in_time_and_the_connection_is_closed() -> None:
    async with served(application(create_metrics(), seconds=0.2)) as port:
        answer = await sent_raw(port, POST + b"Content-Length: 900\r\n\r\n", b"x")

    assert answer.startswith(b"HTTP/1.1 408 ")


async def test_a_declared_giant_is_refused_before_it_is_sent() -> None:
    async with served(application(create_metrics())) as port:
        answer = await sent_raw(port, POST + b"Content-Length: 20000000\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 413 ")


async def test_the_real_server_refuses_large_headers_and_broken_lines() -> None:
    async with served(application(create_metrics())) as port:
        large = await sent_raw(
            port, b"GET /orders/api/v1/context HTTP/1.1\r\nHost: t\r\nCookie: " + b"x" * 20_000 + b"\r\n\r\n"
        )
        broken = await sent_raw(
            port,
            b"GET /orders/api/v1/context HTTP/1.1\r\nHost: t\r\nX-A: a\rX-B: b\r\nConnection: close\r\n\r\n",
        )
        nul = await sent_raw(
            port, b"GET /orders/api/v1/lines/%00 HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"
        )

    assert large.startswith(b"HTTP/1.1 431 ")
    assert broken.startswith(b"HTTP/1.1 400 ")
    assert nul.startswith(b"HTTP/1.1 400 ")
    assert b"server:" not in nul.lower()


async def test_others_are_served_while_one_client_drips() -> None:
    async with served(application(create_metrics(), seconds=1)) as port:
        dripping = [
            asyncio.create_task(sent_raw(port, POST + b"Content-Length: 900\r\n\r\n", b"x"))
            for _ in range(20)
        ]
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=5) as client:
            answers = [await client.get("/orders/api/v1/lines/1") for _ in range(20)]
        dripped = await asyncio.gather(*dripping)

    assert {answer.status_code for answer in answers} == {200}
    assert all(answer.startswith(b"HTTP/1.1 408 ") for answer in dripped)

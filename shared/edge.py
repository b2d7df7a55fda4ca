"""The outermost layer of every request: its ids, headers and count, and an answer even when all else fails.

Forwarding, user and method-override headers are read by nobody. The correlation id and the trace are taken
over from the client when they are well formed, the request id never.
"""

import re
from typing import NamedTuple

import structlog
from fastapi import FastAPI
from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.clock import monotonic
from shared.ids import IdSource, new_id
from shared.metrics import Metrics
from shared.problems import Problem, internal_error, problem_response
from shared.telemetry import RequestContext, child_traceparent, entered

log = structlog.get_logger("shared.edge")

HEADER_BYTES = 16 * 1024
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

_UUID = re.compile(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PER_HEADER = 4
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_NO_STORE = (b"cache-control", b"no-store")
_NO_CONTENT = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")


class _Asked(NamedTuple):
    """What the edge reads of a request."""

    size: int
    correlation_id: str
    traceparent: str


class EdgeMiddleware:
    """Pure ASGI; installed by `install_edge`, outside of everything else that the application adds."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        service: str,
        metrics: Metrics,
        header_bytes: int = HEADER_BYTES,
        ids: IdSource = new_id,
    ) -> None:
        self._app = app
        self._service = service
        self._header_bytes = header_bytes
        self._ids = ids
        self._counts = _Counts(metrics.http_responses_total, metrics.http_request_seconds)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, request_id, status = monotonic(), self._ids(), 0
        scope.setdefault("state", {})["request_id"] = request_id
        asked = _read(scope)

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": _headers(list(message.get("headers", ())), request_id)}
            await send(message)

        context = RequestContext(
            service=self._service,
            request_id=request_id,
            correlation_id=asked.correlation_id or request_id,
            traceparent=child_traceparent(asked.traceparent),
        )
        try:
            with entered(context):
                refusal = self._refusal(scope, asked.size)
                app = self._app if refusal is None else problem_response(refusal, request_id)
                try:
                    await app(scope, receive, send_with_headers)
                except Exception as error:
                    if status:  # half an answer is out: only cutting the connection tells the client
                        raise
                    failure = internal_error(scope, error, service=self._service)
                    await failure(scope, receive, send_with_headers)
        finally:
            self._counts.add(scope, status, monotonic() - began)

    def _refusal(self, scope: Scope, size: int) -> Problem | None:
        if size > self._header_bytes:
            return Problem("headers_too_large", headers={"connection": "close"})
        if scope["method"] not in METHODS:
            return Problem("method_not_allowed", headers={"allow": ", ".join(METHODS)})
        if "\x00" in scope["path"] or b"%00" in scope.get("query_string", b""):
            return Problem("invalid_text")
        return None


def install_edge(
    app: FastAPI, *, service: str, metrics: Metrics, header_bytes: int = HEADER_BYTES, ids: IdSource = new_id
) -> None:
    """Put the edge around `app`. Call it last: a middleware that is added later would stand outside."""
    app.add_middleware(EdgeMiddleware, service=service, metrics=metrics, header_bytes=header_bytes, ids=ids)


class _Counts:
    """Counts responses; remembers each combination of labels: to look them up costs more than to count."""

    def __init__(self, responses: Counter, seconds: Histogram) -> None:
        self._responses = responses
        self._seconds = seconds
        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def add(self, scope: Scope, status: int, seconds: float) -> None:
        endpoint = getattr(scope.get("endpoint"), "__name__", "unmatched")
        method = scope["method"] if scope["method"] in METHODS else "other"
        key = (endpoint, method, status)
        known = self._known.get(key)
        if known is None:
            known = (self._responses.labels(endpoint, method, status), self._seconds.labels(endpoint))
            self._known[key] = known
        known[0].inc()
        known[1].observe(seconds)


def _read(scope: Scope) -> _Asked:
    size = len(scope.get("raw_path") or b"") + len(scope.get("query_string", b""))
    correlation_id = traceparent = b""
    for name, value in scope["headers"]:
        size += len(name) + len(value) + _PER_HEADER
        if name == b"x-correlation-id":
            correlation_id = value if _UUID.fullmatch(value) else b""
        elif name == b"traceparent":
            traceparent = value
    return _Asked(size, correlation_id.decode(), traceparent.decode("latin-1"))


def _headers(headers: list[tuple[bytes, bytes]], request_id: str) -> list[tuple[bytes, bytes]]:
    """The application's headers and ours; it may choose its own caching and content policy."""
    chosen = {name.lower(): value for name, value in headers}
    headers.append((b"x-request-id", request_id.encode()))
    headers.extend(_HEADERS)
    if b"cache-control" not in chosen:
        headers.append(_NO_STORE)
    if b"content-security-policy" not in chosen and not chosen.get(b"content-type", b"").startswith(
        b"text/html"
    ):
        headers.append(_NO_CONTENT)
    return headers

"""Refusals as RFC 9457 problem documents: one shape for every answer that is not a success.

Every document has `type`, `title`, `status`, `code`, `detail` and `request_id`; programs decide by `code`,
and a code always has the same status. Nothing of the request comes back: no value, no exception's text.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from shared.clock import format_instant
from shared.ids import new_id

log = structlog.get_logger("shared.problems")

MEDIA_TYPE = "application/problem+json"
MAX_ERRORS = 100

_FIELD_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_ECHOING_RULES = frozenset(
    {
        "union_tag_invalid",
        "uuid_parsing",
        "timezone_offset",
        "get_attribute_error",
        "mapping_type",
        "iteration_error",
        "import_error",
    }
)
_RESERVED = frozenset({"type", "title", "status", "code", "detail", "request_id"})


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """What one code always means."""

    status: int
    title: str


SHARED_PROBLEMS: Mapping[str, ProblemKind] = {
    "bad_request": ProblemKind(400, "The request cannot be understood"),
    "body_incomplete": ProblemKind(400, "The body ended before it was complete"),
    "duplicate_key": ProblemKind(400, "An object in the body names the same key twice"),
    "idempotency_key_required": ProblemKind(400, "A request that changes state needs an Idempotency-Key"),
    "invalid_json": ProblemKind(400, "The body is not a well-formed JSON document"),
    "invalid_text": ProblemKind(400, "A text contains a character that cannot be kept"),
    "proof_required": ProblemKind(401, "This act needs a fresh proof of identity, made for it alone"),
    "unauthenticated": ProblemKind(401, "A valid bearer token is needed"),
    "forbidden": ProblemKind(403, "No role of yours allows this"),
    "not_found": ProblemKind(404, "Nothing is here, or nothing that you may see"),
    "method_not_allowed": ProblemKind(405, "This method does not exist here"),
    "not_acceptable": ProblemKind(406, "No answer of the wanted kind exists"),
    "body_timeout": ProblemKind(408, "The body did not arrive in time"),
    "clock_cannot_go_back": ProblemKind(409, "Domain time moves forward only"),
    "proof_replayed": ProblemKind(409, "This proof of identity was already used"),
    "body_too_large": ProblemKind(413, "The body is too large"),
    "unsupported_media_type": ProblemKind(415, "The body must be application/json in UTF-8, not compressed"),
    "idempotency_mismatch": ProblemKind(422, "This Idempotency-Key was used with another body"),
    "invalid_request": ProblemKind(422, "The request does not have the form this route takes"),
    "too_many_requests": ProblemKind(429, "Too many requests"),
    "headers_too_large": ProblemKind(431, "The header fields are too large"),
    "internal_error": ProblemKind(500, "The service failed; the request can be repeated"),
    "store_unavailable": ProblemKind(503, "The store cannot be reached; nothing was kept"),
    "store_full": ProblemKind(507, "The store is full; nothing was kept"),
}
"""The register of every code that does not belong to one service."""

_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_CODE_OF_STATUS = {
    400: "bad_request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "body_too_large",
    415: "unsupported_media_type",
    422: "invalid_request",
    429: "too_many_requests",
}


class Problem(Exception):
    """A refusal on its way to the client.

    Attributes:
        status, code, title: from `SHARED_PROBLEMS` when the code is there, else as given.
        detail: one sentence for a person; never made from the request's own text.
        extra: further members of the document.
        headers: of the response, besides the media type.
    """

    def __init__(
        self,
        code: str,
        *,
        status: int | None = None,
        title: str | None = None,
        detail: str | None = None,
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        kind = SHARED_PROBLEMS.get(code)
        if kind is None and (status is None or title is None):
            raise ValueError(f"the code {code} is in no register: give its status and title")
        if _RESERVED & set(extra or ()):
            raise ValueError("extra members may not replace the standard ones")
        self.code = code
        self.status = kind.status if kind else status or 500
        self.title = kind.title if kind else title or code
        self.detail = f"{self.title}." if detail is None else detail
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})


class InvalidRequest(Problem):
    """422 `invalid_request` with every error as `{path, rule, message}`."""

    def __init__(self, errors: Sequence[Mapping[str, str]]) -> None:
        self.errors = [dict(error) for error in errors]
        super().__init__("invalid_request", extra={"errors": self.errors})


Translation = Callable[[Any], Problem]
"""Turns an exception of some type into the refusal that the client sees."""


def safe_errors(found: Sequence[Any]) -> list[dict[str, str]]:
    """Pydantic's errors as path, rule and message, without any of the input.

    Args:
        found: `ValidationError.errors()` or `RequestValidationError.errors()`.

    Returns:
        At most 100 entries. A step of a path that is no field name (somebody's own key) is written `?`.
        The text of validators of our own is passed on: they must not put a value into it.
    """
    return [
        {
            "path": ".".join(_step(step) for step in error["loc"]),
            "rule": str(error["type"]),
            "message": _message(error),
        }
        for error in found[:MAX_ERRORS]
    ]


def problem_response(problem: Problem, request_id: str) -> Response:
    """The refusal as a response; extra members that JSON cannot carry are left out, not failed on."""
    document: dict[str, Any] = {
        "type": f"/problems/{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
        "request_id": request_id,
    }
    try:
        content = json.dumps(document | problem.extra, default=_as_json, allow_nan=False)
    except (TypeError, ValueError):
        log.error("problem_members_unwritable", code=problem.code, request_id=request_id)
        content = json.dumps(document)
    return Response(content, problem.status, problem.headers, MEDIA_TYPE)


def request_id_of(scope: Scope) -> str:
    """The id that the edge gave this request; a new one where no edge stands in front."""
    state: dict[str, Any] = scope.setdefault("state", {})
    if "request_id" not in state:
        state["request_id"] = new_id()
    return str(state["request_id"])


def internal_error(scope: Scope, error: Exception, *, service: str) -> Response:
    """Log what nobody expected and answer 500 `internal_error`, saying only which request it was."""
    request_id = request_id_of(scope)
    log.error("internal_error", service=service, request_id=request_id, exc_info=error)
    return problem_response(Problem("internal_error"), request_id)


def install_problem_handlers(
    app: FastAPI, *, service: str, translations: Mapping[type[Exception], Translation] | None = None
) -> None:
    """Let every refusal and every failure of `app` leave as a problem document.

    Args:
        app: the application of one service.
        service: its name, for the log.
        translations: exceptions of the service and its store that mean a refusal.
    """

    async def on_problem(request: Request, error: Problem) -> Response:
        return problem_response(error, request_id_of(request.scope))

    async def on_validation(request: Request, error: RequestValidationError) -> Response:
        found = error.errors()
        if any(each["type"] == "json_invalid" for each in found):
            return await on_problem(request, Problem("invalid_json"))
        return await on_problem(request, InvalidRequest(safe_errors(found)))

    async def on_http(request: Request, error: HTTPException) -> Response:
        if error.status_code == 405:
            return await on_problem(request, Problem("method_not_allowed", headers=_allow(request)))
        return await on_problem(request, _from_http(error))

    async def on_unknown(request: Request, error: Exception) -> Response:
        return internal_error(request.scope, error, service=service)

    handlers: dict[type[Exception], Any] = {
        Problem: on_problem,
        RequestValidationError: on_validation,
        HTTPException: on_http,
        Exception: on_unknown,
    }
    for kind, translate in (translations or {}).items():
        handlers[kind] = _translating(translate)
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


def _translating(translate: Translation) -> Callable[[Request, Exception], Any]:
    async def on_translated(request: Request, error: Exception) -> Response:
        return problem_response(translate(error), request_id_of(request.scope))

    return on_translated


def _from_http(error: HTTPException) -> Problem:
    """The framework's own refusal; its text is dropped, for it may repeat the request."""
    code = _CODE_OF_STATUS.get(error.status_code)
    if code is not None:
        return Problem(code, headers=error.headers)
    return Problem(
        f"http_{error.status_code}", status=error.status_code, title="Refused", headers=error.headers
    )


def _allow(request: Request) -> dict[str, str]:
    """Every method that this path takes; the framework names those of the first route only."""
    taken = (
        method
        for method in _METHODS
        for asked in [{**request.scope, "method": method}]
        if any(route.matches(asked)[0] is Match.FULL for route in request.app.routes)
    )
    return {"allow": ", ".join(taken)}


def _message(error: Any) -> str:
    """What the rule says, unless it repeats the value."""
    text, value = str(error["msg"]), error.get("input")
    repeats = isinstance(value, str) and len(value) > 3 and value in text
    if repeats or error["type"] in _ECHOING_RULES:
        return "The value breaks this rule."
    return text.removeprefix("Value error, ")


def _step(step: int | str) -> str:
    if isinstance(step, int):
        return str(step)
    return step if _FIELD_NAME.fullmatch(step) else "?"


def _as_json(value: object) -> Any:
    match value:
        case datetime():
            return format_instant(value)
        case date() | Decimal() | UUID():
            return str(value)
        case Enum():
            return value.value
        case Mapping():
            return dict(value)
        case set() | frozenset():
            return sorted(value)
    raise TypeError(f"{type(value).__name__} has no form in a problem document")

"""What every operation has in common, written into an application's OpenAPI document once.

A program must be able to work from the document alone: which requests need an `Idempotency-Key`, and what
each refusal looks like. The framework knows neither; it describes a validation error that is never sent.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Literal

from fastapi import FastAPI
from pydantic import BaseModel

from shared.problems import MEDIA_TYPE, SHARED_PROBLEMS

Json = dict[str, Any]
Kind = Literal["command", "intake", "reading"]

KIND = "x-kind"
INTAKE: Json = {KIND: "intake"}
"""For `openapi_extra`: takes in from everybody who is authenticated, and makes a key when none is given."""
READING: Json = {KIND: "reading"}
"""For `openapi_extra` of a POST that changes nothing and reads no key."""

ABOUT = (
    "Every change is one POST with an `Idempotency-Key`; the answer leaves after the commit. Every refusal is a "
    "problem document (RFC 9457) whose `code` has always the same status; docs/refusals.md lists the codes. "
    "Ids are UUIDs, instants RFC 3339 with an offset, lists come in pages: `next_cursor` goes into `cursor`."
)


def also_answers(status: int, model: type[BaseModel], description: str) -> dict[int | str, Json]:
    """For `responses` of a route that has a second successful answer."""
    return {status: {"model": model, "description": description}}


_KEY = "IdempotencyKey"
_KEY_IF_WANTED = "IdempotencyKeyIfWanted"
_KEY_MEANS = (
    "At most 200 printable ASCII characters, chosen by the client, one for each intended change; it belongs to the "
    "caller and the path. Repeated with the same body it gives the first answer again, with `Idempotent-Replay: "
    "true`; with another body it is refused (422 `idempotency_mismatch`). Bodies are compared byte for byte, so "
    "the order of keys and white space count: send a retry from the bytes that were sent first. Only successes are "
    "kept; after a refusal the same key may be used again."
)
_SCHEMA: Json = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[ -~]+$"}
_NEVER_SENT = ("HTTPValidationError", "ValidationError")


def install_openapi(app: FastAPI) -> None:
    """Let `app` describe itself in full, in the committed document and in the one it serves."""
    plain = app.openapi

    def described() -> Json:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(plain())
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]


def _completed(document: Json) -> Json:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in _NEVER_SENT:
        schemas.pop(name, None)
    schemas["Problem"] = _problem_schema()
    components["parameters"] = {
        _KEY: _key_parameter(required=True, means=_KEY_MEANS),
        _KEY_IF_WANTED: _key_parameter(required=False, means=f"Made and returned when absent. {_KEY_MEANS}"),
    }
    statuses: set[int] = set()
    for method, operation in _operations(document):
        kind: Kind = operation.pop(KIND, "reading" if method == "get" else "command")
        _summarise(operation)
        if kind != "reading":
            key = _KEY_IF_WANTED if kind == "intake" else _KEY
            operation.setdefault("parameters", []).append({"$ref": f"#/components/parameters/{key}"})
        refusals = sorted(_refusals(operation, kind))
        statuses.update(refusals)
        operation["responses"].pop("422", None)
        for status in refusals:
            operation["responses"].setdefault(
                str(status), {"$ref": f"#/components/responses/Refused{status}"}
            )
    components["responses"] = {f"Refused{status}": _response(status) for status in sorted(statuses)}
    return document


def _operations(document: Json) -> Iterator[tuple[str, Json]]:
    for methods in document["paths"].values():
        yield from methods.items()


def _summarise(operation: Json) -> None:
    """The docstring's first line as the summary, and as the description only when there is more of it."""
    words = str(operation.get("description", "")).strip()
    if words:
        operation["summary"] = words.splitlines()[0].rstrip(".")
        if "\n" not in words:
            del operation["description"]


def _refusals(operation: Json, kind: Kind) -> Iterator[int]:
    """Statuses of the refusals that an operation may answer with."""
    yield 503
    if "security" in operation:
        yield 401
        if kind != "intake":
            yield from (403, 404)
    if kind != "reading":
        yield from (400, 413, 415, 422, 507)
        if kind == "command":
            yield 409
    if operation.get("parameters"):
        yield 422
    if "requestBody" in operation:
        yield from (400, 408, 413, 415, 422)


def _response(status: int) -> Json:
    """One refusal; a code of a service's own has its status, so only the shared codes can be named here."""
    codes = sorted(code for code, kind in SHARED_PROBLEMS.items() if kind.status == status)
    named = ", ".join(f"`{code}`" for code in codes)
    return {
        "description": f"{HTTPStatus(status).phrase}: {named}" if named else HTTPStatus(status).phrase,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _key_parameter(*, required: bool, means: str) -> Json:
    return {
        "name": "Idempotency-Key",
        "in": "header",
        "required": required,
        "description": means,
        "schema": dict(_SCHEMA),
    }


def _problem_schema() -> Json:
    text: Json = {"type": "string"}
    error = {
        "type": "object",
        "properties": {
            "path": text | {"description": "Where, as `field.0.field`; empty for the whole body"},
            "rule": text | {"description": "Which rule is broken, for programs"},
            "message": text | {"description": "The same, for people"},
        },
        "required": ["path", "rule", "message"],
    }
    return {
        "title": "Problem",
        "description": "A refusal (RFC 9457). Some codes have further members.",
        "type": "object",
        "properties": {
            "type": text | {"description": "`/problems/` and the code"},
            "title": text,
            "status": {"type": "integer"},
            "code": text | {"description": "What programs decide by"},
            "detail": text | {"description": "One sentence for a person"},
            "request_id": text,
            "errors": {"type": "array", "items": error, "description": "With `invalid_request`"},
        },
        "required": ["type", "title", "status", "code", "detail", "request_id"],
    }

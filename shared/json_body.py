"""Reading JSON that strangers send: one strict reader for every body, before anything is believed.

A body is read twice on purpose. `read_json` refuses what parsers disagree about (repeated keys, lone
surrogates, numbers without a finite value, deep nesting); the model then reads the same bytes strictly.
Nothing of the input comes back in an error: no value, and a key only when it has the form of a field name.
"""

import asyncio
import json
import re
from array import array
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import accumulate
from typing import Annotated, Any, Literal, NoReturn, TypeVar

from pydantic import BaseModel, ConfigDict, PlainSerializer, PlainValidator, ValidationError, WithJsonSchema
from pydantic_core import PydanticCustomError, from_json
from starlette.requests import ClientDisconnect, Request

from shared.clock import format_instant, parse_instant
from shared.problems import InvalidRequest, Problem, safe_errors

M = TypeVar("M", bound=BaseModel)
Nul = Literal["refuse", "replace", "keep"]

MAX_BODY_BYTES = 1024 * 1024
BODY_SECONDS = 30.0
MAX_DEPTH = 64
MAX_INTEGER = 2**63 - 1
"""Stores keep 64-bit integers; a greater one would only fail later."""

_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_DECIMAL = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ESCAPE = re.compile(rb"\\(u0000|.)", re.DOTALL)
_STEP = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[{]}")


class StrictModel(BaseModel):
    """A body or a part of one: every field known, every value of its own JSON type.

    An integer field takes `3`, but not `3.0`, `"3"` or `true`. Dates, ids and enums are JSON text.
    """

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False, hide_input_in_errors=True
    )


def _read_instant(value: object) -> datetime:
    if isinstance(value, datetime) and value.utcoffset() is not None:
        return value
    try:
        return parse_instant(value if isinstance(value, str) else "")
    except ValueError:
        raise PydanticCustomError(
            "instant", "Input should be a date and time with seconds and a UTC offset (RFC 3339)"
        ) from None


def _read_day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        if isinstance(value, str) and _DAY.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise PydanticCustomError("day", "Input should be a calendar date like 2026-11-21")


def _read_decimal(value: object) -> Decimal:
    if isinstance(value, Decimal) and value.is_finite():
        return value
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return Decimal(value)
    raise PydanticCustomError("decimal_text", 'Input should be a decimal number written as text, like "1.50"')


Instant = Annotated[
    datetime,
    PlainValidator(_read_instant),
    PlainSerializer(format_instant, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A time with its offset. Pydantic's own type also takes `"1700000000"` and times without an offset."""

Day = Annotated[
    date,
    PlainValidator(_read_day),
    PlainSerializer(date.isoformat, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date"}),
]
"""A calendar date. Pydantic's own type also takes a number of seconds written as text."""

DecimalText = Annotated[
    Decimal,
    PlainValidator(_read_decimal),
    PlainSerializer(lambda number: format(number, "f"), return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": f"^{_DECIMAL.pattern}$"}),
]
"""An exact decimal number. Pydantic's own type reads JSON numbers through binary floating point."""


class BodyInvalid(InvalidRequest):
    """The body is JSON, but not what this request takes; `errors` names each place and rule."""


class _Nothing(StrictModel):
    """The body of a route that takes none."""


class _Repeated(Exception):
    """An object names one key twice."""


def read_json(raw: bytes, *, nul: Nul = "refuse") -> bytes:
    """The bytes of one well-formed JSON object, as every parser will understand them.

    Args:
        raw: the body as it came.
        nul: `replace` writes U+FFFD for U+0000, for an intake that refuses nothing readable; `keep` is for one that
            also keeps every text inside JSON values, for which alone a store has room.

    Returns:
        `raw`, or with `replace` the same document without U+0000.

    Raises:
        Problem: 400 `invalid_json` (malformed, not UTF-8, empty, a number that is not finite, a lone
            surrogate, more than 64 levels, an integer beyond 64 bits); 400 `duplicate_key`; 400
            `invalid_text` (U+0000).
        BodyInvalid: 422 when the document is not an object.
    """
    if nul != "keep" and rb"\u0000" in raw:
        raw = _without_nul(raw, nul)
    try:
        from_json(raw, allow_inf_nan=False)
        if _depth(raw) > MAX_DEPTH:
            raise ValueError("nested too deep")
        document = json.loads(raw.decode(), object_pairs_hook=_unrepeated, **_NUMBERS)
    except _Repeated:
        raise Problem("duplicate_key") from None
    except (ValueError, RecursionError):
        raise Problem("invalid_json") from None
    if not isinstance(document, dict):
        raise BodyInvalid([{"path": "", "rule": "object", "message": "The body must be a JSON object."}])
    return raw


def parse_body(raw: bytes, model: type[M], *, nul: Nul = "refuse") -> M:
    """The body as `model`.

    Raises:
        Problem: see `read_json`.
        BodyInvalid: 422 with every error as path, rule and message.
    """
    try:
        return model.model_validate_json(read_json(raw, nul=nul))
    except ValidationError as error:
        found = safe_errors(error.errors(include_url=False, include_context=False))
    raise BodyInvalid(found)


async def read_limited(
    request: Request, *, limit: int = MAX_BODY_BYTES, seconds: float = BODY_SECONDS
) -> bytes:
    """The whole body of a JSON request, as long as it stays small and comes in time.

    Args:
        request: declared as `application/json`, in UTF-8 and not compressed.
        limit: largest number of bytes.
        seconds: time for the whole body, however slowly it drips.

    Raises:
        Problem: 415 `unsupported_media_type`, 413 `body_too_large`, 408 `body_timeout`,
            400 `body_incomplete`. After 413 and 408 the connection closes: the rest is still on its way.
    """
    _check_media_type(request)
    return await _arrived(request, limit, seconds)


async def _arrived(request: Request, limit: int, seconds: float) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and (len(declared) > 19 or int(declared) > limit):
        raise _too_large(limit)
    try:
        async with asyncio.timeout(seconds):
            return await _collect(request, limit)
    except TimeoutError:
        raise Problem("body_timeout", headers={"connection": "close"}) from None
    except ClientDisconnect:
        raise Problem("body_incomplete") from None


async def read_nothing(request: Request) -> bytes:
    """The body of a route that takes none: nothing, or an empty object.

    Returns:
        No bytes, so that both are the same request under an idempotency key.

    Raises:
        Problem: as `read_limited` and `read_json`, for a body that is neither.
        BodyInvalid: 422 when it says something that nobody would read.
    """
    raw = await _arrived(request, MAX_BODY_BYTES, BODY_SECONDS)
    if raw:
        _check_media_type(request)
        parse_body(raw, _Nothing)
    return b""


def request_body(model: type[BaseModel]) -> dict[str, Any]:
    """What a route passes as `openapi_extra`, so that its documented body is the one `parse_body` reads."""
    schema = model.model_json_schema(mode="validation")
    definitions = schema.pop("$defs", {})
    content = {"application/json": {"schema": _inline(schema, definitions)}}
    return {"requestBody": {"required": True, "content": content}}


async def _collect(request: Request, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
    return b"".join(chunks)


def _too_large(limit: int) -> Problem:
    return Problem(
        "body_too_large", detail=f"The body may have {limit} bytes.", headers={"connection": "close"}
    )


def _check_media_type(request: Request) -> None:
    declared = request.headers.getlist("content-type")
    media_type, _, parameters = (declared[0] if len(declared) == 1 else "").partition(";")
    charset = parameters.replace(" ", "").replace('"', "").lower()
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    known = media_type.strip().lower() == "application/json" and charset in ("", "charset=utf-8")
    if not known or encoding != "identity":
        raise Problem("unsupported_media_type", headers={"accept": "application/json"})


def _without_nul(raw: bytes, nul: Nul) -> bytes:
    replaced = _ESCAPE.sub(lambda found: rb"\ufffd" if found[1] == b"u0000" else found[0], raw)
    if nul == "refuse" and replaced != raw:
        raise Problem("invalid_text", detail="A text in the body contains U+0000.")
    return replaced


def _depth(raw: bytes) -> int:
    """Levels of nesting; at most the number of opening brackets, which is enough for most bodies."""
    most = raw.count(b"{") + raw.count(b"[")
    if most <= MAX_DEPTH:
        return most
    brackets = _STRING.sub(b"", raw).translate(_STEP, _NOT_BRACKETS)
    return max(accumulate(array("b", brackets)), default=0)


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _Repeated
    return members


def _integer(digits: str) -> int:
    number = int(digits) if len(digits) < 21 else MAX_INTEGER + 1
    if not -MAX_INTEGER - 1 <= number <= MAX_INTEGER:
        raise ValueError("beyond 64 bits")
    return number


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise ValueError("no finite number")
    return number


def _no_constant(name: str) -> NoReturn:
    raise ValueError("no JSON number")


_NUMBERS: dict[str, Any] = {"parse_int": _integer, "parse_float": _finite, "parse_constant": _no_constant}


def _inline(schema: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(schema, Mapping):
        reference = schema.get("$ref")
        members = {key: value for key, value in schema.items() if key not in ("$ref", "discriminator")}
        if isinstance(reference, str):
            members = {**definitions[reference.rpartition("/")[2]], **members}
        return {key: _inline(value, definitions) for key, value in members.items()}
    if isinstance(schema, Sequence) and not isinstance(schema, str):
        return [_inline(value, definitions) for value in schema]
    return schema

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI, Request
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, field_validator

from shared.json_body import (
    BodyInvalid,
    Day,
    DecimalText,
    Instant,
    StrictModel,
    parse_body,
    read_json,
    read_limited,
    request_body,
)
from shared.problems import Problem, install_problem_handlers

CANARY = "Zaphod-9434765919"


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Round(StrictModel):
    kind: Literal["round"]
    radius: int


class Square(StrictModel):
    kind: Literal["square"]
    side: int


class Order(StrictModel):
    count: Annotated[int, Field(ge=1, le=5)] = 1
    ratio: float = 1.0
    paid: bool = False
    note: str = ""
    colour: Colour = Colour.RED
    at: Instant | None = None
    day: Day | None = None
    amount: DecimalText | None = None
    identifier: UUID | None = None
    lines: tuple[int, ...] = ()
    shape: Annotated[Round | Square, Field(discriminator="kind")] | None = None

    @field_validator("note")
    @classmethod
    def _no_shouting(cls, note: str) -> str:
        if note.isupper():
            raise ValueError("Text in capitals is not accepted")
        return note


def refusal(raw: bytes, *, nul: Literal["refuse", "replace"] = "refuse") -> tuple[int, str]:
    with pytest.raises(Problem) as caught:
        read_json(raw, nul=nul)
    return caught.value.status, caught.value.code


def errors_of(document: dict[str, Any]) -> list[dict[str, str]]:
    with pytest.raises(BodyInvalid) as caught:
        parse_body(json.dumps(document).encode(), Order)
    return caught.value.errors


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"   ",
        b"{",
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":-Infinity}',
        b'{"a":1e999}',
        b'{"a":-1e999}',
        b'{"a":[{"b":1e99999999999999999999}]}',
        rb'{"a":"\ud800"}',
        rb'{"a":"\udc00\ud800"}',
        rb'{"\udfff":1}',
        b'{"a":"\xff"}',
        b'{"a":"\xed\xa0\x80"}',
        b"\xef\xbb\xbf{}",
        '{"a":1}'.encode("utf-16"),
        b'{"a":"\x00"}',
        b'{"a":"\x1f"}',
        b'{"a":01}',
        b'{"a":1.}',
        b'{"a":1,}',
        b"{'a':1}",
        b'{"a":1}{}',
        b'{"a":1 /* no */}',
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":9223372036854775808}',
        b'{"a":-9223372036854775809}',
        b'{"a":' + b"[" * 64 + b"]" * 64 + b"}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
    ids=lambda raw: repr(raw[:24]),
)
def test_what_is_no_well_formed_json_is_refused_as_invalid_json(raw: bytes) -> None:
    began = time.perf_counter()

    assert refusal(raw) == (400, "invalid_json")
    assert time.perf_counter() - began < 0.1


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":1,"a":1}',
        b'{"a":{"b":[{"c":1,"c":2}]}}',
        rb'{"a":1,"\u0061":2}',
    ],
)
def test_a_key_that_is_named_twice_is_refused(raw: bytes) -> None:
    assert refusal(raw) == (400, "duplicate_key")


@pytest.mark.parametrize("raw", [b"[]", b'"text"', b"null", b"3", b"true", b"[{}]"])
def test_a_document_that_is_no_object_is_refused_by_the_form(raw: bytes) -> None:
    assert refusal(raw) == (422, "invalid_request")


@pytest.mark.parametrize(
    "raw",
    [
        b"{}",
        b' {"a": 1}\n',
        b'{"a":9223372036854775807,"b":-9223372036854775808,"c":1e308,"d":-0.0}',
        rb'{"a":"\ud83d\ude00 \u00e9 \" \\u0000"}',
        b'{"a":' + b"[" * 63 + b"]" * 63 + b"}",
        json.dumps({"a": "[{" * 200, "b": [{"c": []}] * 100}).encode(),
        rb'{"a":"\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\"}',
    ],
    ids=lambda raw: repr(raw[:24]),
)
def test_well_formed_objects_pass_unchanged(raw: bytes) -> None:
    assert read_json(raw) == raw


@pytest.mark.parametrize("raw", [rb'{"a":"x\u0000y"}', rb'{"\u0000":1}', rb'{"a":["\\\u0000"]}'])
def test_a_text_with_u0000_is_refused(raw: bytes) -> None:
    assert refusal(raw) == (400, "invalid_text")


def test_an_intake_that_refuses_nothing_readable_gets_u0000_replaced() -> None:
    raw = rb'{"a":"x\u0000\u0000y","b":"\\u0000","c":"\\\u0000","\u0000":1}'

    read = json.loads(read_json(raw, nul="replace"))

    assert read == {"a": "x��y", "b": r"\u0000", "c": "\\�", "�": 1}


def test_replacing_u0000_does_not_make_two_keys_equal_unnoticed() -> None:
    assert refusal(rb'{"a\u0000":1,"a\ufffd":2}', nul="replace") == (400, "duplicate_key")


JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.sampled_from("abcd"), children),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from("abcd"), JSON_VALUES), st.booleans())
def test_every_object_that_json_can_write_is_read(document: dict[str, Any], ascii_only: bool) -> None:
    raw = json.dumps(document, ensure_ascii=ascii_only).encode()

    assert json.loads(read_json(raw)) == document


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_no_bytes_whatever_cause_anything_but_a_refusal(raw: bytes) -> None:
    with suppress(Problem):
        assert isinstance(json.loads(read_json(raw)), dict)


@pytest.mark.parametrize("value", ["3.0", '"3"', "true", "3.5", "3e0", "null", "[3]", "0", "6"])
def test_an_integer_field_takes_nothing_but_an_integer_in_its_range(value: str) -> None:
    with pytest.raises(BodyInvalid) as caught:
        parse_body(f'{{"count":{value}}}'.encode(), Order)

    assert [error["path"] for error in caught.value.errors] == ["count"]


@pytest.mark.parametrize(
    "document",
    [
        {"paid": 1},
        {"paid": "true"},
        {"note": 1},
        {"note": None},
        {"ratio": "1"},
        {"colour": "green"},
        {"lines": [1, "2"]},
        {"lines": {"0": 1}},
        {"identifier": "nonsense"},
    ],
)
def test_a_value_of_another_json_type_is_refused(document: dict[str, Any]) -> None:
    assert len(errors_of(document)) == 1


def test_dates_ids_enums_and_decimals_are_read_from_text() -> None:
    raw = b"""{"at": "2026-11-21T14:00:00+01:00", "day": "2026-11-21", "amount": "-1.50", "colour": "blue",
               "identifier": "0191e2c8-4d5c-7c1b-9a68-6a7d1c2f3b4a"}"""

    order = parse_body(raw, Order)

    assert order.at == datetime(2026, 11, 21, 13, tzinfo=UTC)
    assert order.day == date(2026, 11, 21)
    assert order.amount == Decimal("-1.50")
    assert order.colour is Colour.BLUE
    assert order.identifier == UUID("0191e2c8-4d5c-7c1b-9a68-6a7d1c2f3b4a")
    assert json.loads(order.model_dump_json())["at"] == "2026-11-21T13:00:00.000000Z"
    assert json.loads(order.model_dump_json())["amount"] == "-1.50"
    assert Order(at=order.at, day=order.day, amount=order.amount) is not None


@pytest.mark.parametrize("text", ["1700000000", "2026-11-21T13:00:00", "2026-11-21 13:00:00Z", "2026-11-21"])
def test_a_time_without_offset_or_written_as_seconds_is_refused(text: str) -> None:
    assert errors_of({"at": text})[0] == {
        "path": "at",
        "rule": "instant",
        "message": "Input should be a date and time with seconds and a UTC offset (RFC 3339)",
    }


@pytest.mark.parametrize(
    "value", ["1700006400", "2026-02-29", "20261121", "2026-W47-6", 20260, "2026-11-21T00:00:00Z"]
)
def test_a_day_that_is_no_calendar_date_is_refused(value: object) -> None:
    assert errors_of({"day": value})[0]["rule"] == "day"


@pytest.mark.parametrize("value", [1.1, 3, "NaN", "1e3", " 1 ", "1_000", "+1", ".5", "1.", "9" * 19])
def test_a_decimal_is_exact_text_or_refused(value: object) -> None:
    assert errors_of({"amount": value})[0]["rule"] == "decimal_text"


def test_every_error_is_named_by_its_path_and_nothing_of_the_input_comes_back() -> None:
    document = {
        "note": CANARY.upper(),
        "colour": CANARY,
        "at": CANARY,
        "day": CANARY,
        "amount": CANARY,
        "count": CANARY,
        "identifier": CANARY,
        "lines": [1, CANARY],
        "shape": {"kind": CANARY},
        CANARY: 1,
    }

    errors = errors_of(document)

    assert sorted(error["path"] for error in errors) == [
        "?",
        "amount",
        "at",
        "colour",
        "count",
        "day",
        "identifier",
        "lines.1",
        "note",
        "shape",
    ]
    assert "zaphod" not in json.dumps(errors).lower()
    assert "9434765919" not in json.dumps(errors)
    assert {"path": "note", "rule": "value_error", "message": "Text in capitals is not accepted"} in errors


def test_an_unknown_field_is_named_when_it_has_the_form_of_a_field() -> None:
    assert errors_of({"status": "done"})[0]["path"] == "status"
    assert errors_of({"status": "done"})[0]["rule"] == "extra_forbidden"


def test_at_most_a_hundred_errors_are_told() -> None:
    assert len(errors_of({"lines": ["x"] * 5000})) == 100


def test_reading_a_small_body_takes_no_time_that_anyone_would_notice() -> None:
    raw = json.dumps({"note": "x" * 900, "lines": list(range(40))}).encode()
    parse_body(raw, Order)

    began = time.perf_counter()
    for _ in range(200):
        parse_body(raw, Order)

    assert (time.perf_counter() - began) / 200 < 0.001  # 20 to 40 microseconds where this was written


def test_the_documented_body_is_the_one_that_is_read() -> None:
    documented = request_body(Order)

    schema = documented["requestBody"]["content"]["application/json"]["schema"]
    assert documented["requestBody"]["required"] is True
    assert schema["additionalProperties"] is False
    assert schema["properties"]["at"]["anyOf"][0] == {"type": "string", "format": "date-time"}
    assert schema["properties"]["colour"]["enum"] == ["red", "blue"]
    assert schema["properties"]["colour"]["default"] == "red"
    assert "$ref" not in json.dumps(schema)
    assert "$defs" not in json.dumps(schema)


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

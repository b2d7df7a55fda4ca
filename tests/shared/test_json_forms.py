"""What a form makes of a document: exact types, named errors, and nothing of the input told back."""

import json
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from shared.json_body import BodyInvalid, parse_body, request_body
from tests.shared.orders import Colour, Order

CANARY = "Zaphod-9434765919"


def errors_of(document: dict[str, Any]) -> list[dict[str, str]]:
    with pytest.raises(BodyInvalid) as caught:
        parse_body(json.dumps(document).encode(), Order)
    return caught.value.errors


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

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import httpx
import pytest
import structlog
from fastapi import FastAPI, HTTPException, Query
from pydantic import BaseModel, Field, ValidationError, field_validator

from shared.problems import (
    MEDIA_TYPE,
    SHARED_PROBLEMS,
    InvalidRequest,
    Problem,
    install_problem_handlers,
    problem_response,
    safe_errors,
)

CANARY = "Zaphod-9434765919"
MEMBERS = {"type", "title", "status", "code", "detail", "request_id"}


class Round(BaseModel):
    kind: Literal["round"]


class Square(BaseModel):
    kind: Literal["square"]


class Picture(BaseModel):
    shape: Annotated[Round | Square, Field(discriminator="kind")] | None = None
    identifier: UUID | None = None
    shouted: str = ""

    @field_validator("shouted")
    @classmethod
    def _refused(cls, text: str) -> str:
        raise ValueError(f"{text} is not accepted")


class OutOfStock(Exception):
    pass


class Line(BaseModel):
    count: int


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Unconfigured, structlog draws every traceback for the terminal, which takes seconds."""
    with structlog.testing.capture_logs():
        yield


def application() -> FastAPI:
    app = FastAPI(redirect_slashes=False)
    install_problem_handlers(
        app,
        service="orders",
        translations={OutOfStock: lambda error: Problem("out_of_stock", status=409, title="Nothing is left")},
    )

    @app.get("/lines/{number}")
    async def line(number: int, limit: int = Query(default=50, le=200)) -> int:
        return number + limit

    @app.delete("/lines/{number}")
    async def remove(number: int) -> int:
        return number

    @app.post("/lines")
    async def add(line: Line) -> int:
        return line.count

    @app.get("/failures/{kind}")
    async def fail(kind: str) -> None:
        raise {
            "unknown": RuntimeError(f"SELECT * FROM people WHERE name = {CANARY}"),
            "known": Problem("forbidden", detail="Ask somebody else.", extra={"roles": ["clerk"]}),
            "stock": OutOfStock(CANARY),
            "teapot": HTTPException(418, CANARY),
            "http": HTTPException(403, CANARY, {"x-kept": "yes"}),
        }[kind]

    return app


async def asked(method: str, path: str, **more: Any) -> httpx.Response:
    transport = httpx.ASGITransport(application(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        return await client.request(method, path, **more)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", f"/{CANARY}", 404, "not_found"),
        ("DELETE", "/lines", 405, "method_not_allowed"),
        ("TRACE", "/lines", 405, "method_not_allowed"),
        ("GET", f"/lines/{CANARY}", 422, "invalid_request"),
        ("GET", f"/lines/1?limit={CANARY}", 422, "invalid_request"),
        ("GET", "/lines/1?limit=201", 422, "invalid_request"),
        ("GET", "/failures/unknown", 500, "internal_error"),
        ("GET", "/failures/known", 403, "forbidden"),
        ("GET", "/failures/stock", 409, "out_of_stock"),
        ("GET", "/failures/teapot", 418, "http_418"),
        ("GET", "/failures/http", 403, "forbidden"),
    ],
)
async def test_every_refusal_and_failure_is_a_problem_document_without_any_input(
    method: str, path: str, status: int, code: str
) -> None:
    answer = await asked(method, path)

    document = answer.json()
    assert answer.status_code == document["status"] == status
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert document["code"] == code
    assert document["type"] == f"/problems/{code}"
    assert document.keys() >= MEMBERS
    assert all(document[member] for member in MEMBERS)
    assert "9434765919" not in answer.text
    assert "Traceback" not in answer.text


async def test_the_headers_of_the_framework_are_kept() -> None:
    assert (await asked("DELETE", "/lines")).headers["allow"] == "POST"
    assert (await asked("GET", "/failures/http")).headers["x-kept"] == "yes"


async def test_allow_names_every_method_of_the_path() -> None:
    answer = await asked("PUT", "/lines/1")

    assert (answer.status_code, answer.headers["allow"]) == (405, "DELETE, GET")


async def test_errors_of_a_request_are_paths_and_rules() -> None:
    answer = await asked("GET", "/lines/1?limit=201")

    assert answer.json()["errors"] == [
        {
            "path": "query.limit",
            "rule": "less_than_equal",
            "message": "Input should be less than or equal to 200",
        }
    ]


async def test_a_body_that_the_framework_reads_does_not_come_back_either() -> None:
    answer = await asked("POST", "/lines", json={"count": CANARY, CANARY: [CANARY]})

    assert answer.status_code == 422
    assert "9434765919" not in answer.text


async def test_a_failure_is_logged_with_the_request_id_that_the_client_sees() -> None:
    with structlog.testing.capture_logs() as lines:
        answer = await asked("GET", "/failures/unknown")

    assert [line["event"] for line in lines] == ["internal_error"]
    assert lines[0]["request_id"] == answer.json()["request_id"]
    assert lines[0]["service"] == "orders"
    assert isinstance(lines[0]["exc_info"], RuntimeError)


async def test_extra_members_and_detail_are_kept() -> None:
    document = (await asked("GET", "/failures/known")).json()

    assert document["detail"] == "Ask somebody else."
    assert document["roles"] == ["clerk"]
    assert document["title"] == SHARED_PROBLEMS["forbidden"].title


def test_extra_members_of_other_kinds_are_written_as_text() -> None:
    extra = {
        "at": datetime(2026, 11, 21, 13, tzinfo=UTC),
        "on": date(2026, 11, 21),
        "amount": Decimal("1.50"),
        "roles": frozenset({"b", "a"}),
    }

    document = json.loads(bytes(problem_response(Problem("not_found", extra=extra), "r1").body))

    assert document["at"] == "2026-11-21T13:00:00.000000Z"
    assert (document["on"], document["amount"], document["roles"]) == ("2026-11-21", "1.50", ["a", "b"])


@pytest.mark.parametrize("unwritable", [object(), float("nan"), {1: object()}])
def test_an_extra_member_that_cannot_be_written_does_not_lose_the_refusal(unwritable: object) -> None:
    answer = problem_response(Problem("not_found", extra={"odd": unwritable}), "r1")

    assert answer.status_code == 404
    assert json.loads(bytes(answer.body)).keys() == MEMBERS


def test_a_lone_surrogate_in_a_detail_does_not_lose_the_refusal() -> None:
    answer = problem_response(Problem("not_found", detail="\ud800"), "r1")

    assert json.loads(bytes(answer.body))["code"] == "not_found"


def test_a_code_always_has_the_status_and_title_of_the_register() -> None:
    problem = Problem("not_found", status=200, title="Fine")

    assert (problem.status, problem.title) == (404, SHARED_PROBLEMS["not_found"].title)


def test_a_code_of_no_register_needs_a_status_and_a_title() -> None:
    with pytest.raises(ValueError, match="in no register"):
        Problem("out_of_stock")


def test_extra_members_cannot_replace_the_standard_ones() -> None:
    with pytest.raises(ValueError, match="standard"):
        Problem("not_found", extra={"status": 200})


def test_a_path_repeats_only_what_has_the_form_of_a_field_name() -> None:
    found = [
        {"loc": ("body", "lines", 3, CANARY, "count"), "type": "int_type", "msg": "Input should be an int"}
    ]

    assert InvalidRequest(safe_errors(found)).errors[0]["path"] == "body.lines.3.?.count"


@pytest.mark.parametrize(
    "document", [{"shape": {"kind": CANARY}}, {"identifier": CANARY}, {"shouted": CANARY}]
)
def test_a_message_that_repeats_the_value_is_replaced(document: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        Picture.model_validate(document)

    (error,) = safe_errors(caught.value.errors())
    assert error["message"] == "The value breaks this rule."
    assert error["rule"] in ("union_tag_invalid", "uuid_parsing", "value_error")


async def test_a_broken_body_that_the_framework_reads_is_invalid_json() -> None:
    answer = await asked("POST", "/lines", content=b"{", headers={"content-type": "application/json"})

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_json")


def test_the_register_is_consistent() -> None:
    for code, kind in SHARED_PROBLEMS.items():
        assert code.replace("_", "").isalpha()
        assert code == code.lower()
        assert 400 <= kind.status <= 599
        assert kind.title

from typing import Annotated, Any

import httpx
from fastapi import APIRouter, Depends, FastAPI, Request, Response

from shared.auth import Principal, require_principal
from shared.json_body import StrictModel, request_body
from shared.openapi import INTAKE, READING, install_openapi
from shared.problems import Problem as Refusal
from shared.problems import install_problem_handlers, problem_response

Person = Annotated[Principal, Depends(require_principal)]


class LineIn(StrictModel):
    count: int


def application() -> FastAPI:
    app = FastAPI(openapi_url="/openapi.json")
    router = APIRouter()

    @router.post("/lines", status_code=201, openapi_extra=request_body(LineIn))
    async def add_line_route(request: Request, principal: Person) -> Response:
        """Add a line."""
        raise NotImplementedError

    @router.post("/slips", status_code=201, openapi_extra=request_body(LineIn) | INTAKE)
    async def take_slip_route(request: Request, principal: Person) -> Response:
        """Take a slip.

        Nobody is refused.
        """
        raise NotImplementedError

    @router.post("/checks", openapi_extra=READING)
    async def check_route(request: Request, principal: Person) -> Response:
        raise NotImplementedError

    @router.get("/lines")
    async def list_lines_route(principal: Person, limit: int = 1) -> Response:
        """Lines"""
        raise NotImplementedError

    app.include_router(router)
    install_problem_handlers(app, service="orders")
    install_openapi(app)
    return app


def operation(method: str, path: str) -> dict[str, Any]:
    found: dict[str, Any] = application().openapi()["paths"][path][method]
    return found


def keys_of(method: str, path: str) -> list[bool]:
    """Whether each `Idempotency-Key` that an operation takes is required."""
    components = application().openapi()["components"]["parameters"]
    references = [one["$ref"] for one in operation(method, path).get("parameters", ()) if "$ref" in one]
    parameters = [components[reference.rpartition("/")[2]] for reference in references]
    assert all((one["name"], one["in"]) == ("Idempotency-Key", "header") for one in parameters)
    return [one["required"] for one in parameters]


def test_every_command_takes_a_key_an_intake_may_and_a_reading_does_not() -> None:
    assert keys_of("post", "/lines") == [True]
    assert keys_of("post", "/slips") == [False]
    assert keys_of("post", "/checks") == keys_of("get", "/lines") == []


def test_the_key_says_that_bodies_are_compared_byte_for_byte() -> None:
    parameters = application().openapi()["components"]["parameters"].values()

    assert all("byte for byte" in parameter["description"] for parameter in parameters)


def test_refusals_are_problem_documents_as_far_as_they_can_come() -> None:
    command = {"400", "401", "403", "404", "408", "409", "413", "415", "422", "503", "507"}

    assert set(operation("post", "/lines")["responses"]) == command | {"201"}
    assert set(operation("post", "/slips")["responses"]) == command - {"403", "404", "409"} | {"201"}
    assert set(operation("get", "/lines")["responses"]) == {"200", "401", "403", "404", "422", "503"}
    document = application().openapi()
    for response in document["components"]["responses"].values():
        assert list(response["content"]) == ["application/problem+json"]


def test_what_is_never_sent_is_not_described() -> None:
    assert "HTTPValidationError" not in str(application().openapi())


def test_the_problem_schema_is_that_of_a_real_refusal() -> None:
    schema = application().openapi()["components"]["schemas"]["Problem"]

    sent = problem_response(Refusal("not_found"), "request-1").body

    assert all(f'"{name}":'.encode() in bytes(sent) for name in schema["required"])
    assert set(schema["properties"]["errors"]["items"]["required"]) == {"path", "rule", "message"}


def test_the_summary_is_the_first_line_of_the_docstring() -> None:
    assert operation("post", "/lines")["summary"] == "Add a line"
    assert "description" not in operation("post", "/lines")
    assert operation("post", "/slips")["summary"] == "Take a slip"
    assert "Nobody is refused" in operation("post", "/slips")["description"]


async def test_the_served_document_is_the_same() -> None:
    app = application()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as client:
        served = (await client.get("/openapi.json")).json()

    assert served == app.openapi()
    assert "x-kind" not in str(served)

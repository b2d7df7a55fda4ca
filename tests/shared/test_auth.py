from datetime import UTC, datetime
from typing import Annotated

import httpx
import pytest
import structlog
from fastapi import Depends, FastAPI

from shared.auth import Grant, Principal, TokenRefused, install_tokens, permit, require_principal
from shared.problems import Problem, install_problem_handlers

NOW = datetime(2026, 11, 21, 13, tzinfo=UTC)


def principal(*grants: str) -> Principal:
    return Principal(
        subject="u1",
        token_id="t1",
        grants=frozenset(Grant.parse(grant) for grant in grants),
        issued_at=NOW,
        expires_at=NOW,
    )


@pytest.mark.parametrize(
    "text", ["clerk:A1:north", "clerk:*:*", "head_clerk:A1:*", "clerk:A-1.b_c:0191e2c8-4d5c"]
)
def test_a_grant_is_written_as_role_scope_and_unit(text: str) -> None:
    assert str(Grant.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    ["", "clerk", "clerk:A1", "clerk:A1:north:x", "*:A1:north", "Clerk:A1:north", "clerk::north", "clerk:A1:",
     "clerk:A 1:x", "clerk:**:x", "clerk:A1:north\n", "clerk:A1:*x"],
)  # fmt: skip
def test_a_grant_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="role:scope:unit"):
        Grant.parse(text)


@pytest.mark.parametrize(
    ("grant", "scope", "unit", "reaches"),
    [
        ("clerk:A1:north", "A1", "north", True),
        ("clerk:A1:north", "A1", "south", False),
        ("clerk:A1:north", "A2", "north", False),
        ("clerk:A1:*", "A1", "south", True),
        ("clerk:A1:*", "A2", "south", False),
        ("clerk:*:*", "A2", "south", True),
        ("clerk:*:north", "A2", "north", True),
        ("clerk:A1:north", "A1", "*", False),
        ("clerk:A1:north", "*", "north", False),
        ("clerk:A1:*", "A1", "*", True),
    ],
)
def test_a_grant_reaches_exactly_its_scope_and_unit(grant: str, scope: str, unit: str, reaches: bool) -> None:
    assert principal(grant).allows(["clerk"], scope, unit) is reaches


def test_a_role_held_elsewhere_lends_nothing_to_another_grant() -> None:
    mixed = principal("clerk:A1:north", "auditor:A2:*")

    assert not mixed.allows(["clerk"], "A2", "south")
    assert not mixed.allows(["auditor"], "A1", "north")
    assert mixed.has_role("clerk", "nobody")
    assert not mixed.has_role("nobody")
    assert mixed.granted("clerk") == {Grant("clerk", "A1", "north")}


def test_permission_names_the_grant_of_the_first_role_that_fits() -> None:
    both = principal("clerk:A1:north", "head_clerk:*:*")

    assert permit(both, ["head_clerk", "clerk"], scope="A1", unit="north").role == "head_clerk"
    assert permit(both, ["clerk", "head_clerk"], scope="A1", unit="north").role == "clerk"
    assert permit(both, ["clerk", "head_clerk"], scope="A1", unit="south").role == "head_clerk"


def test_without_any_of_the_roles_the_answer_is_403() -> None:
    with pytest.raises(Problem) as caught, structlog.testing.capture_logs() as lines:
        permit(principal("clerk:A1:north"), ["auditor"], scope="A1", unit="north")

    assert (caught.value.status, caught.value.code) == (403, "forbidden")
    assert [line["event"] for line in lines] == ["permission_refused"]


def test_with_the_role_elsewhere_the_answer_is_the_404_of_something_absent() -> None:
    with pytest.raises(Problem) as caught:
        permit(principal("clerk:A1:north"), ["clerk"], scope="A1", unit="south")

    absent = Problem("not_found")
    refused = caught.value
    assert (refused.status, refused.code, refused.title, refused.detail, refused.extra, refused.headers) == (
        absent.status,
        absent.code,
        absent.title,
        absent.detail,
        absent.extra,
        absent.headers,
    )


def test_no_grants_permit_nothing() -> None:
    with pytest.raises(Problem) as caught:
        permit(principal(), ["clerk"], scope="*", unit="*")

    assert caught.value.code == "forbidden"


class OneToken:
    def verify(self, token: str) -> Principal:
        if token != "good":
            raise TokenRefused("signature")
        return principal("clerk:A1:north")


def application() -> FastAPI:
    app = FastAPI()
    install_problem_handlers(app, service="orders")
    install_tokens(app, OneToken())

    @app.get("/me")
    async def me(principal: Annotated[Principal, Depends(require_principal)]) -> str:
        return principal.subject

    return app


async def asked(*headers: tuple[str, str], path: str = "/me") -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application()), base_url="http://t") as client:
        return await client.get(path, headers=list(headers))


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_a_believed_token_gives_the_principal(scheme: str) -> None:
    answer = await asked(("authorization", f"{scheme} good"))

    assert answer.json() == "u1"


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("authorization", "")],
        [("authorization", "good")],
        [("authorization", "Basic good")],
        [("authorization", "Bearer")],
        [("authorization", "Bearer  good")],
        [("authorization", "Bearer bad")],
        [("authorization", "Bearer good"), ("authorization", "Bearer good")],
        [("cookie", "authorization=good")],
        [("x-forwarded-user", "u1")],
        [("proxy-authorization", "Bearer good")],
    ],
)
async def test_everything_else_gets_the_same_401(headers: list[tuple[str, str]]) -> None:
    answer = await asked(*headers)

    document = answer.json()
    document.pop("request_id")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert document == {
        "type": "/problems/unauthenticated",
        "title": "A valid bearer token is needed",
        "status": 401,
        "code": "unauthenticated",
        "detail": "A valid bearer token is needed.",
    }


async def test_a_token_in_the_address_is_not_read() -> None:
    assert (await asked(path="/me?access_token=good")).status_code == 401


async def test_why_a_token_was_refused_is_in_the_log_alone() -> None:
    with structlog.testing.capture_logs() as lines:
        answer = await asked(("authorization", "Bearer bad"))

    assert lines == [{"event": "token_refused", "reason": "signature", "log_level": "warning"}]
    assert "signature" not in answer.text


def test_the_documented_api_says_that_a_token_is_needed() -> None:
    documented = application().openapi()

    assert documented["paths"]["/me"]["get"]["security"] == [{"bearer": []}]
    assert documented["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


async def test_an_application_that_forgot_its_verifier_lets_nobody_in() -> None:
    app = application()
    del app.state.token_verifier

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        answer = await client.get("/me", headers={"authorization": "Bearer good"})

    assert answer.status_code == 500

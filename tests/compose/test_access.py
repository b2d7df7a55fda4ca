"""Who is let in through the one public port."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from deploy.trialops.home import DEVELOPMENT_ISSUER
from shared.auth import Grant
from shared.clock import server_now
from shared.ids import new_id
from shared.token_keys import generate_development_key, issue_token
from tests.compose.stack import Stack

SERVICES = ("enrolment", "safety", "sponsor")
MUCH_LATER = {"move_to": "2099-01-01T00:00:00Z"}

WRONG_ROLES = [
    ("GET", "/sponsor/api/v1/delivery/state", "trial_manager:*:*"),
    ("GET", "/enrolment/api/v1/delivery/outbox", "site_nurse:*:*"),
    ("GET", "/safety/api/v1/delivery/parked", "safety_officer:*:*"),
    ("POST", "/sponsor/api/v1/delivery/rebuilds", "trial_manager:*:*"),
    ("POST", "/enrolment/api/v1/delivery/audit-heads", "site_nurse:*:*"),
    ("POST", "/safety/api/v1/demonstration-clock", "safety_officer:*:*"),
    ("GET", "/safety/api/v1/adverse-events", "archivist:*:*"),
    ("GET", "/safety/api/v1/alerts", "archivist:*:*"),
    ("GET", "/enrolment/api/v1/slot-board?trial=PBTC042", "archivist:*:*"),
]
"""Requests that somebody else may make: method, path, and a grant that does not allow it."""


def _ask(stack: Stack, method: str, path: str, token: str | None) -> httpx.Response:
    headers = {"idempotency-key": new_id()}
    if token is not None:
        headers["authorization"] = f"Bearer {token}"
    body: dict[str, Any] = {"json": MUCH_LATER} if path.endswith("clock") else {}
    return httpx.request(method, stack.url + path, headers=headers, timeout=10, **body)


@pytest.mark.parametrize(("method", "path", "grant"), WRONG_ROLES)
def test_a_role_that_may_not_is_refused_and_nobody_is_not_let_in(
    stack: Stack, method: str, path: str, grant: str
) -> None:
    refused = _ask(stack, method, path, stack.home.token("somebody", grant))
    unknown = _ask(stack, method, path, None)

    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert unknown.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("service", SERVICES)
def test_a_token_of_another_key_is_not_believed(stack: Stack, service: str) -> None:
    forged = issue_token(
        generate_development_key(),
        issuer=DEVELOPMENT_ISSUER,
        audience=list(SERVICES),
        subject="somebody",
        grants=[Grant.parse("operations:*:*")],
        now=server_now(),
        lifetime=timedelta(hours=1),
    )

    answer = _ask(stack, "GET", f"/{service}/api/v1/delivery/state", forged)

    assert answer.status_code == 401


def test_the_root_names_the_services_and_nothing_else(stack: Stack) -> None:
    answer = httpx.get(stack.url, timeout=10)

    assert answer.json() == {"services": {name: f"/{name}/api/v1" for name in SERVICES}}
    assert "nginx/" not in answer.headers.get("server", "")

"""A proof of identity holds for one act, fresh, over exactly what is signed."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest
import structlog

from shared import tokens
from shared.problems import Problem
from shared.token_keys import Key, issue_proof
from tests.shared.forgery import AT, AUDIENCE, ED, GOOD, HASH, ISSUER, NOW, OTHER, token, verifier

pytestmark = [
    pytest.mark.filterwarnings("ignore:EdDSA is deprecated"),
    pytest.mark.filterwarnings("ignore:Key size should be"),
]


def proof(key: Key = ED, **changed: Any) -> str:
    settings: dict[str, Any] = {
        "issuer": ISSUER,
        "audience": AUDIENCE,
        "subject": "u1",
        "purpose": "sign",
        "bound_to": HASH,
        "now": NOW,
        "ids": lambda: "p1",
    }
    return issue_proof(key, **(settings | changed))


def proved(made: str, **changed: Any) -> tokens.Proof:
    asked: dict[str, Any] = {"subject": "u1", "purpose": "sign", "bound_to": HASH}
    return verifier().verify_proof(made, **(asked | changed))


def test_a_fresh_proof_for_this_act_is_believed() -> None:
    made = proof(authenticated_at=NOW - timedelta(seconds=119))

    assert proved(made) == tokens.Proof("p1", NOW - timedelta(seconds=119))


@pytest.mark.parametrize(
    ("made", "asked"),
    [
        (proof(subject="u2"), {}),
        (proof(), {"subject": "u2"}),
        (proof(), {"purpose": "lift"}),
        (proof(), {"bound_to": hashlib.sha256(b"something else").hexdigest()}),
        (proof(), {"bound_to": HASH.upper()}),
        (proof(authenticated_at=NOW - timedelta(seconds=121)), {}),
        (proof(authenticated_at=NOW - timedelta(seconds=11)), {"max_age_seconds": 10}),
        (proof(authenticated_at=NOW + timedelta(seconds=31)), {}),
        (proof(now=NOW - timedelta(seconds=200), authenticated_at=NOW), {}),
        (proof(lifetime=timedelta(minutes=6)), {}),
        (proof(audience="billing"), {}),
        (proof(issuer="https://other.example"), {}),
        (proof(OTHER), {}),
        (GOOD, {}),
        (token({"purpose": "sign", "nonce": HASH, "auth_time": AT, "exp": AT + 60}), {}),
        (token({"nonce": HASH, "auth_time": AT, "exp": AT + 60}, typ="proof+jwt"), {}),
        (token({"purpose": "sign", "auth_time": AT, "exp": AT + 60}, typ="proof+jwt"), {}),
        (token({"purpose": "sign", "nonce": HASH, "exp": AT + 60}, typ="proof+jwt"), {}),
        ("", {}),
        ("é", {}),
    ],
    ids=lambda value: "proof" if isinstance(value, str) else "asked",
)
def test_any_other_proof_gets_the_same_challenge(made: str, asked: dict[str, Any]) -> None:
    with pytest.raises(Problem) as caught, structlog.testing.capture_logs() as lines:
        proved(made, **asked)

    seconds = asked.get("max_age_seconds", 120)
    assert (caught.value.status, caught.value.code) == (401, "proof_required")
    assert caught.value.detail == Problem("proof_required").detail
    assert caught.value.headers["www-authenticate"] == (
        f'Bearer error="insufficient_user_authentication", max_age="{seconds}"'
    )
    assert [line["event"] for line in lines] == ["proof_refused"]


def test_a_proof_bound_to_no_hash_is_a_fault_of_ours() -> None:
    with pytest.raises(ValueError, match="hash"):
        proved(proof(), bound_to="")

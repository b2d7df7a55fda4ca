"""Tokens that are believed and tokens that are not."""

import warnings
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.errors import SecurityWarning
from joserfc.jwk import OctKey, OKPKey, RSAKey

from shared.auth import Grant, Principal, TokenRefused
from shared.token_keys import Key, generate_development_key, issue_token
from shared.tokens import TokenVerifier
from tests.shared.forgery import AT, AUDIENCE, ED, FORGED, GOOD, ISSUER, NOW, RSA, token, verifier

pytestmark = [
    pytest.mark.filterwarnings("ignore:EdDSA is deprecated"),
    pytest.mark.filterwarnings("ignore:Key size should be"),
]
GRANTS = [Grant("clerk", "A1", "north"), Grant("auditor", "*", "*")]


def test_no_forged_token_is_accepted() -> None:
    believing = verifier()
    accepted = []

    for name, forged in FORGED.items():
        try:
            believing.verify(forged)
        except TokenRefused:
            continue
        accepted.append(name)

    assert len(FORGED) > 80
    assert accepted == []


@pytest.mark.parametrize("key", [ED, RSA], ids=["Ed25519", "RS256"])
def test_an_issued_token_is_believed_and_carries_its_grants(key: Key) -> None:
    made = issue_token(
        key,
        issuer=ISSUER,
        audience=AUDIENCE,
        subject="u1",
        grants=GRANTS,
        now=NOW,
        authenticated_at=NOW - timedelta(minutes=5),
        ids=lambda: "t1",
    )

    assert verifier().verify(made) == Principal(
        subject="u1",
        token_id="t1",
        grants=frozenset(GRANTS),
        issued_at=NOW,
        expires_at=NOW + timedelta(hours=1),
        authenticated_at=NOW - timedelta(minutes=5),
    )


@pytest.mark.parametrize(
    "accepted",
    [
        GOOD,
        token(typ=...),
        token(typ="JWT"),
        token(alg="EdDSA"),
        token({"aud": ["billing", AUDIENCE]}),
        token({"nbf": ...}),
        token({"nbf": AT + 30}),
        token({"iat": AT + 30, "nbf": AT}),
        token({"iat": AT - 3600, "exp": AT - 29}),
        token({"exp": AT + 12 * 3600}),
        token({"more": {"of": ["the", "issuer"]}}),
    ],
    ids=lambda made: "token",
)
def test_tokens_within_the_rules_are_believed(accepted: str) -> None:
    assert verifier().verify(accepted).subject == "u1"


def test_a_token_without_grants_is_believed_but_allows_nothing() -> None:
    principal = verifier().verify(token({"grants": ...}))

    assert principal.grants == frozenset()
    assert principal.authenticated_at is None


def test_the_old_name_of_the_algorithm_does_not_warn_at_every_request() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", SecurityWarning)
        warnings.filterwarnings("ignore", message="EdDSA is deprecated", category=SecurityWarning)

        assert verifier().verify(token(alg="EdDSA")).subject == "u1"


@given(st.integers(0, len(GOOD) - 1), st.characters(codec="ascii"))
def test_a_token_with_one_other_character_is_not_believed(place: int, character: str) -> None:
    changed = GOOD[:place] + character + GOOD[place + 1 :]

    if changed != GOOD:
        with pytest.raises(TokenRefused):
            verifier().verify(changed)


@given(st.text(max_size=300) | st.from_regex(r"[A-Za-z0-9_-]{0,40}(\.[A-Za-z0-9_-]{0,40}){0,4}"))
def test_no_text_whatever_causes_anything_but_a_refusal(text: str) -> None:
    with pytest.raises(TokenRefused):
        verifier().verify(text)


@pytest.mark.parametrize(
    ("keys", "issuer", "audience"),
    [({}, ISSUER, AUDIENCE), ({"ed": ED}, "", AUDIENCE), ({"ed": ED}, ISSUER, "")],
)
def test_a_verifier_without_keys_issuer_or_audience_cannot_be_made(
    keys: dict[str, Key], issuer: str, audience: str
) -> None:
    with pytest.raises(ValueError, match="needs keys"):
        TokenVerifier(keys, issuer, audience, lambda: NOW)


@pytest.mark.parametrize(
    "make",
    [
        lambda: OctKey.generate_key(256),
        lambda: RSAKey.generate_key(1024),
        lambda: OKPKey.generate_key("Ed448"),
    ],
    ids=["symmetric", "RSA 1024", "Ed448"],
)
def test_a_verifier_takes_no_key_of_another_kind(make: Callable[[], Any]) -> None:
    key = make()

    with pytest.raises(ValueError, match="2048 bits"):
        TokenVerifier({"k": key}, ISSUER, AUDIENCE, lambda: NOW)


def test_a_development_key_can_issue() -> None:
    key = generate_development_key()
    made = issue_token(key, issuer=ISSUER, audience=AUDIENCE, subject="u1", grants=[], now=NOW)

    assert TokenVerifier({str(key.kid): key}, ISSUER, AUDIENCE, lambda: NOW).verify(made).subject == "u1"

"""A verified token is remembered for a while: never past its end, its revocation, or the memory's bound."""

import time
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jws

from shared.auth import TokenRefused
from tests.shared.forgery import AT, FORGED, GOOD, NOW, Clock, token, verifier

pytestmark = [
    pytest.mark.filterwarnings("ignore:EdDSA is deprecated"),
    pytest.mark.filterwarnings("ignore:Key size should be"),
]


def test_a_known_token_is_not_verified_again_within_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    believing = verifier(clock)
    asked: list[object] = []
    genuine = jws.deserialize_compact

    def counted(value: bytes, *arguments: Any, **options: Any) -> Any:
        asked.append(value)
        return genuine(value, *arguments, **options)

    monkeypatch.setattr(jws, "deserialize_compact", counted)
    for seconds in (0, 1, 59, 61, 120, 200):
        clock.now = NOW + timedelta(seconds=seconds)
        believing.verify(GOOD)

    assert len(asked) == 3


def test_a_remembered_token_still_expires() -> None:
    clock = Clock()
    believing = verifier(clock)
    short = token({"exp": AT + 20})
    believing.verify(short)

    clock.now = NOW + timedelta(seconds=50)
    with pytest.raises(TokenRefused, match="expired"):
        believing.verify(short)


def test_a_remembered_token_is_asked_for_again_when_the_clock_goes_back() -> None:
    clock = Clock()
    believing = verifier(clock)
    believing.verify(GOOD)

    clock.now = NOW - timedelta(hours=1)
    with pytest.raises(TokenRefused, match="not_yet"):
        believing.verify(GOOD)


def test_a_revoked_token_is_refused_at_the_next_request() -> None:
    revoked: set[str] = set()
    believing = verifier(is_revoked=lambda principal: principal.token_id in revoked)
    believing.verify(GOOD)

    revoked.add("t1")
    with pytest.raises(TokenRefused, match="revoked"):
        believing.verify(GOOD)


def test_what_is_remembered_is_bounded_and_no_token_is_kept() -> None:
    believing = verifier(remembered_tokens=3)

    for number in range(10):
        believing.verify(token({"jti": f"t{number}"}))

    assert len(believing._known) == 3
    assert GOOD not in repr(believing._known)


def test_refused_tokens_are_not_remembered() -> None:
    believing = verifier()

    for forged in list(FORGED.values())[:20]:
        with pytest.raises(TokenRefused):
            believing.verify(forged)

    assert not believing._known


def test_verifying_a_known_token_takes_no_time_that_anyone_would_notice() -> None:
    believing = verifier()
    believing.verify(GOOD)

    began = time.perf_counter()
    for _ in range(1000):
        believing.verify(GOOD)

    assert (time.perf_counter() - began) / 1000 < 0.001  # 2 microseconds where this was written

import base64
import hashlib
import hmac
import json
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwe, jws
from joserfc.errors import SecurityWarning
from joserfc.jwk import OctKey, OKPKey, RSAKey

from shared import tokens
from shared.auth import Grant, Principal, TokenRefused
from shared.problems import Problem
from shared.token_keys import Key, generate_development_key, issue_proof, issue_token
from shared.tokens import TokenVerifier

NOW = datetime(2026, 11, 21, 13, tzinfo=UTC)
ISSUER, AUDIENCE = "https://issuer.example", "orders"
HASH = hashlib.sha256(b"what is decided").hexdigest()
pytestmark = [
    pytest.mark.filterwarnings("ignore:EdDSA is deprecated"),
    pytest.mark.filterwarnings("ignore:Key size should be"),
]

ED: Key = OKPKey.import_key({**OKPKey.generate_key("Ed25519").as_dict(private=True), "kid": "ed"})
RSA: Key = RSAKey.import_key({**RSAKey.generate_key(2048).as_dict(private=True), "kid": "rsa"})
OTHER = OKPKey.import_key({**OKPKey.generate_key("Ed25519").as_dict(private=True), "kid": "ed"})
GRANTS = [Grant("clerk", "A1", "north"), Grant("auditor", "*", "*")]


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def verifier(now: Any = lambda: NOW, **more: Any) -> TokenVerifier:
    return TokenVerifier({"ed": ED, "rsa": RSA}, ISSUER, AUDIENCE, now, **more)


def claims(**changed: Any) -> dict[str, Any]:
    at = int(NOW.timestamp())
    made = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "u1",
        "iat": at,
        "nbf": at,
        "exp": at + 3600,
        "jti": "t1",
        "grants": ["clerk:A1:north"],
    } | changed
    return {name: value for name, value in made.items() if value is not ...}


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(payload: bytes, key: Any = ED, **header: Any) -> str:
    """A token of whatever content and header, correctly signed by `key` with Ed25519."""
    members = {"alg": "Ed25519", "kid": "ed", "typ": "at+jwt"} | header
    members = {name: value for name, value in members.items() if value is not ...}
    first = f"{b64(json.dumps(members).encode())}.{b64(payload)}"
    private: Ed25519PrivateKey = key.private_key
    return f"{first}.{b64(private.sign(first.encode()))}"


def token(changed: dict[str, Any] | None = None, key: Any = ED, **header: Any) -> str:
    return signed(json.dumps(claims(**(changed or {}))).encode(), key, **header)


def mac_token(secret: bytes, algorithm: str = "HS256", kid: str = "ed") -> str:
    header = {"alg": algorithm, "kid": kid, "typ": "at+jwt"}
    first = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims()).encode())}"
    return f"{first}.{b64(hmac.digest(secret, first.encode(), 'sha256'))}"


def raw_public(key: Any) -> bytes:
    return bytes(key.public_key.public_bytes(Encoding.Raw, PublicFormat.Raw))


def pem_public(key: Any) -> bytes:
    return bytes(key.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def unsigned(algorithm: str, signature: str) -> str:
    header = {"alg": algorithm, "kid": "ed", "typ": "at+jwt"}
    return f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims()).encode())}.{signature}"


def encrypted() -> str:
    key = OctKey.generate_key(256)
    return jwe.encrypt_compact(
        {"alg": "dir", "enc": "A256GCM", "kid": "ed"}, json.dumps(claims()).encode(), key
    )


def swapped() -> str:
    """The header and signature of one token around the claims of another."""
    first, _, last = token().split(".")
    return f"{first}.{b64(json.dumps(claims(sub='admin')).encode())}.{last}"


def rs256_on_the_ed_key() -> str:
    return jws.serialize_compact(
        {"alg": "RS256", "kid": "ed"}, json.dumps(claims()), RSA, algorithms=["RS256"]
    )


def ps256() -> str:
    return jws.serialize_compact(
        {"alg": "PS256", "kid": "rsa"}, json.dumps(claims()), RSA, algorithms=["PS256"]
    )


GOOD = token()
AT = int(NOW.timestamp())
FORGED: dict[str, str] = {
    "alg none, no signature": unsigned("none", ""),
    "alg none, some signature": unsigned("none", "AAAA"),
    "alg None": unsigned("None", b64(b"x" * 64)),
    "alg empty": unsigned("", b64(b"x" * 64)),
    "HS256 with the raw public key": mac_token(raw_public(ED)),
    "HS256 with the public key file": mac_token(pem_public(RSA), kid="rsa"),
    "HS256 with an empty secret": mac_token(b""),
    "HS256 named as EdDSA": mac_token(raw_public(ED), "EdDSA"),
    "RS256 on the Ed25519 key": rs256_on_the_ed_key(),
    "PS256 on the RSA key": ps256(),
    "Ed25519 on the RSA key": token(kid="rsa"),
    "signed by another key": token(key=OTHER),
    "unknown kid": token(kid="unknown"),
    "kid as a path": token(kid="../../../../dev/null"),
    "kid no text": token(kid=["ed"]),
    "no kid": token(kid=...),
    "no alg": token(alg=...),
    "foreign audience": token({"aud": "billing"}),
    "audience a prefix": token({"aud": "orders.example"}),
    "audience in an object": token({"aud": {"orders": True}}),
    "foreign audiences": token({"aud": ["billing", "stock"]}),
    "foreign issuer": token({"iss": "https://issuer.example.attacker"}),
    "issuer in a list": token({"iss": [ISSUER]}),
    "expired": token({"iat": AT - 7200, "nbf": AT - 7200, "exp": AT - 31}),
    "not yet valid": token({"nbf": AT + 31}),
    "issued in the future": token({"iat": AT + 31, "nbf": AT}),
    "lives too long": token({"exp": AT + 12 * 3600 + 1}),
    "ends before it begins": token({"exp": AT - 1}),
    "never expires": token({"exp": 10**18}),
    "expiry negative": token({"exp": -1}),
    "expiry as text": token({"exp": str(AT + 3600)}),
    "expiry with a fraction": token({"exp": AT + 3600.5}),
    "expiry true": token({"exp": True}),
    "jku": token(jku="https://attacker.example/keys.json"),
    "x5u": token(x5u="https://attacker.example/cert.pem"),
    "embedded jwk": token(key=OTHER, jwk=OTHER.as_dict(private=False)),
    "embedded jwk, right key": token(jwk=ED.as_dict(private=False)),
    "embedded certificate": token(x5c=["MIIB"]),
    "crit": token(crit=["exp"]),
    "crit b64": token(crit=["b64"], b64=False),
    "zip": token(zip="DEF"),
    "unknown header": token(attacker="yes"),
    "proof used as access token": issue_proof(
        ED, issuer=ISSUER, audience=AUDIENCE, subject="u1", purpose="sign", bound_to=HASH, now=NOW
    ),
    "another type of token": token(typ="logout+jwt"),
    "type no text": token(typ=["at+jwt"]),
    "truncated": GOOD[:-3],
    "one letter changed": GOOD[:-10] + ("A" if GOOD[-10] != "A" else "B") + GOOD[-9:],
    "claims of another token": swapped(),
    "without signature": GOOD.rpartition(".")[0],
    "with an empty signature": GOOD.rpartition(".")[0] + ".",
    "doubled dot": GOOD.replace(".", "..", 1),
    "four parts": GOOD + ".AAAA",
    "five parts": encrypted(),
    "leading dot": "." + GOOD,
    "padded": GOOD + "=",
    "other alphabet": GOOD[:-2] + "+/",
    "space inside": GOOD.replace(".", ". ", 1),
    "newline after": GOOD + "\n",
    "not ASCII": GOOD[:-1] + "é",
    "empty": "",
    "dots": "..",
    "a word": "null",
    "JSON form": json.dumps(dict(zip(("protected", "payload", "signature"), GOOD.split("."), strict=True))),
    "very long": "A" * 10_000 + "." + "A" * 10 + "." + "A" * 10,
    "header no object": f"{b64(b'[]')}.{GOOD.partition('.')[2]}",
    "header no JSON": f"{b64(b'{{{')}.{GOOD.partition('.')[2]}",
    "header nested deeply": f"{b64(b'[' * 3000)}.{GOOD.partition('.')[2]}",
    "claims no object": signed(b'["u1"]'),
    "claims no JSON": signed(b"u1"),
    "claims with a key twice": signed(json.dumps(claims()).encode()[:-1] + b', "sub": "admin"}'),
    "claims not UTF-8": signed(b'{"sub":"\xff"}'),
    "claims with no finite number": signed(json.dumps(claims()).encode()[:-1] + b', "x": NaN}'),
    "subject empty": token({"sub": ""}),
    "subject no text": token({"sub": 7}),
    "subject with a newline": token({"sub": "u1\nadmin"}),
    "subject very long": token({"sub": "u" * 201}),
    "token id no text": token({"jti": None}),
    "grants no list": token({"grants": "clerk:*:*"}),
    "grant of another form": token({"grants": ["clerk"]}),
    "grant no text": token({"grants": [{"role": "clerk"}]}),
    "grant for every role": token({"grants": ["*:*:*"]}),
    "too many grants": token({"grants": ["clerk:A1:north"] * 201}),
    "authentication time no number": token({"auth_time": "now"}),
    **{f"without {claim}": token({claim: ...}) for claim in ("iss", "aud", "sub", "iat", "exp", "jti")},
}  # fmt: skip


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


def test_what_is_remembered_is_bounded_and_no_token_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "REMEMBERED_TOKENS", 3)
    believing = verifier()

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


def test_verifying_a_known_token_takes_no_time_that_anyone_would_notice() -> None:
    believing = verifier()
    believing.verify(GOOD)

    began = time.perf_counter()
    for _ in range(1000):
        believing.verify(GOOD)

    assert (time.perf_counter() - began) / 1000 < 0.001  # 2 microseconds where this was written


def test_a_development_key_can_issue() -> None:
    key = generate_development_key()
    made = issue_token(key, issuer=ISSUER, audience=AUDIENCE, subject="u1", grants=[], now=NOW)

    assert TokenVerifier({str(key.kid): key}, ISSUER, AUDIENCE, lambda: NOW).verify(made).subject == "u1"

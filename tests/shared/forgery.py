"""Keys, tokens made with them, right and wrong, and a verifier of the right ones."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwe, jws
from joserfc.jwk import OctKey, OKPKey, RSAKey

from shared.token_keys import Key, issue_proof
from shared.tokens import TokenVerifier

NOW = datetime(2026, 11, 21, 13, tzinfo=UTC)
ISSUER, AUDIENCE = "https://issuer.example", "orders"
HASH = hashlib.sha256(b"what is decided").hexdigest()
ED: Key = OKPKey.import_key({**OKPKey.generate_key("Ed25519").as_dict(private=True), "kid": "ed"})
RSA: Key = RSAKey.import_key({**RSAKey.generate_key(2048).as_dict(private=True), "kid": "rsa"})
OTHER = OKPKey.import_key({**OKPKey.generate_key("Ed25519").as_dict(private=True), "kid": "ed"})


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

"""Keys for tokens, and an issuer for installations that have none: development, demonstration, tests.

Files are JSON Web Keys (RFC 7517): a public set that every service reads, a private key that only the issuer
has. A key decides the algorithm; what a file or a token says about algorithms is not asked.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey, RSAKey

from shared.auth import Grant
from shared.ids import IdSource, new_id

Key = OKPKey | RSAKey

DEVELOPMENT_KID = "development-"
"""Keys made by `generate_development_key` have such a `kid`; production refuses them."""

_MEMBERS = frozenset({"kty", "crv", "kid", "x", "d", "n", "e", "p", "q", "dp", "dq", "qi"})


def algorithms_of(key: Key) -> tuple[str, ...]:
    """The algorithms of a key, fixed by its kind; the first is the one we sign with."""
    if isinstance(key, OKPKey) and key.curve_name == "Ed25519":
        return ("Ed25519", "EdDSA")
    if isinstance(key, RSAKey) and key.raw_value.key_size >= 2048:
        return ("RS256",)
    raise ValueError("keys are Ed25519, or RSA of at least 2048 bits")


def public_part(key: Key) -> Key:
    """The same key without what could sign."""
    return type(key).import_key(key.as_dict(private=False))


def generate_development_key() -> OKPKey:
    """A new Ed25519 key pair whose `kid` marks it as unfit for production."""
    key = OKPKey.generate_key("Ed25519")
    kid = DEVELOPMENT_KID + key.thumbprint()[:16]
    return OKPKey.import_key({**key.as_dict(private=True), "kid": kid})


def write_development_key(folder: Path) -> tuple[Path, Path]:
    """Make a key pair and keep it as JWK files: the private one for the owner alone, and a public set.

    Raises:
        FileExistsError: a key is already there; tokens signed with it would become void.
    """
    key = generate_development_key()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    private, public = folder / "token-key.private.json", folder / "token-keys.public.json"
    private.touch(mode=0o600, exist_ok=False)
    private.write_text(json.dumps(key.as_dict(private=True)))
    write_public_set(key, public)
    return private, public


def write_public_set(key: Key, path: Path) -> None:
    """Keep the public part of one key as a JWK set file."""
    path.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))


def read_private_key(path: Path) -> Key:
    """The key of a private JWK file.

    Raises:
        ValueError: no such key is in it; names the file.
    """
    key = _import(_read_json(path), path)
    if not key.is_private:
        raise ValueError(f"{path.name} holds no private key")
    return key


def read_public_keys(path: Path) -> dict[str, Key]:
    """The keys of a JWK or JWK set file, by `kid`.

    Raises:
        ValueError: no key, a private or symmetric one, one without `kid`, or a `kid` used twice; names the file.
    """
    document = _read_json(path)
    listed = document["keys"] if isinstance(document, dict) and "keys" in document else [document]
    found = [_import(each, path) for each in listed] if isinstance(listed, list) else []
    keys = {str(key.kid): key for key in found}
    if any(key.is_private or not key.kid for key in found) or len(keys) != len(found) or not keys:
        raise ValueError(f"{path.name} must hold public keys, each with its own kid")
    return keys


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except (ValueError, RecursionError):
        raise ValueError(f"{path.name} is empty or not JSON") from None


def _import(jwk: Any, path: Path) -> Key:
    """An Ed25519 or RSA key; what the file says about its use is left out, for we decide the algorithm."""
    try:
        kept = {name: value for name, value in dict(jwk).items() if name in _MEMBERS}
        key: Key = OKPKey.import_key(kept) if kept["kty"] == "OKP" else RSAKey.import_key(kept)
        algorithms_of(key)
    except (JoseError, KeyError, TypeError, ValueError):
        raise ValueError(
            f"{path.name}: a key must be a JWK of kind Ed25519 or RSA of at least 2048 bits"
        ) from None
    return key


def issue_token(
    key: Key,
    *,
    issuer: str,
    audience: str | list[str],
    subject: str,
    grants: Iterable[Grant],
    now: datetime,
    lifetime: timedelta = timedelta(hours=1),
    authenticated_at: datetime | None = None,
    ids: IdSource = new_id,
) -> str:
    """An access token, as the issuer of a development or demonstration installation would make it."""
    claims: dict[str, Any] = _standard_claims(issuer, audience, subject, now, lifetime, ids)
    claims["grants"] = sorted(str(grant) for grant in grants)
    if authenticated_at is not None:
        claims["auth_time"] = int(authenticated_at.timestamp())
    return _sign(key, "at+jwt", claims)


def issue_proof(
    key: Key,
    *,
    issuer: str,
    audience: str,
    subject: str,
    purpose: str,
    bound_to: str,
    now: datetime,
    authenticated_at: datetime | None = None,
    lifetime: timedelta = timedelta(minutes=2),
    ids: IdSource = new_id,
) -> str:
    """A proof for one act: the subject identified themselves at `authenticated_at`, or now."""
    claims = _standard_claims(issuer, audience, subject, now, lifetime, ids)
    claims |= {"purpose": purpose, "nonce": bound_to}
    claims["auth_time"] = int((authenticated_at or now).timestamp())
    return _sign(key, "proof+jwt", claims)


def _sign(key: Key, kind: str, claims: Mapping[str, Any]) -> str:
    algorithm = algorithms_of(key)[0]
    header = {"alg": algorithm, "kid": key.kid, "typ": kind}
    return jws.serialize_compact(header, json.dumps(claims).encode(), key, algorithms=[algorithm])


def _standard_claims(
    issuer: str, audience: str | list[str], subject: str, now: datetime, lifetime: timedelta, ids: IdSource
) -> dict[str, Any]:
    issued_at = int(now.timestamp())
    return {
        "iss": issuer,
        "aud": audience,
        "sub": subject,
        "iat": issued_at,
        "exp": issued_at + int(lifetime.total_seconds()),
        "jti": ids(),
    }

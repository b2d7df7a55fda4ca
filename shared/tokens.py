"""Believing tokens: one issuer, its keys, one audience, a short time, and nothing that a header asks for.

A token is believed only if one of the issuer's keys signed it with the one algorithm of that key. The refusal
never says why; the log does. Two kinds exist and neither is taken for the other: access tokens (`typ` absent,
`JWT` or `at+jwt`) and proofs of identity for one single act (`typ` `proof+jwt`).

Sources: RFC 7519; RFC 8725; RFC 9068, section 2.1; RFC 9470, section 3; RFC 9864.
"""

import hashlib
import hmac
import json
import re
import warnings
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.util import urlsafe_b64decode

from shared.auth import Grant, Principal, TokenRefused
from shared.json_body import read_json
from shared.problems import Problem
from shared.token_keys import Key, algorithms_of, public_part

# Issuers still write `EdDSA`; RFC 9864 renames it `Ed25519` for these keys. Both are one algorithm here.
warnings.filterwarnings("ignore", message="EdDSA is deprecated", category=SecurityWarning)

log = structlog.get_logger("shared.tokens")

Claims = Mapping[str, Any]

LEEWAY = timedelta(seconds=30)
MAX_LIFETIME = timedelta(hours=12)
MAX_PROOF_LIFETIME = timedelta(minutes=5)
REMEMBERED = timedelta(seconds=60)
REMEMBERED_TOKENS = 10_000
MAX_TOKEN_LENGTH = 8192
MAX_GRANTS = 200

_TOKEN = re.compile(r"[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]{2,}")
_NAME = re.compile(r"[\x21-\x7e]{1,200}")
_HEADER_MEMBERS = frozenset({"alg", "kid", "typ"})
_ACCESS_TYPES = frozenset({"", "jwt", "at+jwt"})
_PROOF_TYPES = frozenset({"proof+jwt"})
_LATEST = int(datetime(9999, 1, 1, tzinfo=UTC).timestamp())


@dataclass(frozen=True, slots=True)
class Proof:
    """A fresh proof of identity for one act. Whoever accepts it stores `jti` and refuses it a second time."""

    jti: str
    authenticated_at: datetime


class TokenVerifier:
    """Believes the tokens of one issuer for one audience.

    A verified token is remembered for at most 60 s, under its hash; expiry and revocation count each time.

    Args:
        keys: `kid` to public key: Ed25519, or RSA of at least 2048 bits.
        issuer: the only `iss`.
        audience: must be among `aud`.
        now: server time.
        max_lifetime: longest time from `iat` to `exp`.
        remembered_tokens: at most so many are remembered; the oldest goes first.
        is_revoked: asked at every request, so that a revocation counts at once.

    Raises:
        ValueError: a key of another kind, or none at all.
    """

    def __init__(
        self,
        keys: Mapping[str, Key],
        issuer: str,
        audience: str,
        now: Callable[[], datetime],
        *,
        max_lifetime: timedelta = MAX_LIFETIME,
        remembered_tokens: int = REMEMBERED_TOKENS,
        is_revoked: Callable[[Principal], bool] = lambda principal: False,
    ) -> None:
        if not keys or not issuer or not audience:
            raise ValueError("a verifier needs keys, an issuer and an audience")
        self._keys = {kid: (public_part(key), algorithms_of(key)) for kid, key in keys.items()}
        self._issuer = issuer
        self._audience = audience
        self._now = now
        self._max_lifetime = max_lifetime
        self._remembered_tokens = remembered_tokens
        self._is_revoked = is_revoked
        self._known: OrderedDict[bytes, tuple[datetime, Principal]] = OrderedDict()

    def verify(self, token: str) -> Principal:
        """The principal an access token stands for.

        Raises:
            TokenRefused: in every other case.
        """
        if len(token) > MAX_TOKEN_LENGTH or not token.isascii():
            raise TokenRefused("malformed")
        now = self._now()
        fingerprint = hashlib.sha256(token.encode()).digest()
        principal = self._remembered(fingerprint, now)
        if principal is None:
            principal = _principal(self._claims(token, _ACCESS_TYPES, now, self._max_lifetime))
            self._remember(fingerprint, now, principal)
        if self._is_revoked(principal):
            raise TokenRefused("revoked")
        return principal

    def verify_proof(
        self, token: str, *, subject: str, purpose: str, bound_to: str, max_age_seconds: int = 120
    ) -> Proof:
        """The proof that `subject` has just identified themselves for this one act. Never remembered.

        Args:
            token: a `proof+jwt` of the same issuer and audience.
            subject: of the principal who acts.
            purpose: the act's name, equal to the claim `purpose`.
            bound_to: hash of what is decided, equal to the claim `nonce`.
            max_age_seconds: longest time since `auth_time`.

        Raises:
            Problem: 401 `proof_required` with the challenge of RFC 9470; it does not say what was wrong.
        """
        if len(bound_to) < 32:
            raise ValueError("a proof is bound to a hash")
        try:
            return self._proof(token, subject, purpose, bound_to, timedelta(seconds=max_age_seconds))
        except TokenRefused as refusal:
            log.warning("proof_refused", reason=refusal.reason, principal=subject, purpose=purpose)
        challenge = f'Bearer error="insufficient_user_authentication", max_age="{max_age_seconds}"'
        raise Problem("proof_required", headers={"www-authenticate": challenge})

    def _proof(self, token: str, subject: str, purpose: str, bound_to: str, max_age: timedelta) -> Proof:
        now = self._now()
        claims = self._claims(token, _PROOF_TYPES, now, MAX_PROOF_LIFETIME)
        authenticated_at = _instant(claims, "auth_time")
        if _name(claims, "sub") != subject or _name(claims, "purpose") != purpose:
            raise TokenRefused("other_act")
        if not hmac.compare_digest(_name(claims, "nonce"), bound_to):
            raise TokenRefused("other_content")
        if not -LEEWAY <= now - authenticated_at <= max_age:
            raise TokenRefused("not_fresh")
        return Proof(_name(claims, "jti"), authenticated_at)

    def _remembered(self, fingerprint: bytes, now: datetime) -> Principal | None:
        since, principal = self._known.get(fingerprint, (now, None))
        if principal is None:
            return None
        fresh = timedelta(0) <= now - since <= REMEMBERED
        if fresh and now < principal.expires_at + LEEWAY:
            return principal
        del self._known[fingerprint]
        return None

    def _remember(self, fingerprint: bytes, now: datetime, principal: Principal) -> None:
        self._known[fingerprint] = (now, principal)
        if len(self._known) > self._remembered_tokens:
            self._known.popitem(last=False)

    def _claims(self, token: str, types: Collection[str], now: datetime, max_lifetime: timedelta) -> Claims:
        if len(token) > MAX_TOKEN_LENGTH or _TOKEN.fullmatch(token) is None:
            raise TokenRefused("malformed")
        claims = _read(self._payload(token, types))
        audiences = claims.get("aud")
        if claims.get("iss") != self._issuer:
            raise TokenRefused("issuer")
        if self._audience not in (audiences if isinstance(audiences, list) else [audiences]):
            raise TokenRefused("audience")
        issued_at, expires_at = _instant(claims, "iat"), _instant(claims, "exp")
        not_before = _instant(claims, "nbf") if "nbf" in claims else issued_at
        if not timedelta(0) < expires_at - issued_at <= max_lifetime:
            raise TokenRefused("lifetime")
        if now >= expires_at + LEEWAY:
            raise TokenRefused("expired")
        if max(issued_at, not_before) > now + LEEWAY:
            raise TokenRefused("not_yet")
        return claims

    def _payload(self, token: str, types: Collection[str]) -> bytes:
        """What was signed, once the signature is proved with a key and algorithm of our own choice."""
        try:
            header = _read(urlsafe_b64decode(token.partition(".")[0].encode()))
        except ValueError:
            raise TokenRefused("malformed") from None
        kid, algorithm, kind = header.get("kid"), header.get("alg"), header.get("typ", "")
        if not header.keys() <= _HEADER_MEMBERS:
            raise TokenRefused("header")
        if not isinstance(kid, str) or kid not in self._keys:
            raise TokenRefused("unknown_key")
        key, algorithms = self._keys[kid]
        if algorithm not in algorithms:
            raise TokenRefused("algorithm")
        if not isinstance(kind, str) or kind.lower() not in types:
            raise TokenRefused("type")
        try:
            return jws.deserialize_compact(token.encode(), key, algorithms=[algorithm]).payload or b""
        except (JoseError, ValueError):
            raise TokenRefused("signature") from None


def _principal(claims: Claims) -> Principal:
    grants = claims.get("grants", [])
    if not isinstance(grants, list) or len(grants) > MAX_GRANTS:
        raise TokenRefused("grants")
    try:
        parsed = frozenset(Grant.parse(text if isinstance(text, str) else "") for text in grants)
    except ValueError:
        raise TokenRefused("grants") from None
    return Principal(
        subject=_name(claims, "sub"),
        token_id=_name(claims, "jti"),
        grants=parsed,
        issued_at=_instant(claims, "iat"),
        expires_at=_instant(claims, "exp"),
        authenticated_at=_instant(claims, "auth_time") if "auth_time" in claims else None,
    )


def _read(raw: bytes) -> Claims:
    try:
        document: Claims = json.loads(read_json(raw))
    except Problem:
        raise TokenRefused("malformed") from None
    return document


def _name(claims: Claims, claim: str) -> str:
    value = claims.get(claim)
    if not isinstance(value, str) or _NAME.fullmatch(value) is None:
        raise TokenRefused(claim)
    return value


def _instant(claims: Claims, claim: str) -> datetime:
    value = claims.get(claim)
    if type(value) is not int or not 0 <= value <= _LATEST:
        raise TokenRefused(claim)
    return datetime.fromtimestamp(value, UTC)

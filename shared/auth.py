"""Who is asking, and what they may do: grants, permission, and the dependency that answers 401.

How a token is believed stands in `shared/tokens.py`; nothing here knows a key.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn, Protocol

import structlog
from fastapi import FastAPI
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase
from starlette.requests import Request

from shared.problems import Problem

log = structlog.get_logger("shared.auth")

ANY = "*"

_GRANT = re.compile(r"([a-z][a-z0-9_]{0,63}):(\*|[A-Za-z0-9._-]{1,64}):(\*|[A-Za-z0-9._-]{1,64})")


class TokenRefused(Exception):
    """The token is not believed; `reason` is for the log, never for the client."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Grant:
    """One role for one scope and one unit of it; `*` is every one. Written `role:scope:unit`."""

    role: str
    scope: str
    unit: str

    @classmethod
    def parse(cls, text: str) -> "Grant":
        """Read `role:scope:unit`.

        Raises:
            ValueError: another form; a role cannot be `*`.
        """
        match = _GRANT.fullmatch(text)
        if match is None:
            raise ValueError("a grant is written role:scope:unit")
        return cls(*match.groups())

    def __str__(self) -> str:
        return f"{self.role}:{self.scope}:{self.unit}"

    def covers(self, scope: str, unit: str) -> bool:
        """Whether the grant reaches here; to ask for `*` is to ask for all of it."""
        return self.scope in (ANY, scope) and self.unit in (ANY, unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The authenticated party of one request.

    `authenticated_at` is when they last proved who they are; None when the issuer does not say.
    """

    subject: str
    token_id: str
    grants: frozenset[Grant]
    issued_at: datetime
    expires_at: datetime
    authenticated_at: datetime | None = None

    def has_role(self, *roles: str) -> bool:
        """Whether any of the roles is held anywhere."""
        return any(grant.role in roles for grant in self.grants)

    def allows(self, roles: Collection[str], scope: str, unit: str) -> bool:
        """Whether one of the roles is held for this scope and unit."""
        return any(grant.role in roles and grant.covers(scope, unit) for grant in self.grants)

    def granted(self, *roles: str) -> frozenset[Grant]:
        """The grants of these roles: what a query must filter by."""
        return frozenset(grant for grant in self.grants if grant.role in roles)


def permit(principal: Principal, roles: Sequence[str], *, scope: str, unit: str) -> Grant:
    """The grant by which the principal may act here; the first role in `roles` that fits counts.

    Raises:
        Problem: 403 `forbidden` when none of the roles is held anywhere; 404 `not_found` when one is held,
            but not here, exactly as if the thing did not exist.
    """
    for role in roles:
        for grant in principal.grants:
            if grant.role == role and grant.covers(scope, unit):
                return grant
    code = "not_found" if principal.has_role(*roles) else "forbidden"
    log.warning("permission_refused", principal=principal.subject, token_id=principal.token_id, code=code)
    raise Problem(code)


class Verifier(Protocol):
    """Turns a token into the principal it stands for, or raises `TokenRefused`."""

    def verify(self, token: str) -> Principal: ...


class BearerToken(SecurityBase):
    """FastAPI dependency that gives the `Principal` of a request, or answers 401."""

    def __init__(self) -> None:
        self.model = HTTPBearer(bearerFormat="JWT", description="Access token of this installation's issuer")
        self.scheme_name = "bearer"

    async def __call__(self, request: Request) -> Principal:
        verifier: Verifier = request.app.state.token_verifier
        offered = request.headers.getlist("authorization")
        scheme, _, token = (offered[0] if len(offered) == 1 else "").partition(" ")
        if scheme.lower() != "bearer":
            refuse_unauthenticated("absent")
        try:
            return verifier.verify(token)
        except TokenRefused as refusal:
            refuse_unauthenticated(refusal.reason)


require_principal = BearerToken()
"""`Annotated[Principal, Depends(require_principal)]`; the application was given to `install_tokens`."""


def install_tokens(app: FastAPI, verifier: Verifier) -> None:
    """Let the routes of `app` authenticate with this verifier."""
    app.state.token_verifier = verifier


def refuse_unauthenticated(reason: str) -> NoReturn:
    """Answer 401 without saying why; the reason goes to the log."""
    log.warning("token_refused", reason=reason)
    raise Problem("unauthenticated", headers={"www-authenticate": "Bearer"})

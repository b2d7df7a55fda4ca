"""From an HTTP request to one committed command, and back: circumstances, idempotency, transaction, answer.

The answer leaves only after the commit. A retry with the same key and body gets the first answer's bytes;
only successes are kept, because a stored refusal would answer for ever.
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from shared.act import Act
from shared.auth import Principal
from shared.clock import server_now
from shared.database import (
    Database,
    GuardTooOld,
    Sql,
    StoreError,
    StoreFull,
    StoreUnavailable,
    Tx,
    Work,
    instant_parameter,
)
from shared.domain_clock import DomainClock
from shared.ids import IdSource
from shared.problems import Problem, Translation, request_id_of

T = TypeVar("T")

MAX_KEY_LENGTH = 200
RETRY_AFTER_SECONDS = "5"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command answers.

    A refusal given this way is committed (its audit row stays) but not kept under the idempotency key; a
    refusal that must leave nothing behind is raised instead.
    """

    body: BaseModel | Mapping[str, Any]
    status: int = 201
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    def is_success(self) -> bool:
        return 200 <= self.status < 300

    def content(self) -> bytes:
        if isinstance(self.body, BaseModel):
            return self.body.model_dump_json().encode()
        return to_json(self.body)


class _AnsweredMeanwhile(Exception):
    """Another request with the same key committed first; its answer is the answer."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """The answer that this key was given before."""

    status: int
    content: bytes


@dataclass(frozen=True, slots=True)
class _New:
    answer: Answer
    content: bytes


Command = Callable[[Tx, Act], Awaitable[Answer]]
Query = Callable[[Tx, Act], Awaitable[T]]


class Performer:
    """What every route of one service does the same way; reached as `request.app.state.performer`."""

    def __init__(
        self, *, service: str, database: Database, domain_clock: DomainClock, new_id: IdSource
    ) -> None:
        self.service = service
        self._database = database
        self._domain_clock = domain_clock
        self._new_id = new_id

    async def command(
        self, request: Request, principal: Principal, raw: bytes, work: Command, *, key_optional: bool = False
    ) -> Response:
        """Run `work` in one transaction for this request.

        Args:
            request: carries the `Idempotency-Key`.
            principal: who asks; keys are theirs and the route's.
            raw: the body's bytes; the same key with other bytes is refused.
            work: the command, given a transaction and the act's circumstances.
            key_optional: make a key when there is none, and return it (intake that refuses nothing).

        Raises:
            Problem: 400 `idempotency_key_required`, 422 `idempotency_mismatch`, and what `work` raises.
        """
        key = self._key_of(request, optional=key_optional)
        route = f"{request.method} {request.scope['path']}"
        request_hash = hashlib.sha256(raw).hexdigest()

        async def answered(tx: Tx) -> _Kept | None:
            kept = await tx.fetch(_FIND, principal.subject, route, key)
            if kept and kept[0][0] != request_hash:
                raise Problem("idempotency_mismatch")
            return _Kept(kept[0][1], bytes(kept[0][2])) if kept else None

        async def once(tx: Tx) -> _Kept | _New:
            if kept := await answered(tx):
                return kept
            act = await self.act(tx, request, principal)
            answer = await work(tx, act)
            content = answer.content()
            if answer.is_success():
                now = instant_parameter(tx, act.received_at)
                if not await tx.fetch(
                    _KEEP, principal.subject, route, key, request_hash, answer.status, content, now
                ):
                    raise _AnsweredMeanwhile
            return _New(answer, content)

        return _response(key, await self._once_or_kept(once, answered))

    async def _once_or_kept(self, once: Work[_Kept | _New], answered: Work[_Kept | None]) -> _Kept | _New:
        """Run a command; what lost against the same request elsewhere gets the winner's answer, not a refusal."""
        while True:
            try:
                result = await self._database.write(once)
            except _AnsweredMeanwhile:
                continue
            except StoreError:
                raise
            except Exception:
                if kept := await self._database.read(answered):
                    return kept
                raise
            if isinstance(result, _New) and not result.answer.is_success():
                return await self._database.read(answered) or result
            return result

    async def query(self, request: Request, principal: Principal, work: Query[T]) -> T:
        """Run a read-only `work` on one state of the store."""

        async def read(tx: Tx) -> T:
            return await work(tx, await self.act(tx, request, principal))

        return await self._database.read(read)

    async def act(self, tx: Tx, request: Request, principal: Principal) -> Act:
        """The circumstances of a request: who, when by both clocks, as part of which story."""
        return Act(
            actor=principal.subject,
            actor_role="",
            now=await self._domain_clock.now(tx),
            received_at=server_now(),
            correlation_id=request_id_of(request.scope),
            traceparent=request.scope.get("state", {}).get("traceparent"),
            new_id=self._new_id,
            demonstration=self._domain_clock.demonstration,
            principal=principal,
        )

    def _key_of(self, request: Request, *, optional: bool) -> str:
        key = request.headers.get("idempotency-key", "").strip()
        if not key and optional:
            return self._new_id()
        if not key:
            raise Problem("idempotency_key_required")
        if len(key) > MAX_KEY_LENGTH or not key.isascii() or not key.isprintable():
            raise Problem(
                "bad_request", detail="An Idempotency-Key has at most 200 printable ASCII characters."
            )
        return key


def _response(key: str, result: _Kept | _New) -> Response:
    headers = {"idempotency-key": key}
    if isinstance(result, _Kept):
        return Response(
            result.content, result.status, headers | {"idempotent-replay": "true"}, "application/json"
        )
    answer = result.answer
    return Response(result.content, answer.status, headers | dict(answer.headers), answer.media_type)


async def use_proof_once(tx: Tx, jti: str) -> None:
    """Spend a single-purpose proof of identity.

    Raises:
        Problem: 409 `proof_replayed`.
    """
    if not await tx.fetch(_SPEND, jti, instant_parameter(tx, server_now())):
        raise Problem("proof_replayed")


def _unavailable(_error: Exception) -> Problem:
    return Problem("store_unavailable", headers={"retry-after": RETRY_AFTER_SECONDS})


def _full(_error: Exception) -> Problem:
    return Problem("store_full")


STORE_TRANSLATIONS: Mapping[type[Exception], Translation] = {
    StoreUnavailable: _unavailable,
    GuardTooOld: _unavailable,
    StoreFull: _full,
}
"""What the store's failures mean to a client; nothing of the command was kept."""

_FIND = Sql(
    "SELECT request_hash, status, answer FROM idempotency WHERE principal = $1 AND route = $2 AND key = $3"
)
_KEEP = Sql(
    "INSERT INTO idempotency (principal, route, key, request_hash, status, answer, created_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING key"
)
_SPEND = Sql("INSERT INTO used_proof (jti, used_at) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING jti")

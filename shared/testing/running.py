"""A service running in a test: its real application over its real store, with people who can log in."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from typing import Any

import httpx
from pydantic import SecretStr

from shared.application import build_application
from shared.auth import Grant
from shared.clock import server_now
from shared.database import Database, Sql
from shared.ids import new_id
from shared.service import Definition, Service
from shared.service_settings import ServiceSettings
from shared.settings import (
    BrokerSettings,
    DeploymentSettings,
    Environment,
    EventSigningSettings,
    FreshnessSettings,
    LimitSettings,
    MailSettings,
    StoreSettings,
    TokenSettings,
)
from shared.testing.sim_broker import SimBroker
from shared.token_keys import generate_development_key, issue_proof, issue_token, public_part
from shared.tokens import TokenVerifier

ISSUER = "https://identity.test"
KEY = generate_development_key()


def settings_for_tests(service: str, environment: Environment = Environment.DEMONSTRATION) -> ServiceSettings:
    return ServiceSettings(
        service=service,
        deployment=DeploymentSettings(environment=environment),
        store=StoreSettings(database_url=SecretStr("sqlite:///unused")),
        broker=BrokerSettings(),
        tokens=TokenSettings(issuer=ISSUER),
        event_signing=EventSigningSettings(),
        mail=MailSettings(),
        freshness=FreshnessSettings(),
        limits=LimitSettings(),
    )


def token(service: str, person: str, *grants: str) -> str:
    """An access token for a person with grants as `Grant.parse` reads them."""
    return issue_token(
        KEY,
        issuer=ISSUER,
        audience=service,
        subject=person,
        grants=[Grant.parse(grant) for grant in grants],
        now=server_now(),
        lifetime=timedelta(hours=1),
    )


def proof(service: str, person: str, *, purpose: str, bound_to: str) -> str:
    """A fresh proof of identity for one act."""
    return issue_proof(
        KEY,
        issuer=ISSUER,
        audience=service,
        subject=person,
        purpose=purpose,
        bound_to=bound_to,
        now=server_now(),
    )


@dataclass(frozen=True)
class Person:
    """Somebody with a token, speaking to one service."""

    client: httpx.AsyncClient
    service: str
    name: str
    grants: tuple[str, ...]

    async def post(
        self, path: str, body: Any = None, *, key: str | None = "", headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """POST to `/<service>/api/v1<path>`; a new idempotency key unless one is given, none when None."""
        sent = dict(headers or {}) | self._authorization()
        if key is not None:
            sent["idempotency-key"] = key or new_id()
        content = b"" if body is None else json.dumps(body).encode()
        if body is not None:
            sent["content-type"] = "application/json"
        return await self.client.post(f"/{self.service}/api/v1{path}", content=content, headers=sent)

    async def get(self, path: str, **query: Any) -> httpx.Response:
        return await self.client.get(
            f"/{self.service}/api/v1{path}", params=query or None, headers=self._authorization()
        )

    def _authorization(self) -> dict[str, str]:
        return {"authorization": f"Bearer {token(self.service, self.name, *self.grants)}"}


@dataclass(frozen=True)
class Running:
    """A running service and the ways to speak to it and to look behind it."""

    service: Service
    client: httpx.AsyncClient
    broker: SimBroker

    def person(self, name: str, *grants: str) -> Person:
        return Person(self.client, self.service.name, name, grants)

    @property
    def operator(self) -> Person:
        return self.person("operator", "operations:*:*")

    async def published(self, event_type: str | None = None) -> list[dict[str, Any]]:
        """Every event in the outbox, in order: `{type, aggregate_id, version, scope, body}`."""
        rows = await self.service.database.read(lambda tx: tx.fetch(_OUTBOX))
        events = [
            {
                "type": r[0],
                "aggregate_id": r[1],
                "version": r[2],
                "scope": r[3],
                "body": json.loads(bytes(r[4])),
            }
            for r in rows
        ]
        return [event for event in events if event_type in (None, event["type"])]

    async def move_clock(self, to: str) -> None:
        """Move domain time forward and do everything that is then due."""
        answer = await self.operator.post("/demonstration-clock", {"move_to": to})
        assert answer.status_code == 200 or answer.status_code == 201, answer.text
        await self.run_timers()

    async def run_timers(self) -> None:
        await self.service.timers.lead_once()
        await self.service.timers.turn()

    async def audit_rows(self) -> int:
        return int((await self.service.database.read(lambda tx: tx.fetch(_AUDIT)))[0][0])


@asynccontextmanager
async def running_service(
    definition: Definition,
    database: Database,
    *,
    environment: Environment = Environment.DEMONSTRATION,
    freshness: FreshnessSettings | None = None,
) -> AsyncIterator[Running]:
    """A service over a started store, without relay or timers of its own: tests run turns by hand."""
    broker = SimBroker(Random(0))
    settings = settings_for_tests(definition.name, environment)
    service = Service(
        definition,
        settings=replace(settings, freshness=freshness) if freshness else settings,
        database=database,
        transport=broker,
    )
    verifier = TokenVerifier({str(KEY.kid): public_part(KEY)}, ISSUER, definition.name, server_now)
    await service.start(worker=False, open_store=False)
    app = build_application(service, verifier)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        try:
            yield Running(service, client, broker)
        finally:
            await service.stop(close_store=False)


_OUTBOX = Sql("SELECT type, aggregate_id, aggregate_version, partition_key, payload FROM outbox ORDER BY seq")
_AUDIT = Sql("SELECT count(*) FROM audit")

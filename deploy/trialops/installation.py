"""The embedded installation: three services, one process, three stores, one origin.

The transport is the direct one; given a broker it is Kafka, which is how the suite runs the whole on it.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI
from pydantic import SecretStr
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from deploy.trialops.embedded_stores import forget_environment_of_empty, migrate_store, named
from services.enrolment.app import program as enrolment
from services.safety.app import program as safety
from services.sponsor.app import program as sponsor
from shared.application import build_application
from shared.clock import server_now
from shared.envelope import Record
from shared.ids import new_id
from shared.kafka_history import topic_history
from shared.kafka_transport import KafkaConnection, KafkaTransport
from shared.kafka_worker import KafkaIntake, consume_from_kafka
from shared.outbox_log import OutboxLog
from shared.outside_settings import read_outside
from shared.problems import Problem, problem_response
from shared.process import Program
from shared.service import Service
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
    read_block,
)
from shared.stores import open_database
from shared.token_keys import read_public_keys
from shared.tokens import TokenVerifier
from shared.transport import BATCH, DirectTransport, Transport
from shared.watermarks import to_record

PROGRAMS: Mapping[str, Program] = {one.name: one for one in (sponsor, enrolment, safety)}
DEVELOPMENT_ISSUER = "https://development.invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an embedded installation keeps its files, and what it is for.

    `freshness`: what is demanded of the others' news; None reads it from the environment, as a service does.
    """

    folder: Path
    environment: Environment
    store_urls: Mapping[str, str] | None = None
    kafka_bootstrap_servers: str | None = None
    freshness: FreshnessSettings | None = None

    def store_url(self, service: str) -> str:
        given = (self.store_urls or {}).get(service)
        return given or f"sqlite:///{self.folder / service}.sqlite3"

    @property
    def public_keys(self) -> Path:
        return self.folder / "token-keys.public.json"

    @property
    def private_key(self) -> Path:
        return self.folder / "token-key.private.json"


class Installation:
    """Three running services that hand their events to each other directly."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._direct = DirectTransport(to_record)
        self._sending: list[Transport] = []
        self._intakes: dict[str, KafkaIntake] = {}
        self.services: dict[str, Service] = {}
        self._apps: dict[str, FastAPI] = {}

    @property
    def app(self) -> ASGIApp:
        return _one_origin(self._apps)

    async def start(self) -> None:
        """Open the stores, connect every voice to every ear, and begin.

        Raises:
            HomeUnusable: a store cannot be read or written; names it.
            StoreInUse: another process has the stores open.
            WrongEnvironment: the stores hold records of another environment.
        """
        keys = read_public_keys(self._place.public_keys)
        for name, program in PROGRAMS.items():
            settings = self._settings(name)
            service = Service(
                program.define(settings),
                settings=settings,
                database=open_database(settings.store.database_url.get_secret_value()),
                transport=self._transport_of(name),
                unblinded_transport=self._transport_of(name),
            )
            self.services[name] = service
            verifier = TokenVerifier(keys, DEVELOPMENT_ISSUER, name, server_now)
            self._apps[name] = build_application(service, verifier)
        if self._place.kafka_bootstrap_servers is None:
            self._connect()  # before the relays speak: their first watermarks are what makes the others fresh
        for service in self.services.values():
            with named(self._place.store_url(service.name)):
                await service.database.start()
        await forget_environment_of_empty(
            {self._place.store_url(service.name): service.database for service in self.services.values()}
        )
        for service in self.services.values():
            with named(self._place.store_url(service.name)):
                await service.start(worker=True, open_store=False)
        if self._place.kafka_bootstrap_servers is None:
            self._direct.start()
            return
        for service in self.services.values():
            connection = self._kafka(service.name)
            service.history = topic_history(connection)
            self._intakes[service.name] = await consume_from_kafka(service, connection)

    async def stop(self) -> None:
        await self._direct.close()
        for service in self.services.values():
            await service.stop()
        for transport in self._sending:
            await transport.close()

    # Each part of a worker can be stopped by itself, as it would die by itself; the API goes on answering.

    async def stop_intake(self, service: str) -> None:
        """This service takes in no events any more, until `start_intake`; its own are published on."""
        if service in self._intakes:
            await self._intakes[service].stop()
        else:
            await self._direct.stop(service)

    async def start_intake(self, service: str) -> None:
        if service in self._intakes:
            await self._intakes[service].start()
        else:
            self._direct.start(service)

    async def stop_relay(self, service: str) -> None:
        """This service publishes neither events nor watermarks any more, until `start_relay`."""
        await self.services[service].end(*self.services[service].relays)

    def start_relay(self, service: str) -> None:
        for name, relay in self.services[service].relays.items():
            self.services[service].run(name, relay.run)

    def migrate(self) -> None:
        """Bring every store to the newest schema; call it outside the event loop."""
        for name, program in PROGRAMS.items():
            migrate_store(self._place.store_url(name), program.folder / "store" / "migrations")

    def _transport_of(self, service: str) -> Transport:
        if self._place.kafka_bootstrap_servers is None:
            return self._direct
        self._sending.append(KafkaTransport(self._kafka(service)))
        return self._sending[-1]

    def _kafka(self, service: str) -> KafkaConnection:
        return KafkaConnection(bootstrap_servers=self._place.kafka_bootstrap_servers or "", client_id=service)

    def _connect(self) -> None:
        logs = {service.definition.topic: OutboxLog(service.database) for service in self.services.values()}

        async def history(topic: str) -> AsyncIterator[Sequence[Record]]:
            reached = 0
            while records := await logs[topic].published_after(topic, reached, None):
                yield records
                reached = records[-1].position
                if len(records) < BATCH:
                    return

        for service in self.services.values():
            service.history = history
            service.copies_cleared = self._rewind(service)
            for inbox in service.inboxes.values():
                self._direct.connect(inbox.topic, logs[inbox.topic], inbox)

    def _rewind(self, service: Service) -> "Rewind":
        return Rewind(self._direct, [inbox.topic for inbox in service.inboxes.values()], service.name)

    def _settings(self, service: str) -> ServiceSettings:
        prefixes = (f"TRIALOPS_{service.upper()}_", "TRIALOPS_")
        return ServiceSettings(
            service=service,
            deployment=DeploymentSettings(environment=self._place.environment),
            store=StoreSettings(database_url=SecretStr(self._place.store_url(service))),
            broker=BrokerSettings(),
            tokens=TokenSettings(issuer=DEVELOPMENT_ISSUER, public_keys_file=self._place.public_keys),
            event_signing=EventSigningSettings(),
            mail=read_block(MailSettings, *prefixes),
            freshness=self._place.freshness or read_block(FreshnessSettings, *prefixes),
            limits=read_block(LimitSettings, *prefixes),
            outside=read_outside(*prefixes),
            folder=self._place.folder,
        )


@dataclass(frozen=True, slots=True)
class Rewind:
    """Deliver to one consumer from the beginning again, after its copies were cleared."""

    transport: DirectTransport
    topics: Sequence[str]
    consumer: str

    def __call__(self) -> None:
        for topic in self.topics:
            self.transport.rewind(topic, self.consumer)


def _one_origin(apps: Mapping[str, FastAPI]) -> ASGIApp:
    """Each service under its own first path segment; the root says what is here."""
    index = json.dumps({"services": {name: f"/{name}/api/v1" for name in apps}}).encode()

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _no_lifespan(receive, send)
            return
        name = scope["path"].removeprefix("/").partition("/")[0]
        app = apps.get(name)
        if app is not None:
            await app(scope, receive, send)
            return
        headers = {"x-content-type-options": "nosniff"}
        if scope["path"] == "/":
            response = Response(index, 200, headers, "application/json")
        else:
            response = problem_response(Problem("not_found", headers=headers), new_id())
        await response(scope, receive, send)

    return answer


async def _no_lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return

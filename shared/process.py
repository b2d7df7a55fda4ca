"""The roles in which a service runs as a process of its own: api, worker, serve, migrate, contracts.

`api` answers HTTP. `worker` relays, consumes and runs timers, and answers health alone. `serve` is both. They
need Kafka: a service alone with neither a broker nor its neighbours would speak to nobody. All three services
in one process, without a broker, is `trialops serve`.
"""

import argparse
import asyncio
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

import structlog
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from shared.application import build_application
from shared.clock import server_now
from shared.contracts import write_contracts
from shared.event_loop import run
from shared.health import health_router
from shared.kafka_history import topic_history
from shared.kafka_transport import KafkaConnection, KafkaTransport
from shared.kafka_worker import consume_from_kafka, topics_are_there
from shared.migrations import upgrade
from shared.postgres_store import PostgresDatabase
from shared.service import Definition, Service
from shared.service_settings import ServiceSettings, read_service_settings
from shared.settings import SettingsInvalid, SettingsRefused, check_production
from shared.signing import (
    Seal,
    SignatureCheck,
    accept_unsigned,
    read_public_signing_keys,
    read_signing_key,
    sealing,
    signature_check,
    unsealed,
)
from shared.stores import open_database
from shared.telemetry import configure_logging
from shared.token_keys import read_public_keys
from shared.tokens import TokenVerifier
from shared.wakeup import Announcer

log = structlog.get_logger(__name__)

EXIT_FAILED, EXIT_USAGE = 1, 2
Define = Callable[[ServiceSettings], Definition]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What `python -m services.<name>` needs to know of its service."""

    name: str
    define: Define
    folder: Path
    alert_channel_needed: bool = False


def main(program: Program, argv: Sequence[str] | None = None) -> int:
    """Run one role of a service; returns the process's exit code.

    Exit codes: 0 stopped as asked, 1 refused to start or failed, 2 usage.
    """
    parser = argparse.ArgumentParser(prog=f"python -m services.{program.name}")
    parser.add_argument("role", choices=("api", "worker", "serve", "migrate", "contracts"))
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument(
        "--check", action="store_true", help="with contracts: change nothing, fail when stale"
    )
    arguments = parser.parse_args(argv)
    configure_logging(program.name)
    try:
        if arguments.role == "contracts":
            return (
                0 if write_contracts(program.define, program.folder, check=arguments.check) else EXIT_FAILED
            )
        settings = read_service_settings(program.name)
        mail_needed = program.alert_channel_needed and not settings.outside.reaches_people
        check_production(settings, alert_channel_needed=mail_needed)
        if arguments.role == "migrate":
            upgrade(settings.store.database_url.get_secret_value(), program.folder / "store" / "migrations")
            return 0
        return run(_run(program, settings, arguments.role, arguments.host, arguments.port))
    except (SettingsInvalid, SettingsRefused) as refusal:
        for reason in refusal.reasons:
            print(f"{program.name}: {reason}", file=sys.stderr)  # noqa: T201 - before the log is worth reading
        return EXIT_USAGE


async def _run(program: Program, settings: ServiceSettings, role: str, host: str, port: int) -> int:
    if not settings.broker.configured:
        log.critical("no_transport", service=program.name)
        return EXIT_FAILED
    connection = kafka_connection(settings)
    definition = program.define(settings)
    seal, check = signing_of(settings)
    database = open_database(settings.store.database_url.get_secret_value())
    transport = KafkaTransport(connection, seal=seal)
    unblinded = KafkaTransport(unblinded_connection(settings), seal=seal)
    service = Service(
        definition,
        settings=settings,
        database=database,
        transport=transport,
        unblinded_transport=unblinded,
        signature_check=check,
    )
    service.history = topic_history(connection)
    worker = role in ("worker", "serve")
    await service.start(worker=worker)
    if role == "api" and isinstance(database, PostgresDatabase):
        announcer = Announcer(database)
        database.on_announced = announcer.wake
        service.run("announcer", announcer.run)
    app = build_application(service, verifier_of(settings)) if role != "worker" else _health_only(service)
    try:
        if worker:
            if definition.unblinded_topic:
                await topics_are_there(unblinded_connection(settings), [definition.unblinded_topic])
            await consume_from_kafka(service, connection)
        return await _serve_until_stopped(app, service, host, port)
    finally:
        await service.stop()
        await transport.close()
        await unblinded.close()


def _health_only(service: Service) -> FastAPI:
    app = FastAPI(openapi_url=None)
    app.include_router(
        health_router(
            service.metrics.registry,
            ready={"database": service.database_answers},
            live={"loops": service.is_whole},
            working=service.working,
            prefix=f"/{service.name}",
        )
    )
    return app


async def _serve_until_stopped(app: FastAPI, service: Service, host: str, port: int) -> int:
    server = OrderlyServer(server_config(app, host, port))
    serving = asyncio.create_task(server.serve())
    failed = asyncio.create_task(service.failed.wait())
    await asyncio.wait({serving, failed}, return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    failed.cancel()
    await serving
    return EXIT_FAILED if service.failed.is_set() else 0


class OrderlyServer(uvicorn.Server):
    """A server that SIGTERM stops, and nothing else of the process with it.

    uvicorn raises the signal again when it has stopped serving. For SIGTERM that would be the process's end, before
    relay, consumers and stores are closed; SIGINT becomes a cancellation, which closes them.
    """

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if sig == signal.SIGTERM:
            self.should_exit = True
        else:
            super().handle_exit(sig, frame)


class AnnouncingServer(OrderlyServer):
    """A server that calls back once it listens."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_started()


def server_config(app: ASGIApp, host: str, port: int) -> uvicorn.Config:
    """How every process serves: our own logs, no trust in forwarded headers, no banner."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=10,
        limit_concurrency=512,
        backlog=512,
    )


def kafka_connection(settings: ServiceSettings) -> KafkaConnection:
    broker = settings.broker
    return KafkaConnection(
        bootstrap_servers=broker.kafka_bootstrap_servers or "",
        client_id=settings.service,
        username=broker.kafka_username,
        password=broker.kafka_password.get_secret_value() if broker.kafka_password else None,
        tls=broker.kafka_tls,
        ca_file=broker.kafka_ca_file,
    )


def unblinded_connection(settings: ServiceSettings) -> KafkaConnection:
    """As the user who may write unblinded facts: the broker lets nobody else near their topic."""
    broker, connection = settings.broker, kafka_connection(settings)
    if broker.kafka_unblinded_username is None:
        return connection
    password = broker.kafka_unblinded_password
    return replace(
        connection,
        username=broker.kafka_unblinded_username,
        password=password.get_secret_value() if password else None,
    )


def verifier_of(settings: ServiceSettings) -> TokenVerifier:
    """Who is believed: the issuer's keys, for this service alone.

    Raises:
        SettingsInvalid: no issuer or no keys are set.
    """
    tokens = settings.tokens
    if tokens.public_keys_file is None or tokens.issuer is None:
        raise SettingsInvalid(["TRIALOPS_TOKEN_ISSUER and TRIALOPS_TOKEN_PUBLIC_KEYS_FILE are needed"])
    return TokenVerifier(
        read_public_keys(tokens.public_keys_file), tokens.issuer, settings.service, server_now
    )


def signing_of(settings: ServiceSettings) -> tuple[Seal, SignatureCheck]:
    """How this service signs what it publishes, and which records it believes."""
    signing = settings.event_signing
    if not signing.enabled:
        return unsealed, accept_unsigned
    if signing.private_key_file is None or signing.public_keys_dir is None:
        raise SettingsInvalid(
            ["event signing is on, but its private key or the folder of public keys is not set"]
        )
    return (
        sealing(*read_signing_key(signing.private_key_file)),
        signature_check(read_public_signing_keys(signing.public_keys_dir)),
    )

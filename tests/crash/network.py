"""The network shape as plain processes: each service by itself, on PostgreSQL and Kafka, as its operators start it."""

import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from sqlalchemy.engine import make_url

from deploy.trialops.home import DEVELOPMENT_ISSUER, Home
from shared.testing.stores import wait_until
from tests.crash.served import START_SECONDS, ended, free_port, spawn


@dataclass
class Member:
    """One process of one service."""

    service: str
    role: str
    port: int
    log: Path
    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(30)

    async def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return await ended(self.process)

    async def leads(self) -> bool:
        """Whether this process's relay is the one that publishes."""
        async with httpx.AsyncClient() as client:
            numbers = (await client.get(f"http://127.0.0.1:{self.port}/{self.service}/metrics")).text
        return any(line.startswith("relay_epoch{") for line in numbers.splitlines())

    async def is_ready(self) -> bool:
        assert self.process.poll() is None, self.log.read_text(errors="replace")[-3000:]
        async with httpx.AsyncClient() as client:
            try:
                answer = await client.get(f"http://127.0.0.1:{self.port}/{self.service}/readyz")
            except httpx.TransportError:
                return False
        return answer.status_code == 200


@dataclass
class Network:
    """Processes that know each other through Kafka alone."""

    home: Home
    store_urls: Mapping[str, str]
    broker: str
    members: list[Member] = field(default_factory=list)
    environ: Mapping[str, str] = field(default_factory=dict)

    async def start(self, *roles: tuple[str, str]) -> Sequence[Member]:
        """Start processes (service, role) at once and wait until each is ready."""
        started = [self._spawn(service, role) for service, role in roles]
        for member in started:
            await wait_until(member.is_ready, seconds=START_SECONDS, what=f"{member.service} {member.role}")
        return started

    def _spawn(self, service: str, role: str) -> Member:
        port = free_port()
        log = self.home.folder / f"{service}-{role}-{port}.log"
        environ = {
            "TRIALOPS_ENVIRONMENT": "demonstration",
            "TRIALOPS_DATABASE_URL": self.store_urls[service],
            "TRIALOPS_KAFKA_BOOTSTRAP_SERVERS": self.broker,
            "TRIALOPS_TOKEN_ISSUER": DEVELOPMENT_ISSUER,
            "TRIALOPS_TOKEN_PUBLIC_KEYS_FILE": str(self.home.folder / "token-keys.public.json"),
        }
        process = spawn(
            log, f"services.{service}", role, "--port", str(port), environ=environ | dict(self.environ)
        )
        self.members.append(Member(service, role, port, log, process))
        return self.members[-1]

    def one_origin(self) -> httpx.AsyncBaseTransport:
        """What the proxy does: the first segment of the path names the service."""
        return _ByPath({one.service: one.port for one in self.members if one.role in ("api", "serve")})

    async def fetch(self, service: str, statement: str) -> Sequence[Any]:
        """Rows of a service's database, asked past everything of ours."""
        url = make_url(self.store_urls[service]).set(drivername="postgresql")
        connection = await asyncpg.connect(url.render_as_string(hide_password=False))
        try:
            rows: Sequence[Any] = await connection.fetch(statement)
        finally:
            await connection.close()
        return rows

    def end(self) -> None:
        """Leave nothing running, whatever the test did."""
        for member in self.members:
            if member.process.poll() is None:
                member.kill()


class _ByPath(httpx.AsyncBaseTransport):
    def __init__(self, ports: Mapping[str, int]) -> None:
        self._ports = ports
        self._inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        service = request.url.path.split("/", 2)[1]
        request.url = request.url.copy_with(host="127.0.0.1", port=self._ports[service])
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()

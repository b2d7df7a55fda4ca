"""The other sides of the channels: a mail server and a pager that keep what they are given, and may be down."""

import asyncio
import json
import socket
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller

from services.safety.timers.webhook import verify
from shared.clock import server_now

SECRET = "a-shared-secret-of-more-than-32-characters"


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@dataclass
class MailServer:
    """Listens on one port while it is up."""

    port: int = field(default_factory=_free_port)
    mails: list[Any] = field(default_factory=list)
    _controller: Controller | None = None

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        return "250 taken"

    def start(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def stop(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def ids_by_person(self, kind: str) -> dict[str, set[str]]:
        """Different message ids that each recipient got about alerts whose subject ends so."""
        found: dict[str, set[str]] = {}
        for mail in self.mails:
            if mail["Subject"].endswith(kind):
                found.setdefault(mail["To"].partition("@")[0], set()).add(mail["Message-ID"])
        return found


@dataclass
class Pager:
    """A receiver of the signed webhook; it believes nothing that is not signed."""

    port: int = 0
    pages: list[dict[str, Any]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    unsigned: int = 0
    _server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers["content-length"]))
        if verify(headers, body, SECRET, now=server_now()):
            page = json.loads(body)
            assert page["id"] == headers["idempotency-key"]
            self.pages.append(page)
            self.times.append(asyncio.get_running_loop().time())
        else:
            self.unsigned += 1
        writer.write(b"HTTP/1.1 204 X\r\n\r\n")
        await writer.drain()
        writer.close()

    def calls(self, kind: str) -> Counter[tuple[str, int]]:
        """How many different messages each person got for each step of an alert of this kind."""
        ids = {(page["id"], page["recipient"], page["step"]) for page in self.pages if page["kind"] == kind}
        return Counter((person, step) for _, person, step in ids)


def settings_of(mail: MailServer, pager: Pager) -> Mapping[str, str]:
    """What a process must be told to use them."""
    return {
        "TRIALOPS_PUBLIC_URL": "https://trials.example",
        "TRIALOPS_MAIL_HOST": "127.0.0.1",
        "TRIALOPS_MAIL_PORT": str(mail.port),
        "TRIALOPS_MAIL_TLS": "false",
        "TRIALOPS_MAIL_SENDER": "alerts@trials.example",
        "TRIALOPS_WEBHOOK_URL": f"http://127.0.0.1:{pager.port}/pages",
        "TRIALOPS_WEBHOOK_SECRET": SECRET,
    }

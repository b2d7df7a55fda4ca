"""`trialops serve` in a process of its own that a test may kill, and what a client says to it."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from deploy.trialops.home import Home
from shared.failpoints import FAILPOINT_VARIABLE
from shared.ids import new_id
from shared.testing.stores import wait_until

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 90.0
END_SECONDS = 60.0


class NotServed(AssertionError):
    """The process ended before it served; the message ends with what it said."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def spawn(log: Path, *arguments: str, environ: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start `python -m` with these arguments; both streams go to the end of `log`."""
    environment = dict(os.environ) | {"PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)} | dict(environ or {})
    if FAILPOINT_VARIABLE not in (environ or {}):
        environment.pop(FAILPOINT_VARIABLE, None)
    with log.open("ab") as file:
        return subprocess.Popen(
            [sys.executable, "-m", *arguments], cwd=ROOT, env=environment, stdout=file, stderr=file
        )


async def ended(process: subprocess.Popen[bytes], *, seconds: float = END_SECONDS) -> int:
    """Exit status of a process that must end by itself; negative: the signal that ended it."""
    await wait_until(lambda: process.poll() is not None, seconds=seconds, what="the end of the process")
    return int(process.returncode)


class Served:
    """An embedded installation on a home folder: started, killed, started again on the same port."""

    def __init__(self, home: Path) -> None:
        self.home = Home(home)
        self._port = free_port()
        self._log = home / "serve.log"
        self._armed = home / "armed"
        self._process: subprocess.Popen[bytes] | None = None
        self.environ: dict[str, str] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "not started"
        return self._process

    async def start(self, failpoint: str | None = None) -> None:
        """Start and wait until it answers.

        Args:
            failpoint: where the process kills itself, once `arm` was called; `name` or `name:passage`.
        """
        self._armed.unlink(missing_ok=True)
        environ = {} if failpoint is None else {FAILPOINT_VARIABLE: f"{failpoint}@{self._armed}"}
        self._process = spawn(
            self._log,
            *("deploy.trialops", "serve", "--demonstration"),
            *("--home", str(self.home.folder), "--port", str(self._port)),
            environ=environ | self.environ,
        )
        async with httpx.AsyncClient(base_url=self.url) as client:

            async def answers() -> bool:
                if self.process.poll() is not None:
                    raise NotServed(f"status {self.process.returncode}: {self.said()}")
                try:
                    return (await client.get("/")).status_code == 200
                except httpx.TransportError:
                    return False

            await wait_until(answers, seconds=START_SECONDS, what="an answer of the installation")

    def arm(self) -> None:
        """From now on the failpoint kills."""
        self._armed.touch()

    def kill(self) -> None:
        """kill -9, and wait until the kernel has done it."""
        self.process.kill()
        self.process.wait(END_SECONDS)

    def ask_to_stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    async def stop(self) -> int:
        """SIGTERM; the exit status."""
        self.ask_to_stop()
        return await ended(self.process)

    async def killed_at_failpoint(self) -> None:
        """Wait for the death that the failpoint brings."""
        status = await ended(self.process)
        assert status == -signal.SIGKILL, f"status {status}: {self.said()}"

    def said(self) -> str:
        """The end of its log."""
        return self._log.read_text(errors="replace")[-3000:] if self._log.exists() else ""

    def end(self) -> None:
        """Leave nothing running, whatever the test did."""
        if self._process is not None and self._process.poll() is None:
            self.kill()


@dataclass(frozen=True, kw_only=True)
class Command:
    """One POST that a client repeats until it is answered, always with the same key."""

    person: str
    grant: str
    service: str
    path: str
    body: Mapping[str, Any]
    key: str = field(default_factory=new_id)


@dataclass(frozen=True)
class Reply:
    """What a client was told; `replayed`: the answer was given before."""

    status: int
    content: bytes
    replayed: bool


class Clients:
    """People at their desks: they send commands, and know only what was answered."""

    def __init__(self, client: httpx.AsyncClient, home: Home) -> None:
        self._client = client
        self._home = home
        self._tokens: dict[tuple[str, str], str] = {}

    async def send(self, command: Command) -> Reply | None:
        """The answer, or None when none came: it may have been done or not."""
        headers = {"idempotency-key": command.key, "authorization": f"Bearer {self._token(command)}"}
        try:
            answer = await self._client.post(
                f"/{command.service}/api/v1{command.path}", json=dict(command.body), headers=headers
            )
        except httpx.TransportError:
            return None
        return Reply(answer.status_code, answer.content, "idempotent-replay" in answer.headers)

    def _token(self, command: Command) -> str:
        who = (command.person, command.grant)
        if who not in self._tokens:
            self._tokens[who] = self._home.token(*who, hours=2)
        return self._tokens[who]

"""An embedded installation in a process of its own, as `trialops serve` runs it, and the tool to speak to it."""

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.trialops.cli import main
from shared.testing.stores import wait_until


@dataclass(frozen=True)
class Served:
    """Where an installation answers, and its folder."""

    url: str
    home: Path


@dataclass(frozen=True)
class Said:
    """How one call of the tool ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


Tool = Callable[..., Said]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A running installation, shared by the tests of a module."""
    home, port = tmp_path_factory.mktemp("home"), free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "deploy.trialops", "serve", "--home", str(home), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        _wait_for(url, process)
        yield Served(url, home)
    finally:
        process.terminate()
        process.communicate(timeout=30)


def _wait_for(url: str, process: "subprocess.Popen[str]") -> None:
    import asyncio

    def answers() -> bool:
        assert process.poll() is None, process.stdout.read() if process.stdout else ""
        try:
            return httpx.get(url).status_code == 200
        except httpx.TransportError:
            return False

    asyncio.run(wait_until(answers, seconds=60, what="the installation"))


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tool:
    """Run the tool as its console script does."""

    def run(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["trialops", *arguments])
        capsys.readouterr()
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        else:
            code = 0
        captured = capsys.readouterr()
        return Said(code, captured.out, captured.err)

    for name in ("TRIALOPS_URL", "TRIALOPS_HOME", "TRIALOPS_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    return run


@pytest.fixture
def ask_dose(tool: Tool, tmp_path: Path) -> Tool:
    """A command of `trialops dose`; documents are written to files first."""

    def run(command: str, *options: str, **documents: Any) -> Said:
        for name, document in documents.items():
            file = tmp_path / f"{name}.json"
            text = document if isinstance(document, bytes) else json.dumps(document).encode()
            file.write_bytes(text)
            options = (*options, f"--{name}", str(file))
        return tool("dose", command, *options)

    return run

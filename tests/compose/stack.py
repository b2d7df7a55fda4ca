"""docker-compose.yml under a project name, a port and secrets of its own."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.trialops.home import Home
from shared.clock import monotonic

ROOT = Path(__file__).resolve().parents[2]
UP_SECONDS = 600

# A container's first process is a small init; the service is its child. What it cannot catch, nobody told it.
_KILL_CHILD = """
import os, signal
for pid in filter(str.isdigit, os.listdir("/proc")):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    if fields[1] == "1" and int(pid) != os.getpid():
        os.kill(int(pid), signal.SIGKILL)
"""


@dataclass(frozen=True)
class Stack:
    """One installation of its own."""

    project: str
    home: Home
    environ: Mapping[str, str]
    url: str

    @classmethod
    def of(cls, project: str, secrets: Path, port: int) -> "Stack":
        environ = {
            "COMPOSE_PROJECT_NAME": project,
            "TRIALOPS_SECRETS": str(secrets),
            "TRIALOPS_PORT": str(port),
            "TRIALOPS_BIND": "127.0.0.1",
            "TRIALOPS_TAG": "test",
            "TRIALOPS_ENVIRONMENT": "demonstration",
        }
        return cls(project, Home(secrets), environ, f"http://127.0.0.1:{port}")

    # -- life -----------------------------------------------------------------------------------------

    def up(self) -> float:
        """Build, start, and wait until everything is healthy; returns the seconds it took."""
        began = monotonic()
        self.compose("up", "--detach", "--wait", "--build", seconds=UP_SECONDS)
        return monotonic() - began

    def down(self) -> None:
        """Leave neither containers nor volumes nor networks."""
        self.compose("down", "--volumes", "--remove-orphans", "--timeout", "10", seconds=180)

    def kill_process(self, service: str) -> None:
        """kill -9 of the service's process, as the kernel does it when memory runs out; Docker is not told."""
        self.compose("exec", "-T", service, "python", "-c", _KILL_CHILD, seconds=30)

    def start(self, service: str) -> None:
        """Start one container again; compose would run the one-shots before it once more."""
        self._run("docker", "start", str(self.container(service)["Id"]))

    # -- looking --------------------------------------------------------------------------------------

    def containers(self) -> dict[str, dict[str, Any]]:
        """What Docker says of each running container, by the name of its service."""
        ids = self.compose("ps", "--quiet").split()
        found = json.loads(self._run("docker", "inspect", *ids))
        return {one["Config"]["Labels"]["com.docker.compose.service"]: one for one in found}

    def container(self, service: str) -> dict[str, Any]:
        """The same of one container, whether it runs or not."""
        found: list[dict[str, Any]] = json.loads(
            self._run("docker", "inspect", *self.compose("ps", "--all", "--quiet", service).split())
        )
        return found[0]

    def healthy(self, service: str) -> bool:
        state = self.container(service)["State"]
        return bool(state["Running"] and state["Health"]["Status"] == "healthy")

    def users_of_processes(self, service: str) -> set[str]:
        """Numbers of the users under which a container's processes run."""
        container = self.container(service)["Id"]
        lines = self._run("docker", "top", container, "-eo", "uid,pid").splitlines()[1:]
        return {line.split()[0] for line in lines}

    async def fetch(self, service: str, statement: str) -> Sequence[Any]:
        """Rows of a service's database, as texts, asked past everything of ours."""
        psql = ("exec", "-T", "postgres", "psql", "-U", "admin", "-d", service, "--no-psqlrc", "-At", "-F|")
        return [tuple(line.split("|")) for line in self.compose(*psql, "-c", statement).splitlines()]

    def logs(self) -> str:
        return self.compose("logs", "--no-color", "--tail", "40", seconds=60)

    # -- docker ---------------------------------------------------------------------------------------

    def compose(self, *arguments: str, seconds: float = 60) -> str:
        return self._run("docker", "compose", "--progress", "quiet", *arguments, seconds=seconds)

    def _run(self, *command: str, seconds: float = 60) -> str:
        ended = subprocess.run(
            command,
            cwd=ROOT,
            env=os.environ | self.environ,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert ended.returncode == 0, f"{' '.join(command)}: {ended.stdout[-2000:]} {ended.stderr[-4000:]}"
        return ended.stdout

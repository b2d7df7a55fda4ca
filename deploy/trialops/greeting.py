"""What `trialops serve` prints once it listens: where, a token, and first requests that work as printed."""

import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.panel import Panel

from deploy.trialops.home import DEFAULT_FOLDER, Home
from deploy.trialops.output import console

_PROTOCOL = Path(__file__).parent / "demo" / "pbtc042.protocol.json"


def greet(home: Home, url: str, services: Sequence[str]) -> None:
    """Print the addresses, a token to paste, and two requests to try with it."""
    console.print(
        Panel.fit(
            "\n".join(f"{name:<10} {url}/{name}/api/v1" for name in services)
            + f"\n\nstores and key   {home.folder.resolve()}\nstop             Ctrl-C",
            title="trialops is running",
            title_align="left",
        )
    )
    _head("A token for the trials office, valid for 12 hours:")
    _line(f"TOKEN={home.token('office', 'trial_manager:*:*', 'sponsor_qa:*:*', hours=12)}")
    _head("First, look at the (still empty) portfolio, then upload a protocol:")
    _line(f'curl -s -H "Authorization: Bearer $TOKEN" {url}/sponsor/api/v1/trials')
    _line(
        'curl -s -H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: first" -H "Content-Type: application/json"'
        f" --data @{shlex.quote(_near(_PROTOCOL))} {url}/sponsor/api/v1/trials"
    )
    _head("A token of another role:")
    _line(f"{own_command()} dev token --role site_nurse --trial PBTC042 --site 001{_home_option(home)}")


def own_command() -> str:
    """How this tool was called, so that what is printed can be pasted."""
    called = sys.argv[0]
    if Path(called).name == "__main__.py":
        return f"{shlex.quote(sys.executable)} -m deploy.trialops"
    on_path = shutil.which(Path(called).name)
    if on_path is not None and os.path.realpath(on_path) == os.path.realpath(called):
        return Path(called).name
    return shlex.quote(called)


def _home_option(home: Home) -> str:
    given = str(home.folder)
    return "" if given == DEFAULT_FOLDER else f" --home {shlex.quote(given)}"


def _near(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _head(text: str) -> None:
    console.print(f"\n{text}\n", style="bold")


def _line(text: str) -> None:
    console.print(text, soft_wrap=True, markup=False)

"""Options that several commands share: which installation, as whom, and how to print."""

import os
import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import httpx
import typer

from deploy.trialops.calls import Calls
from deploy.trialops.home import DEFAULT_URL, SERVICES, Home


def checked_service(name: str | None) -> str | None:
    if name is not None and name not in SERVICES:
        raise typer.BadParameter(f"one of {', '.join(sorted(SERVICES))}")
    return name


def checked_url(url: str | None) -> str | None:
    """An http or https address with a host; anything else is wrong usage, not an installation that is silent."""
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        httpx.URL(url)
    except (ValueError, httpx.InvalidURL):
        usable = False
    if not usable:
        raise typer.BadParameter(f"{url!r} is no address of an installation, such as {DEFAULT_URL}")
    return url


def _checked_token(token: str | None) -> str | None:
    if token is not None and _TOKEN.fullmatch(token) is None:
        raise typer.BadParameter("a token is one line of ASCII characters without spaces")
    return token


_TOKEN = re.compile(r"[\x21-\x7e]+")

Url = Annotated[
    str,
    typer.Option("--url", envvar="TRIALOPS_URL", help="Address of the installation.", callback=checked_url),
]
HomeFolder = Annotated[
    Path | None,
    typer.Option(
        "--home", envvar="TRIALOPS_HOME", help="Folder with stores and development key.", file_okay=False
    ),
]
Token = Annotated[
    str | None,
    typer.Option(
        "--token",
        envvar="TRIALOPS_TOKEN",
        help="Access token; made from the development key if absent.",
        callback=_checked_token,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
ServiceName = Annotated[
    str,
    typer.Argument(help="enrolment, safety or sponsor", metavar="SERVICE", callback=checked_service),
]
OtherService = Annotated[
    str | None,
    typer.Option("--consumer", help="Only to this service.", callback=checked_service),
]
DEFAULT = DEFAULT_URL
EXIT_USAGE = 2


def help_without_command(context: typer.Context) -> None:
    """The callback of a group: its help when no command follows, and the exit code of wrong usage."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), nl=False)
        raise typer.Exit(EXIT_USAGE)


def home_of(folder: Path | None) -> Home:
    return Home(folder) if folder is not None else Home.default()


def operator_calls(url: str, folder: Path | None, token: str | None) -> Calls:
    """Calls as an operator of the installation."""
    person = re.sub(r"[^\x21-\x7e]", "-", os.environ.get("USER", "operator"))[:100]
    return Calls(url, token or home_of(folder).token(f"operator-{person}", "operations:*:*"))

"""Options that several commands share: which installation, as whom, and how to print."""

import os
from pathlib import Path
from typing import Annotated

import typer

from deploy.trialops.calls import Calls
from deploy.trialops.home import DEFAULT_URL, SERVICES, Home


def _checked_service(name: str) -> str:
    if name not in SERVICES:
        raise typer.BadParameter(f"one of {', '.join(sorted(SERVICES))}")
    return name


Url = Annotated[str, typer.Option("--url", envvar="TRIALOPS_URL", help="Address of the installation.")]
HomeFolder = Annotated[
    Path | None,
    typer.Option(
        "--home", envvar="TRIALOPS_HOME", help="Folder with stores and development key.", file_okay=False
    ),
]
Token = Annotated[
    str | None,
    typer.Option(
        "--token", envvar="TRIALOPS_TOKEN", help="Access token; made from the development key if absent."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
ServiceName = Annotated[
    str,
    typer.Argument(help="enrolment, safety or sponsor", metavar="SERVICE", callback=_checked_service),
]
DEFAULT = DEFAULT_URL


def home_of(folder: Path | None) -> Home:
    return Home(folder) if folder is not None else Home.default()


def operator_calls(url: str, folder: Path | None, token: str | None) -> Calls:
    """Calls as an operator of the installation."""
    person = os.environ.get("USER", "operator")
    return Calls(url, token or home_of(folder).token(f"operator-{person}", "operations:*:*"))

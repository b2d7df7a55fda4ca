"""`trialops serve`, `migrate` and `contracts`: running and describing an embedded installation."""

import asyncio
from pathlib import Path
from socket import socket
from typing import Annotated

import typer

from deploy.trialops.greeting import greet
from deploy.trialops.home import Home, HomeUnusable
from deploy.trialops.installation import PROGRAMS, Installation, Place
from deploy.trialops.listening import is_loopback, open_sockets, reachable_url
from deploy.trialops.options import AsJson, HomeFolder, home_of
from deploy.trialops.output import print_result
from shared.contracts import write_contracts
from shared.database import StoreInUse
from shared.event_loop import run
from shared.process import AnnouncingServer, server_config
from shared.service import WrongEnvironment
from shared.settings import Environment
from shared.telemetry import configure_logging

EXIT_FAILED = 1
_NOT_LOOPBACK = (
    "trialops: warning: {host} is reachable from other machines. This shape is for one machine: no TLS, a development"
    " key, and livez, readyz and metrics answer without a token; for a network see docs/how-to/operate.md"
)


def serve(
    home: HomeFolder = None,
    port: Annotated[int, typer.Option("--port", min=1, max=65535)] = 8080,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    demonstration: Annotated[
        bool, typer.Option("--demonstration", help="Let domain time be moved; records are marked so.")
    ] = False,
) -> None:
    """Run all three services in this process, on SQLite files, until interrupted.

    Example: trialops serve --port 9000
    """
    configure_logging("trialops")
    here = home_of(home)
    listeners = open_sockets(
        host, port
    )  # before anything is written: a start that fails here changes nothing
    if not is_loopback(host):
        typer.echo(_NOT_LOOPBACK.format(host=host), err=True)
    here.ensure_key()
    environment = Environment.DEMONSTRATION if demonstration else Environment.DEVELOPMENT
    installation = Installation(Place(folder=here.folder, environment=environment))
    installation.migrate()
    try:
        ended_as_asked = run(_serve(installation, here, listeners, reachable_url(host, port)))
    except StoreInUse as refusal:
        raise HomeUnusable(
            f"{refusal}; stop that process or give another folder than {here.folder} with --home"
        ) from None
    except WrongEnvironment as refusal:
        other = "without" if demonstration else "with"
        raise HomeUnusable(
            f"{refusal} in {here.folder}; give another folder with --home, or start {other} --demonstration"
        ) from None
    if not ended_as_asked:
        raise typer.Exit(EXIT_FAILED)


async def _serve(installation: Installation, home: Home, listeners: list[socket], url: str) -> bool:
    """Serve until stopped; false when a service gave up by itself, so that whoever supervises starts again."""
    try:
        await installation.start()
        address, port = listeners[0].getsockname()[:2]
        server = AnnouncingServer(
            server_config(installation.app, address, port), lambda: greet(home, url, list(PROGRAMS))
        )
        serving = asyncio.create_task(server.serve(sockets=listeners))
        failed = [asyncio.create_task(service.failed.wait()) for service in installation.services.values()]
        await asyncio.wait({serving, *failed}, return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        await serving
        return not any(service.failed.is_set() for service in installation.services.values())
    finally:
        await installation.stop()


def migrate(home: HomeFolder = None, as_json: AsJson = False) -> None:
    """Bring the three stores of an embedded installation to the newest schema.

    A service of a network installation migrates itself: python -m services.<name> migrate.
    """
    here = home_of(home)
    Installation(Place(folder=here.folder, environment=Environment.DEVELOPMENT)).migrate()
    print_result({"home": str(here.folder), "state": "newest schema"}, as_json)


def contracts(
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit 1 when a document is stale.")
    ] = False,
) -> None:
    """Write each service's schemas, AsyncAPI and OpenAPI documents from its code."""
    results = [write_contracts(one.define, Path(one.folder), check=check) for one in PROGRAMS.values()]
    if not all(results):
        raise typer.Exit(EXIT_FAILED)


def add_to(app: typer.Typer) -> None:
    app.command()(serve)
    app.command()(migrate)
    app.command()(contracts)

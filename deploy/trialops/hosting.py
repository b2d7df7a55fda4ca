"""`trialops serve`, `migrate` and `contracts`: running and describing an embedded installation."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.panel import Panel

from deploy.trialops.home import Home
from deploy.trialops.installation import PROGRAMS, Installation, Place
from deploy.trialops.options import AsJson, HomeFolder, home_of
from deploy.trialops.output import console, print_result
from shared.contracts import write_contracts
from shared.database import StoreInUse
from shared.event_loop import run
from shared.process import AnnouncingServer, server_config
from shared.service import WrongEnvironment
from shared.settings import Environment
from shared.telemetry import configure_logging

EXIT_FAILED = 1


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
    here.ensure_key()
    environment = Environment.DEMONSTRATION if demonstration else Environment.DEVELOPMENT
    installation = Installation(Place(folder=here.folder, environment=environment))
    installation.migrate()
    try:
        ended_as_asked = run(_serve(installation, here, host, port))
    except (StoreInUse, WrongEnvironment) as refusal:
        typer.echo(f"trialops: {refusal}", err=True)
        raise typer.Exit(EXIT_FAILED) from None
    if not ended_as_asked:
        raise typer.Exit(EXIT_FAILED)


async def _serve(installation: Installation, home: Home, host: str, port: int) -> bool:
    """Serve until stopped; false when a service gave up by itself, so that whoever supervises starts again."""
    await installation.start()
    try:
        config = server_config(installation.app, host, port)
        server = AnnouncingServer(config, lambda: _greet(home, f"http://{host}:{port}"))
        serving = asyncio.create_task(server.serve())
        failed = [asyncio.create_task(service.failed.wait()) for service in installation.services.values()]
        await asyncio.wait({serving, *failed}, return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        await serving
        return not any(service.failed.is_set() for service in installation.services.values())
    finally:
        await installation.stop()


def _greet(home: Home, url: str) -> None:
    office = home.token("office", "trial_manager:*:*", "sponsor_qa:*:*", hours=12)
    console.print(
        Panel.fit(
            "\n".join(f"{name:<10} {url}/{name}/api/v1" for name in PROGRAMS)
            + f"\n\nstores and key   {home.folder.resolve()}\nstop             Ctrl-C",
            title="trialops is running",
            title_align="left",
        )
    )
    console.print("A token for the trials office, valid for 12 hours:\n", style="bold")
    console.print(office, soft_wrap=True)
    console.print("\nFirst, look at the (still empty) portfolio, then upload a protocol:\n", style="bold")
    console.print(f'curl -s -H "Authorization: Bearer $TOKEN" {url}/sponsor/api/v1/trials', soft_wrap=True)
    console.print(
        f'curl -s -H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: first" -H "Content-Type: application/json"'
        f" --data @deploy/trialops/demo/pbtc042.protocol.json {url}/sponsor/api/v1/trials",
        soft_wrap=True,
    )
    console.print("\nOther roles: trialops dev token --role site_nurse --trial PBTC042 --site 001")


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

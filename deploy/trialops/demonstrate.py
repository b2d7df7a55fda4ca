"""`trialops demo`: replay a published trial through the public HTTP APIs and check every book afterwards."""

import asyncio
import logging
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import httpx
import typer

from deploy.trialops.demo.page import render_report
from deploy.trialops.demo.plan import SEED
from deploy.trialops.demo.play import play
from deploy.trialops.demo.published import ASSUMPTIONS, CITATION
from deploy.trialops.demo.stage import StoryFailed
from deploy.trialops.demo.timeline import Timeline
from deploy.trialops.home import Home, HomeUnusable
from deploy.trialops.installation import Installation, Place
from deploy.trialops.options import HomeFolder, checked_url, home_of
from deploy.trialops.output import console, print_json
from shared.event_loop import run
from shared.process import AnnouncingServer, server_config
from shared.settings import Environment
from shared.telemetry import configure_logging

EXIT_FAILED = 1


def demo(
    against: Annotated[
        str | None,
        typer.Option(
            "--against",
            help="A running installation in demonstration, instead of our own.",
            callback=checked_url,
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Who is invented, and when they come.")] = SEED,
    report: Annotated[
        Path | None, typer.Option("--report", help="Where to write the HTML report.", dir_okay=False)
    ] = None,
    home: HomeFolder = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Replay a published paediatric phase I trial; exit 1 when a count or a check is not as it must be.

    Example: trialops demo --json
    """
    configure_logging("demo", level=logging.ERROR)
    began = perf_counter()
    timeline = Timeline(None if as_json else console)
    target = report or Path("trialops-demo.html")
    _check_writable(target)
    if not as_json:
        console.print(f"Replayed: {CITATION}\n", style="bold")
    try:
        result = (
            _play_here(timeline, seed)
            if against is None
            else _play_there(timeline, seed, against, home_of(home))
        )
    except StoryFailed as failure:
        _fail(str(failure), as_json)
    result["report"] = str(target.resolve())
    target.write_text(render_report(result, timeline))
    if as_json:
        print_json(result)
    else:
        _print(result, perf_counter() - began)
    if not result["passed"]:
        raise typer.Exit(EXIT_FAILED)


def _check_writable(report: Path) -> None:
    """Refuse before the story starts: it takes half a minute, and without its report it would be for nothing."""
    known = report.exists()
    try:
        report.open("a").close()
        if not known:
            report.unlink()
    except OSError as error:
        raise HomeUnusable(
            f"the report {report} cannot be written: {error.strerror}; give another file with --report"
        ) from None


def _fail(reason: str, as_json: bool) -> None:
    if as_json:
        print_json({"passed": False, "failed_because": reason})
    else:
        console.print(f"\nThe story failed: {reason}", style="bold red")
    raise typer.Exit(EXIT_FAILED)


def _play_here(timeline: Timeline, seed: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="trialops-demo-") as folder:
        home = Home(Path(folder))
        home.ensure_key()
        installation = Installation(Place(folder=home.folder, environment=Environment.DEMONSTRATION))
        installation.migrate()
        return run(_play_on(installation, home, timeline, seed))


async def _play_on(installation: Installation, home: Home, timeline: Timeline, seed: int) -> dict[str, Any]:
    async with served(installation) as url, httpx.AsyncClient(base_url=url, timeout=60) as client:
        return await play(client, home, timeline, seed=seed)


@asynccontextmanager
async def served(installation: Installation) -> AsyncIterator[str]:
    """The installation behind a real port of this machine; gives its address."""
    await installation.start()
    listening = asyncio.Event()
    server = AnnouncingServer(server_config(installation.app, "127.0.0.1", 0), listening.set)
    serving = asyncio.create_task(server.serve())
    try:
        await listening.wait()
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await serving
        await installation.stop()


def _play_there(timeline: Timeline, seed: int, url: str, home: Home) -> dict[str, Any]:
    async def there() -> dict[str, Any]:
        async with httpx.AsyncClient(base_url=url, timeout=60) as client:
            return await play(client, home, timeline, seed=seed)

    return asyncio.run(there())


def _print(result: dict[str, Any], seconds: float) -> None:
    console.print()
    for stratum in result["strata"]:
        console.print(f"Stratum {stratum['name']}: MTD {stratum['mtd']} mg/m2", style="bold")
        for level in stratum["levels"]:
            console.print(
                f"  {level['dose']:>3} mg/m2: {level['enrolled']} enrolled, {level['evaluable']} evaluable,"
                f" {level['dlt']} with a DLT"
            )
    for one in result["levels_closed"]:
        console.print(f"Closed by a report: {one['level']}, {one['report_to_closed_ms']:.1f} ms after it")
    console.print("Not published, so assumed:", style="bold")
    for text in ASSUMPTIONS:
        console.print(f"  - {text}", soft_wrap=True)
    console.print("The rules took another road than the paper:", style="bold")
    for one in result["disagreements"]:
        console.print(f"  - {one['where']}: {one['rules']} ({one['reason']})", soft_wrap=True)
    for name, value in result["invariants"].items():
        console.print(f"{name.replace('_', ' ')}: {value}")
    for detail in result["details"]:
        console.print(f"  {detail}", style="red")
    verdict = "passed" if result["passed"] else "FAILED"
    console.print(
        f"\n{verdict} in {seconds:.1f} s, {result['events']} events; report: {result['report']}", style="bold"
    )


def add_to(app: typer.Typer) -> None:
    app.command()(demo)

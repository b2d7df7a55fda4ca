"""`trialops demo`: replay a published trial through the public HTTP APIs and check every book afterwards."""

import asyncio
import logging
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import httpx
import typer

from deploy.trialops.demo.comparisons import comparison_lines
from deploy.trialops.demo.page import render_report
from deploy.trialops.demo.page_susar import susar_in_words
from deploy.trialops.demo.plan import SEED
from deploy.trialops.demo.play import Played, Story, Wanted, play
from deploy.trialops.demo.published import ASSUMPTIONS, CITATION
from deploy.trialops.demo.stage import StoryFailed
from deploy.trialops.demo.words import counted_in_words, in_words
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
    only: Annotated[
        list[Story] | None,
        typer.Option("--only", help="Tell this story alone; may be given several times."),
    ] = None,
    home: HomeFolder = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Replay a published paediatric phase I trial, then tell three invented ones; exit 1 when a check fails.

    Example: trialops demo --json
    """
    configure_logging("demo", level=logging.ERROR)
    began = perf_counter()
    wanted = Wanted(seed=seed, stories=tuple(only or Story), console=None if as_json else console)
    target = report or Path("trialops-demo.html")
    _check_writable(target)
    if not as_json and Story.PUBLISHED in wanted.stories:
        console.print(f"Replayed: {CITATION}\n", style="bold")
    try:
        played = _play_here(wanted) if against is None else _play_there(wanted, against, home_of(home))
    except StoryFailed as failure:
        _fail(str(failure), as_json)
    result = {**played.result, "report": str(target.resolve())}
    target.write_text(render_report(played))
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


def _play_here(wanted: Wanted) -> Played:
    with tempfile.TemporaryDirectory(prefix="trialops-demo-") as folder:
        home = Home(Path(folder))
        home.ensure_key()
        installation = Installation(Place(folder=home.folder, environment=Environment.DEMONSTRATION))
        installation.migrate()
        return run(_play_on(installation, home, wanted))


async def _play_on(installation: Installation, home: Home, wanted: Wanted) -> Played:
    async with served(installation) as url, httpx.AsyncClient(base_url=url, timeout=60) as client:
        return await play(client, home, wanted)


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


def _play_there(wanted: Wanted, url: str, home: Home) -> Played:
    async def there() -> Played:
        async with httpx.AsyncClient(base_url=url, timeout=60) as client:
            return await play(client, home, wanted)

    return asyncio.run(there())


def _print(result: Mapping[str, Any], seconds: float) -> None:
    console.print()
    if result["strata"]:
        _print_published(result)
    _print_invented(result)
    for name, value in result["invariants"].items():
        console.print(f"{name.replace('_', ' ')}: {value}")
    for detail in result["details"]:
        console.print(f"  {detail}", style="red")
    verdict = "passed" if result["passed"] else "FAILED"
    console.print(
        f"\n{verdict} in {seconds:.1f} s, {result['events']} events; report: {result['report']}", style="bold"
    )


def _print_published(result: Mapping[str, Any]) -> None:
    for stratum in result["strata"]:
        console.print(f"Stratum {stratum['name']}: MTD {stratum['mtd']} mg/m2", style="bold")
        for level in stratum["levels"]:
            console.print(
                f"  {level['dose']:>3} mg/m2: {level['enrolled']} enrolled, {level['evaluable']} evaluable,"
                f" {level['dlt']} with a DLT"
            )
    for one in result["levels_closed"]:
        console.print(f"Closed by a report: {one['level']}, {one['report_to_closed_ms']:.1f} ms after it")
    console.print(f"Invented, with a played regulator: {susar_in_words(result['susar'])}", soft_wrap=True)
    console.print("Not published, so assumed:", style="bold")
    for text in ASSUMPTIONS:
        console.print(f"  - {text}", soft_wrap=True)
    console.print("The rules took another road than the paper:", style="bold")
    for one in result["disagreements"]:
        console.print(f"  - {one['where']}: {one['rules']} ({one['reason']})", soft_wrap=True)
    console.print("Decided, and what designs recommend on the same data:", style="bold")
    for line in comparison_lines(result["comparisons"]):
        console.print(f"  - {line}", soft_wrap=True)


def _print_invented(result: Mapping[str, Any]) -> None:
    invented = result["invented"]
    if invented["trials"]:
        console.print(
            f"Invented, seed {invented['seed']}: {invented['notice']}", style="bold", soft_wrap=True
        )
    for story, trial in invented["trials"].items():
        console.print(f"  {trial['code']}: {in_words(story, trial)}", soft_wrap=True)
    console.print("The trial finder, before and after:", style="bold")
    for seen in result["finder"]["moments"]:
        listed = "; ".join(f"{one['code']} {counted_in_words(one)}" for one in seen["trials"])
        console.print(f"  - {seen['moment']}: {listed}", soft_wrap=True)


def add_to(app: typer.Typer) -> None:
    app.command()(demo)

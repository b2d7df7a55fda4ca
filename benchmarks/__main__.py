"""`python -m benchmarks [B1 ...] [--runs N] [--quick] [--no-docker]`: measure, print a table, write results.json.

Exit codes: 0 every floor is met, 1 one is missed or a run failed, 2 usage.
"""

import argparse
import json
import logging
import signal
import sys
from pathlib import Path

import structlog
from rich.console import Console
from rich.table import Table

from benchmarks.machine import machine, versions
from benchmarks.measure import Result
from benchmarks.rows import BENCHMARKS
from benchmarks.size import Size
from benchmarks.surroundings import Surroundings, surroundings
from shared.event_loop import run

RESULTS = Path(__file__).parent / "results.json"
NEEDS_DOCKER = ("B1", "B2", "B7")
WIDTH = 150
console, progress = Console(), Console(stderr=True)


def main() -> int:
    given = _arguments()
    size = Size.quick(given.runs) if given.quick else Size(runs=given.runs or 5)
    chosen = given.ids or list(BENCHMARKS)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a broker that is starting is not news
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that containers and programs are removed
    results, failed = run(_measure(chosen, size, docker=not given.no_docker))
    console.width = max(console.width, WIDTH)  # a figure that is cut off says nothing
    console.print(_table(results))
    given.results.write_text(_document(results))
    missed = [row for row in results if not row.meets_floor]
    for row in missed:
        console.print(
            f"{row.id} on {row.store}/{row.transport} misses its floor: {row.what}", style="bold red"
        )
    for reason in failed:
        console.print(reason, style="bold red")
    return 1 if missed or failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("ids", nargs="*", metavar="ID", help="B1 to B15; all by default")
    parser.add_argument("--runs", type=int, help="runs of each, of which the median counts (default 5)")
    parser.add_argument("--quick", action="store_true", help="small runs, to see that everything works")
    parser.add_argument("--no-docker", action="store_true", help="only SQLite and the direct transport")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the figures are written as JSON")
    given = parser.parse_args()
    if unknown := [id for id in given.ids if id not in BENCHMARKS]:
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    return given


async def _measure(chosen: list[str], size: Size, *, docker: bool) -> tuple[list[Result], list[str]]:
    """The rows, and what became of benchmarks that did not end well; the others are measured all the same."""
    results: list[Result] = []
    failed: list[str] = []
    async with surroundings(docker=docker) as around:
        _say_what_is_left_out(around, chosen)
        for id in chosen:
            progress.print(f"{id} ...", style="dim")
            try:
                async for row in BENCHMARKS[id](around, size):
                    progress.print(_line(row), style="dim")
                    results.append(row)
            except Exception as error:
                progress.print_exception()
                failed.append(f"{id} failed: {type(error).__name__}: {error}")
    return results, failed


def _say_what_is_left_out(around: Surroundings, chosen: list[str]) -> None:
    if not around.without_docker:
        return
    console.print(f"{around.without_docker}: no row on PostgreSQL or Kafka is measured.", style="yellow")
    if left_out := [id for id in chosen if id in NEEDS_DOCKER]:
        console.print(f"Left out altogether: {', '.join(left_out)}.", style="yellow")


def _line(row: Result) -> str:
    return f"{row.id} {row.store}/{row.transport} {_figure(row.ours)} {row.unit}, ratio {_figure(row.ratio)}"


def _table(results: list[Result]) -> Table:
    table = Table(title="Our paths against anchors in the same run", title_justify="left")
    for name in ("", "what", "store", "transport"):
        table.add_column(name)
    for name in ("ours", "anchor", "unit", "ratio", "floor", "goal", "ok"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in results:
        figures = (row.ours, row.anchor, row.unit, row.ratio, row.floor, row.goal)
        shown = [one if isinstance(one, str) else _figure(one) for one in figures]
        verdict = ("goal" if row.goal and row.meets_goal else "yes") if row.meets_floor else "NO"
        style = None if row.meets_floor else "bold red"
        table.add_row(row.id, row.what, row.store, row.transport, *shown, verdict, style=style)
    return table


def _figure(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _document(results: list[Result]) -> str:
    """The rows, each with what it was measured on."""
    measured_on = {"versions": versions(), "machine": machine()}
    return json.dumps([row.as_json() | measured_on for row in results], indent=2) + "\n"


if __name__ == "__main__":
    sys.exit(main())

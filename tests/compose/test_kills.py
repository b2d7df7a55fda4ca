"""Processes of the installation killed while hospitals work, and the published trial told afterwards."""

import asyncio
import json
import os
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

from deploy.trialops.demo.books import Books
from shared.testing.stores import wait_until
from tests.compose.stack import ROOT, Stack
from tests.crash import ledger
from tests.crash.load import RIGHTLY_REFUSED, Load
from tests.crash.story import Trial, children_at_risk, everybody, level_state, open_trial, toxicity

SEED = 20261121
CODE = "PBTC042K"
ENOUGH_ANSWERS = 30
RECOVERY_SECONDS = 120.0
DEMO_SECONDS = 600
CLEAN = {
    "events_lost": 0,
    "effects_doubled": 0,
    "audit_chains_ok": True,
    "allocations_without_decision": 0,
}


async def test_a_killed_worker_and_a_killed_api_come_back_with_clean_books(stack: Stack) -> None:
    async with AsyncExitStack() as exits:
        trial = await everybody(stack.url, stack.home, exits, code=CODE)
        await open_trial(trial)
        children = await children_at_risk(trial)
        before = await level_state(trial)
        load = Load(trial, Random(SEED), children)
        working = load.start()
        await wait_until(lambda: len(load.answered) >= ENOUGH_ANSWERS, seconds=60, what="some load")

        await asyncio.to_thread(stack.kill_process, "safety-worker")
        reported = await trial.clients.send(toxicity(trial, children[1]))
        await asyncio.to_thread(stack.kill_process, "enrolment-api")
        load.stop()
        await working
        await _recovered(stack, "safety-worker", "enrolment-api")
        await load.finish()
        await wait_until(lambda: _closed(trial), seconds=RECOVERY_SECONDS, what="the closed level")

        assert before == "open"
        assert reported is not None
        assert reported.status == 201
        assert load.refusals() <= RIGHTLY_REFUSED
        books = await ledger.assert_books_are_clean(trial)
        assert _events_of(books, load) == len(load.done("/adverse-events"))
        level = await _level_id(trial)
        assert ledger.count(books, "enrolment", "dose-level.closed", level) == 1
        assert await ledger.faults(stack.fetch) == []


async def test_the_published_trial_is_told_on_the_installation(stack: Stack, tmp_path: Path) -> None:
    command = ("demo", "--json", "--against", stack.url, "--home", str(stack.home.folder))
    run = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "deploy.trialops", *command, "--report", str(tmp_path / "report.html")],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        timeout=DEMO_SECONDS,
    )

    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    result = json.loads(run.stdout)
    assert result["passed"]
    assert result["invariants"] == CLEAN
    assert [stratum["mtd"] for stratum in result["strata"]] == ["75", "75"]
    assert (tmp_path / "report.html").exists()


async def test_a_stopped_worker_ends_in_good_order(stack: Stack) -> None:
    stack.compose("stop", "sponsor-worker")
    state = stack.container("sponsor-worker")["State"]
    stack.start("sponsor-worker")

    assert (state["ExitCode"], state["OOMKilled"]) == (0, False)
    await wait_until(
        lambda: stack.healthy("sponsor-worker"), seconds=RECOVERY_SECONDS, what="the worker's return"
    )


async def _recovered(stack: Stack, *services: str) -> None:
    """Docker has started them again by itself, and they are healthy."""

    async def all_back() -> bool:
        return await asyncio.to_thread(lambda: all(_restarted(stack, one) for one in services))

    await wait_until(all_back, seconds=RECOVERY_SECONDS, what=f"the return of {services}")


def _restarted(stack: Stack, service: str) -> bool:
    return stack.container(service)["RestartCount"] >= 1 and stack.healthy(service)


async def _closed(trial: Trial) -> bool:
    return await level_state(trial) == "closed"


async def _level_id(trial: Trial) -> str:
    listed = await trial.office.manager.get("enrolment", "/dose-levels", trial=trial.code)
    return next(
        str(one["level_id"]) for one in listed["levels"] if (one["part"], one["level"]) == ("stratum-1", 1)
    )


def _events_of(books: Books, load: Load) -> int:
    """How many of the load's reports were published."""
    ids = {json.loads(reply.content)["report_id"] for _, reply in load.done("/adverse-events")}
    return sum(
        event["type"] == "safety.adverse-event.reported.v1" and event["aggregate_id"] in ids
        for event in books.published["safety"]
    )

"""The published trial, told by the command that users run, on every shape of installation."""

import asyncio
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.case_files import case_files
from tests.journeys.conftest import SHAPES, Make
from tests.journeys.plants import effect_twice, lost_event, row_twice
from tests.journeys.world import World

ROOT = Path(__file__).parents[2]
STORY_SECONDS = 900
"""A net under a story that never ends; on an idle machine it takes half a minute, on a crowded one minutes."""
PUBLISHED = [
    {
        "name": "I",
        "levels": [
            {"dose": "50", "enrolled": 3, "evaluable": 3, "dlt": 0},
            {"dose": "75", "enrolled": 12, "evaluable": 12, "dlt": 2},
            {"dose": "95", "enrolled": 6, "evaluable": 4, "dlt": 2},
        ],
        "mtd": "75",
    },
    {
        "name": "II",
        "levels": [
            {"dose": "50", "enrolled": 4, "evaluable": 4, "dlt": 0},
            {"dose": "75", "enrolled": 10, "evaluable": 7, "dlt": 1},
        ],
        "mtd": "75",
    },
]
CLEAN = {
    "events_lost": 0,
    "effects_doubled": 0,
    "audit_chains_ok": True,
    "allocations_without_decision": 0,
}
STAY, UP, DOWN = ("stay", 1), ("escalate", 2), ("deescalate", 2)
COMPARED = [
    ("stratum-1", ("open_level", 1), STAY, STAY, STAY),
    ("stratum-1", ("open_level", 2), UP, UP, UP),
    ("stratum-1", ("open_level", 3), ("escalate", 3), ("escalate", 3), ("escalate", 3)),
    ("stratum-1", ("open_level", 2), DOWN, DOWN, ("stay", 3)),
    ("stratum-1", ("declare_mtd", 2), ("complete", 2), ("escalate", 3), ("stay", 2)),
    ("stratum-2", ("open_level", 1), STAY, STAY, STAY),
    ("stratum-2", ("open_level", 2), UP, UP, UP),
    ("stratum-2", ("declare_mtd", 2), ("complete", 2), ("stay", 2), ("stay", 2)),
]
"""Part, decision, then what the trial's own design, BOIN and the CRM recommend on its data."""


async def demo(folder: Path, *options: str) -> tuple[int, dict[str, Any], str]:
    """Run `trialops demo --json` in a folder; returns exit code, the printed object, and standard error."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.trialops", "demo", "--json", *options),
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(STORY_SECONDS):
            out, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    return process.returncode or 0, json.loads(out), errors.decode()


def against(world: World) -> tuple[str, ...]:
    return ("--against", world.url, "--home", str(world.home.folder))


def compared(result: dict[str, Any]) -> list[tuple[Any, ...]]:
    """As COMPARED."""
    return [
        (step["part"], *((one["kind"], one["level"]) for one in sayings))
        for step in result["comparisons"]
        for sayings in [[step["decided"], step["own_design"], *step["others"]]]
    ]


def assert_as_published(result: dict[str, Any]) -> None:
    assert result["strata"] == PUBLISHED
    assert result["invariants"] == CLEAN, result["details"]
    assert [one["level"] for one in result["levels_closed"]] == ["95 mg/m2, stratum-1"]
    assert all(one["report_to_closed_ms"] > 0 for one in result["levels_closed"])
    assert result["passed"] is True, result["details"]
    assert list(result["invented"]["trials"]) == ["randomised", "samples", "car-t"]
    assert [one["code"] for one in result["finder"]["trials"]] == ["PBTC042", "RAND01", "TISS01", "CART01"]
    assert len(result["disagreements"]) == 2
    assert all(one["reason"] for one in result["disagreements"])
    assert compared(result) == COMPARED
    assert_susar_closed(result["susar"])


def assert_susar_closed(susar: dict[str, Any]) -> None:
    assert all(susar["checks"].values())
    assert (susar["term"], susar["grade"], susar["verdict"]) == ("Dehydration", 3, "dlt")
    assert susar["moments"][-1]["event_class"] == "SUSAR"
    assert [file["accepted"] for file in susar["files"]] == [False, True]
    assert {(one["state"], one["in_time"]) for one in susar["obligations"]} == {("met", True)}


@pytest.mark.slow
async def test_demo_command_reaches_the_published_counts_and_writes_its_report(tmp_path: Path) -> None:
    code, result, errors = await demo(tmp_path, "--report", "told.html")

    assert (code, errors) == (0, "")
    assert_as_published(result)
    assert result["report"] == str(tmp_path / "told.html")
    page = (tmp_path / "told.html").read_text()
    assert "<svg" in page
    assert "CRM (empiric, plug-in)" in page
    assert page.count("names level 2") == 4
    assert page.index("Counts reached through the rules") < page.index('<h2 id="susar">')
    assert page.index('<h2 id="susar">') < page.index('<h2 id="invented">')
    assert "Placeholder: 99999999." in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "<script src" not in page


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES[1:])
async def test_the_same_story_against_a_running_installation(
    shape: str, installation_in: Make, tmp_path: Path
) -> None:
    async with installation_in(shape) as world:
        code, result, errors = await demo(tmp_path, *against(world))
        files = await case_files(world)

    assert (code, errors) == (0, "")
    assert_as_published(result)
    sent = [hashlib.sha256(raw).hexdigest() for _, raw in files]
    assert sent == [file["sha256"] for file in result["susar"]["files"]]
    assert {trial for trial, _ in files} == {"PBTC042"}


@pytest.mark.slow
async def test_demo_command_fails_when_anything_was_lost_or_doubled(embedded: World, tmp_path: Path) -> None:
    await embedded.opened_trial()
    await lost_event(embedded)
    await row_twice(embedded)
    await effect_twice(embedded)

    code, result, _ = await demo(tmp_path, "--only", "published", *against(embedded))

    assert code == 1
    assert result["passed"] is False
    assert result["strata"] == PUBLISHED
    assert result["invariants"] == CLEAN | {"events_lost": 1, "effects_doubled": 2}

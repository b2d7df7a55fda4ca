"""The published trial, told on every shape of installation, and by the command that users run."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from deploy.trialops.demo.books import consequences_twice, read_books
from deploy.trialops.demo.play import play
from deploy.trialops.demo.timeline import Timeline
from shared.act import Act
from shared.clock import server_now
from shared.database import Tx
from shared.ids import new_id
from shared.rows import insert_row

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


def assert_as_published(result: dict[str, Any]) -> None:
    assert result["strata"] == PUBLISHED
    assert result["invariants"] == CLEAN
    assert [one["level"] for one in result["levels_closed"]] == ["95 mg/m2, stratum-1"]
    assert all(one["report_to_closed_ms"] > 0 for one in result["levels_closed"])
    assert len(result["disagreements"]) == 2


@pytest.mark.slow
def test_demo_command_reaches_the_published_counts_and_writes_its_report(tmp_path: Path) -> None:
    report = tmp_path / "report.html"

    run = subprocess.run(
        [sys.executable, "-m", "deploy.trialops", "demo", "--json", "--report", str(report)],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path.cwd())},
        timeout=300,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    result = json.loads(run.stdout)
    assert_as_published(result)
    assert result["report"] == str(report)
    page = report.read_text()
    assert "<svg" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert run.stderr == ""


@pytest.mark.slow
@pytest.mark.postgres
async def test_published_trial_on_postgresql(installation_in: Any) -> None:
    async with installation_in("postgresql-direct") as world:
        assert_as_published(await play(world.client, world.home, Timeline()))


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.kafka
async def test_published_trial_on_kafka_and_postgresql(installation_in: Any) -> None:
    async with installation_in("postgresql-kafka") as world:
        assert_as_published(await play(world.client, world.home, Timeline()))


async def test_books_are_clean_after_an_opened_trial(world: Any) -> None:
    trial = await world.opened_trial()

    books = await read_books(trial.stage, "PBTC042")

    assert (books.lost, books.doubled) == (0, 0), books.details


async def test_a_doubled_row_of_a_copy_shows_in_the_books(embedded: Any) -> None:
    trial = await embedded.opened_trial()
    enrolment = embedded.installation.services["enrolment"]
    table = enrolment.definition.metadata.tables[enrolment.definition.projections.tables[0]]

    async def plant(tx: Tx) -> None:
        row = (await tx.execute(select(table).limit(1))).one()
        key = next(iter(table.primary_key.columns)).name
        await insert_row(tx, table, dict(row._mapping) | {key: new_id()})

    await enrolment.database.write(plant)

    assert (await read_books(trial.stage, "PBTC042")).doubled == 1


async def test_an_effect_that_ran_twice_shows_in_the_books(embedded: Any) -> None:
    trial = await embedded.opened_trial()
    enrolment = embedded.installation.services["enrolment"]
    books = await read_books(trial.stage, "PBTC042")
    consequence = next(event for event in books.published["enrolment"] if event["causation_id"])

    async def say_again(tx: Tx) -> None:
        from shared.outbox import NewEvent, put

        event = next(
            one for one in enrolment.definition.published.examples if one.event_type == consequence["type"]
        )
        act = Act(
            actor="planted",
            actor_role="planted",
            now=server_now(),
            received_at=server_now(),
            correlation_id="planted",
            causation_id=consequence["causation_id"],
            new_id=new_id,
        )
        await put(tx, act, NewEvent(aggregate_id=consequence["aggregate_id"], scope="network", body=event))

    await enrolment.database.write(say_again)
    await enrolment.relay.turn()

    published = (await read_books(trial.stage, "PBTC042")).published["enrolment"]
    assert consequences_twice(published) == 1

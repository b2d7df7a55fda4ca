"""Copies: every published type is named, order between aggregates does not matter, a rebuild gives equal rows."""

import random
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.enrolment.app import definition
from services.enrolment.store.copies import COPIES
from services.enrolment.store.tables import METADATA
from shared.database import Tx
from shared.envelope import Record
from shared.ledger import table_rows
from shared.migrations import upgrade_on
from shared.rebuild import begin_rebuild, check_rebuild
from shared.testing.running import settings_for_tests
from shared.testing.stores import any_store

MIGRATIONS = Path(__file__).parents[3] / "services" / "enrolment" / "store" / "migrations"
DEFINITION = definition(settings_for_tests("enrolment"))


def test_the_copies_are_exactly_the_tables_that_a_rebuild_clears() -> None:
    assert set(COPIES) == {name for name in METADATA.tables if name.endswith("_copy")}
    assert tuple(DEFINITION.projections.tables) == COPIES


def everything_said(world: Any) -> dict[str, list[tuple[Any, str]]]:
    """A trial's history as both producers tell it, with repeats and reversals."""
    sponsor = [
        world.approved(),
        world.approved("2.0"),
        world.opened(),
        *(world.green_lit(site) for site in ("012", "034")),
        world.green_lit("012", "2.0"),
        world.site_revoked("034"),
        world.delegated("investigator-012", "site_investigator", "012"),
        world.delegated("nurse-034", "site_nurse", "034"),
        world.delegation_ended("nurse-034"),
        world.decision("decision-1"),
        world.superseded("decision-1"),
        world.decision("decision-2", level=2),
        world.held(),
        world.released(),
        world.held(2),
        world.halt("halt-1"),
        world.lifted("halt-1"),
        world.halt("halt-2", site_number="012"),
    ]
    safety = [
        world.verdict("p-1", "pending"),
        world.verdict("p-2", "dlt", level=2),
        world.verdict("p-1", "no_dlt"),
        world.report("report-1"),
        world.report("report-1", "matched", amended=True),
        world.report("report-2", holds=False),
    ]
    return {"sponsor": sponsor, "safety": safety}


def shuffled(events: Sequence[tuple[Any, str]], rng: random.Random) -> list[tuple[Any, str]]:
    """Another order in which each aggregate's own events keep theirs."""
    queues: dict[str, list[tuple[Any, str]]] = {}
    for event in events:
        queues.setdefault(event[1], []).append(event)
    order = []
    while queues:
        name = rng.choice(sorted(queues))
        order.append(queues[name].pop(0))
        if not queues[name]:
            del queues[name]
    return order


@pytest.mark.parametrize("seed", range(3))
async def test_copies_are_the_same_in_whatever_order_aggregates_arrive(
    make_world: Any, store_kind: Any, store_server: Any, tmp_path: Any, seed: int, database: Any
) -> None:
    def build(connection: Any) -> None:
        upgrade_on(connection, MIGRATIONS)

    rng = random.Random(seed)
    async with make_world(database) as world:
        history = everything_said(world)
        await world.sponsor_says(*history["sponsor"])
        await world.safety_says(*history["safety"])
        in_order = await database.read(lambda tx: table_rows(tx, METADATA, COPIES))
    async with (
        any_store(store_kind, tmp_path / "other", store_server, "enrolment", build) as store,
        make_world(store) as other,
    ):
        for event in shuffled(history["safety"], rng):
            await other.safety_says(event)
        for event in shuffled(history["sponsor"], rng):
            await other.sponsor_says(event)
        mixed = await store.read(lambda tx: table_rows(tx, METADATA, COPIES))

    assert mixed == in_order
    assert all(in_order[name] for name in COPIES)


async def test_a_decision_that_arrives_before_its_protocol_opens_the_level_once_both_are_there(
    world: Any,
) -> None:
    await world.sponsor_says(world.decision("decision-1"), world.opened())
    assert (await world.board())["levels"] == []

    await world.sponsor_says(world.approved())

    assert ((await world.level())["state"], (await world.level())["places"]) == ("open", {"open": 6})
    await world.sponsor_says(world.approved("2.0"))
    assert (await world.level())["places"] == {"open": 6}


async def played(world: Any) -> list[dict[str, list[Record]]]:
    """A story with registrations; returns what both producers published, by topic."""
    kept: dict[str, list[Record]] = {"sponsor.events.v1": [], "safety.events.v1": []}
    for producer in (world.sponsor, world.safety):
        original = producer.event

        def remember(*args: Any, _original: Any = original, **kwargs: Any) -> Record:
            record: Record = _original(*args, **kwargs)
            kept[record.topic].append(record)
            return record

        producer.event = remember
    await world.set_up()
    first, second = await world.enrol("012"), await world.enrol("034")
    await world.dose(first["participant_id"], "012")
    await world.safety_says(world.verdict(first["participant_id"], "not_evaluable"))
    await world.safety_says(world.verdict(second["participant_id"], "dlt"))
    await world.sponsor_says(world.halt("halt-1", site_number="034"), world.held(2))
    return [kept]


def history_of(kept: dict[str, list[Record]]) -> Any:
    async def history(topic: str) -> AsyncIterator[Sequence[Record]]:
        yield kept[topic]

    return history


async def test_a_rebuild_beside_the_living_copies_finds_no_difference(world: Any) -> None:
    (kept,) = await played(world)

    check = await check_rebuild(
        world.running.service.database,
        METADATA,
        DEFINITION.consumers,
        DEFINITION.projections,
        history_of(kept),
    )

    assert (check.comparable, check.differing_rows) == (True, 0)
    assert check.events == sum(len(records) for records in kept.values())


async def test_after_a_rebuild_the_board_is_as_before_and_nothing_is_announced_twice(world: Any) -> None:
    (kept,) = await played(world)
    before, types = await world.board(), await world.types()

    async def clear(tx: Tx) -> None:
        await begin_rebuild(tx, "enrolment", DEFINITION.projections)

    await world.running.service.database.write(clear)
    screening = (await world.rows("SELECT id FROM screening"))[0][0]
    refused = await world.register(screening, "any")
    assert (refused.status_code, refused.json()["reason"]) == (503, "rebuilding")
    await world.pass_time(timedelta(hours=1))
    assert await world.types() == types  # a sweep concludes nothing from copies that are not complete
    await world.inbox("sponsor").receive([*kept["sponsor.events.v1"], *world.sponsor.watermarks()])
    await world.inbox("safety").receive([*kept["safety.events.v1"], *world.safety.watermarks()])

    assert timeless(await world.board()) == timeless(before)
    assert await world.types() == types
    await world.board_matches_events()


def timeless(board: dict[str, Any]) -> dict[str, Any]:
    """A board without what moves with the clock alone."""
    levels = [
        {key: level[key] for key in level if key != "earliest_first_dose_at"} for level in board["levels"]
    ]
    return {key: board[key] for key in board if key != "data_as_of"} | {"levels": levels}

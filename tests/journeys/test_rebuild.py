"""Each service's copies of the others' facts can be made anew from events: equal, and without a word said twice."""

from typing import Any

from deploy.trialops.demo.books import read_books
from deploy.trialops.home import SERVICES
from shared.database import Sql
from tests.journeys.world import CODE, World

TIME_ALONE = "safety.alert.escalated.v1"
"""The steps of an alert that nobody acknowledges are due by the clock, whatever is rebuilt meanwhile."""


async def said(world: World) -> dict[str, list[Any]]:
    """What each service has published, apart from what a rebuild itself or time alone says."""
    return {
        service: [
            event["event_id"]
            for event in await world.published(service)
            if event["type"] not in (f"{service}.replay.requested.v1", TIME_ALONE)
        ]
        for service in SERVICES
    }


async def damage(world: World, service: str) -> None:
    """Some of the copies are lost, so that equal copies afterwards were made and not left."""
    table = next(name for name, rows in (await world.copies(service)).items() if rows)
    await world.service(service).database.write(lambda tx: tx.fetch(Sql(f"DELETE FROM {table}")))


async def test_copies_that_are_rebuilt_from_events_equal_what_was_there(world: World) -> None:
    trial = await world.opened_trial()
    first, second = await trial.dosed(), await trial.dosed()
    await trial.hospitals.report_toxicity(first)
    await trial.hospitals.report_toxicity(second)
    await trial.lift(await trial.halt())
    await trial.stage.quiet()
    before = {service: await world.copies(service) for service in SERVICES}
    spoken, alerts = await said(world), await trial.alerts()

    for service in SERVICES:
        await damage(world, service)
        answer = await trial.stage.operator.post(service, "/delivery/rebuilds")
        assert answer == {"state": "rebuilding"}
        await trial.stage.quiet()

    assert {service: await world.copies(service) for service in SERVICES} == before
    assert await said(world) == spoken
    assert await trial.alerts() == alerts
    assert await trial.level_is_closed()
    books = await read_books(trial.stage, CODE)
    assert (books.lost, books.doubled) == (0, 0), books.details

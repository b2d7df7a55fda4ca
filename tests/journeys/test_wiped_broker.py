"""A broker that lost everything: the outboxes hold the truth, and it comes from there again."""

from functools import partial

import pytest

from deploy.trialops.calls import Refused
from deploy.trialops.demo.books import read_books
from deploy.trialops.home import SERVICES
from shared.database import Sql
from shared.testing.stores import wait_until
from tests.journeys.conftest import ON_KAFKA, Make
from tests.journeys.world import CODE, TOPICS, Trial, World


async def wipe(world: World) -> None:
    """Topics and offsets are gone, and made anew as for a new installation."""
    assert world.broker is not None
    await world.broker.delete_topics(TOPICS)
    await world.broker.create_topics(TOPICS)


@pytest.mark.parametrize("shape", [ON_KAFKA])
async def test_what_a_wiped_broker_took_with_it_comes_again_from_the_outboxes(
    shape: str, installation_in: Make
) -> None:
    async with installation_in(shape) as world:
        trial = await world.opened_trial()
        first, second = await trial.dosed(), await trial.dosed()
        screened, slot_id = await trial.ready()
        await trial.stage.quiet()

        await world.installation.stop_intake("enrolment")
        await trial.hospitals.report_toxicity(first)
        await trial.hospitals.report_toxicity(second)
        await wait_until(partial(all_sent, trial), what="the reports on their way")
        alerts = await trial.alerts()
        await wipe(world)
        await world.installation.start_intake("enrolment")

        await wait_until(partial(is_missed, trial), seconds=30, what="the gap seen by enrolment")
        with pytest.raises(Refused) as refusal:
            await trial.hospitals.register(screened, slot_id)
        assert (refusal.value.status, refusal.value.problem["reason"]) == (503, "incomplete")

        await wait_until(trial.level_is_closed, seconds=30, what="the level closed after the replay")
        await trial.stage.quiet()
        assert await trial.alerts() == alerts
        await replay_everything(world)
        books = await read_books(trial.stage, CODE)
        assert (books.lost, books.doubled) == (0, 0), books.details
        assert await trial.alerts() == alerts
        said = [event["type"] for event in await world.published("enrolment")]
        assert said.count("enrolment.dose-level.closed.v1") == 1


async def all_sent(trial: Trial) -> bool:
    return not (await trial.stage.operator.get("safety", "/delivery/state"))["unsent"]


async def is_missed(trial: Trial) -> bool:
    """Whether enrolment knows that a partition holds less than its producer says."""
    marks = await trial.stage.operator.get("enrolment", "/delivery/watermarks")
    return "incomplete" in {one["state"] for one in marks["items"]}


async def replay_everything(world: World) -> None:
    """As an operator who fills new topics: each service publishes all of its events again."""
    stage = world.stage()
    for service in SERVICES:
        await stage.operator.post(service, "/delivery/replays", {"after_pub_seq": 0})
    for service in SERVICES:
        await wait_until(partial(is_replayed, world, service), seconds=30, what=f"the replay of {service}")
    await stage.quiet()


async def is_replayed(world: World, service: str) -> bool:
    return await world.service(service).database.read(lambda tx: tx.fetch(_OPEN_REPLAYS)) == []


_OPEN_REPLAYS = Sql("SELECT id FROM replay_request WHERE finished_at IS NULL")

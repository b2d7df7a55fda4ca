"""The broker is away for two hours while enrolment's own store goes on (acceptance check A18)."""

from collections import Counter
from datetime import timedelta
from typing import Any

from shared.clock import parse_instant, server_now
from shared.settings import FreshnessSettings
from shared.testing.stores import wait_until

TOPIC = "enrolment.events.v1"
LIMIT = FreshnessSettings(max_age_seconds=1.0)
TWO_HOURS = timedelta(hours=2)


async def news_are_old(world: Any) -> bool:
    """Whether the oldest closed time of sponsor and safety lies further back than the limit."""
    marks = (await world.running.operator.get("/delivery/watermarks")).json()["items"]
    oldest = min(parse_instant(mark["closed_at"]) for mark in marks)
    return bool((server_now() - oldest).total_seconds() > LIMIT.max_age_seconds)


async def relay_everything(world: Any) -> None:
    relay = world.running.service.relay
    await relay.lead_once()
    while (await relay.turn())[0]:
        pass


async def test_a18_nobody_is_registered_on_old_news_and_the_outbox_drains_once(
    database: Any, make_world: Any
) -> None:
    async with make_world(database) as before:
        await before.set_up()
        dosed = (await before.enrol())["participant_id"]
        screening = await before.ready()
        slot = await before.reserve(screening)
    async with make_world(database, LIMIT) as world:
        world.sponsor, world.safety, world.ages = before.sponsor, before.safety, before.ages
        broker, relay = world.running.broker, world.running.service.relay
        await relay.lead_once()
        await world.freshen()
        broker.refuse_rate = 1.0

        await wait_until(lambda: news_are_old(world), what="news older than the limit")
        await world.pass_time(TWO_HOURS)
        refused = await world.register(screening, slot)
        await world.dose(dosed)
        unacknowledged = await relay.turn()

        assert (refused.status_code, refused.json()["code"]) == (503, "trial_state_unknown")
        assert refused.json()["reason"] == "too_old"
        assert unacknowledged == (True, False)
        assert broker.everything(TOPIC) == []
        assert [event["type"] for event in await world.running.published()].count(
            "enrolment.first-dose.recorded.v1"
        ) == 1

        broker.refuse_rate = 0.0
        await world.freshen()
        registered = await world.register(screening, slot)
        await relay_everything(world)

        assert registered.status_code == 201, registered.text
        sent = Counter(ids_sent(broker))
        assert set(sent.values()) == {1}
        assert sum(sent.values()) == len(await world.running.published())
        await world.board_matches_events()


def ids_sent(broker: Any) -> list[bytes]:
    """Of every event in the topic; watermarks have none."""
    headers = [dict(record.headers) for record in broker.everything(TOPIC)]
    return [one["ce_id"] for one in headers if "ce_id" in one]

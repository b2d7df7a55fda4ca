"""Events that cross a stopping rule together: the crossing is neither missed nor kept twice."""

import asyncio
from typing import Any

from tests.safety.stopping import DLT_RATE, crossings, toxic, treat_many


async def test_three_events_reported_at_once_cross_the_rule_once(
    quiet_world: Any, protocol_with: Any
) -> None:
    world = quiet_world
    await world.open_trial(protocol_with(stopping_rules=[DLT_RATE]))
    await treat_many(world, 8)

    await asyncio.gather(*(toxic(world, place) for place in range(1, 9)))

    [crossing] = await crossings(world)
    assert crossing["n"] == crossing["events"]
    assert crossing["events"] in range(3, 9)
    alerts = [one for one in await world.alerts() if one["kind"] == "stopping_rule_crossed"]
    assert len(alerts) == 1
    assert len(await world.running.published("safety.stopping-rule.crossed.v1")) == 1


async def test_a_rule_approved_while_events_arrive_misses_none_of_them(
    quiet_world: Any, protocol_with: Any
) -> None:
    world = quiet_world
    await world.open_trial(protocol_with())
    await treat_many(world, 4)
    rules = protocol_with(stopping_rules=[DLT_RATE], protocol_version="2.0")
    rules["dlt"]["dlt_definition"]["protocol_version"] = "2.0"

    await asyncio.gather(
        world.tell(world.sponsor, world.approved(rules)), *(toxic(world, place) for place in range(1, 5))
    )

    assert len(await crossings(world)) == 1

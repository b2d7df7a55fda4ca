"""Nothing stands between an accepted dose-limiting toxicity and a closed level but one event."""

import pytest

from deploy.trialops.calls import Refused
from shared.testing.stores import wait_until
from tests.journeys.world import Trial, World


async def dlts_known_to_the_sponsor(trial: Trial) -> int:
    parts = (await trial.office.view())["parts"]
    return sum(level["dlt"] for part in parts for level in part["levels"])


async def test_second_dlt_closes_the_level_although_the_sponsor_hears_nothing(world: World) -> None:
    trial = await world.opened_trial()
    first, second = await trial.dosed(), await trial.dosed()
    screened, slot_id = await trial.ready()
    await trial.stage.quiet()
    await world.installation.stop_intake("sponsor")

    await trial.hospitals.report_toxicity(first)
    await trial.hospitals.report_toxicity(second)

    await wait_until(trial.level_is_closed, what="the closed level")
    with pytest.raises(Refused) as refusal:
        await trial.hospitals.register(screened, slot_id)
    assert (refusal.value.status, refusal.value.problem["code"]) == (409, "dose_level_closed")
    assert await dlts_known_to_the_sponsor(trial) == 0

    await world.installation.start_intake("sponsor")

    await trial.stage.quiet()
    assert await dlts_known_to_the_sponsor(trial) == 2
    assert (await trial.office.recommendation("stratum-1"))["kind"] == "stop_no_mtd"

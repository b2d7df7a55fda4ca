"""Without news of a service enrolment registers nobody; with the first news it goes on by itself."""

from functools import partial

import pytest

from deploy.trialops.calls import Refused
from deploy.trialops.demo.hospital import Screened
from shared.settings import FreshnessSettings
from shared.testing.stores import wait_until
from tests.journeys.conftest import SHAPES, Make
from tests.journeys.world import Trial

NEWS_MAY_BE_OLD = 6.0
"""Seconds; an idle service speaks every five."""


async def is_registered(trial: Trial, screened: Screened, slot_id: str) -> bool:
    """Try once; false when too little is known of the trial."""
    try:
        await trial.hospitals.register(screened, slot_id)
    except Refused as refusal:
        if refusal.problem["code"] != "trial_state_unknown":
            raise
        return False
    return True


@pytest.mark.parametrize("shape", SHAPES)
async def test_registration_waits_while_the_safety_service_is_silent_and_resumes_by_itself(
    shape: str, installation_in: Make
) -> None:
    freshness = FreshnessSettings(max_age_seconds=NEWS_MAY_BE_OLD)
    async with installation_in(shape, freshness=freshness) as world:
        trial = await world.opened_trial()
        await world.installation.stop_relay("safety")
        screened, slot_id = await trial.ready()

        async def too_old() -> bool:
            return await trial.age_of_news("safety") > NEWS_MAY_BE_OLD

        await wait_until(too_old, what="old news")
        with pytest.raises(Refused) as refusal:
            await trial.hospitals.register(screened, slot_id)
        assert (refusal.value.status, refusal.value.problem["code"]) == (503, "trial_state_unknown")
        assert refusal.value.problem["producer"] == "safety"
        assert refusal.value.problem["reason"] == "too_old"
        assert await trial.registered() == 0

        world.installation.start_relay("safety")

        await wait_until(partial(is_registered, trial, screened, slot_id), what="the registration")
        assert await trial.registered() == 1

"""Nothing stands between an accepted dose-limiting toxicity and a closed level but one event."""

from typing import Any

import pytest

from deploy.trialops.calls import Refused
from deploy.trialops.demo.hospital import Registered
from deploy.trialops.demo.plan import Child
from deploy.trialops.demo.published import NEUTROPENIA, Cohort, Fate
from shared.testing.stores import wait_until

LEVEL_ONE = Cohort("stratum-1", 1, (Fate.DLT,))


def child(number: int, site: str = "001") -> Child:
    return Child(
        number=number,
        site=site,
        age_years=10,
        birth_month=3,
        waits_days=1,
        fate=Fate.DLT,
        doses=17,
        event_day=18,
        toxicity=NEUTROPENIA,
    )


async def dosed(trial: Any, number: int) -> Registered:
    """A child at 50 mg/m2 who had the first dose."""
    screened = await trial.hospitals.screen(child(number), LEVEL_ONE)
    slot = await trial.hospitals.ask_for_place(screened)
    one: Registered = await trial.hospitals.register(screened, slot)
    await trial.stage.quiet()
    await trial.stage.move_to(one.first_dose_at)
    await trial.hospitals.give_first_dose(one)
    await trial.stage.quiet()
    return one


async def open_levels(trial: Any) -> set[tuple[str, int]]:
    listed = await trial.office.manager.get("enrolment", "/dose-levels", trial="PBTC042")
    return {(one["part"], one["level"]) for one in listed["levels"] if one["state"] == "open"}


async def closed(trial: Any) -> bool:
    return ("stratum-1", 1) not in await open_levels(trial)


async def test_second_dlt_closes_the_level_although_the_sponsor_hears_nothing(world: Any) -> None:
    trial = await world.opened_trial()
    first, second = await dosed(trial, 1), await dosed(trial, 2)
    screened = await trial.hospitals.screen(child(3), LEVEL_ONE)
    slot = await trial.hospitals.ask_for_place(screened)
    await trial.stage.quiet()
    deafen(world.installation.services["sponsor"])

    await trial.hospitals.report_toxicity(first)
    await trial.hospitals.report_toxicity(second)

    await wait_until(lambda: closed(trial), what="the closed level")
    with pytest.raises(Refused) as refusal:
        await trial.hospitals.register(screened, slot)
    assert refusal.value.problem["code"] == "dose_level_closed"


async def test_registration_waits_while_the_safety_service_is_silent(installation_in: Any) -> None:
    async with installation_in("sqlite-direct", freshness_seconds=1.5) as world:
        trial = await world.opened_trial()
        screened = await trial.hospitals.screen(child(1), LEVEL_ONE)
        slot = await trial.hospitals.ask_for_place(screened)
        await trial.stage.quiet()
        safety = world.installation.services["safety"]
        speak = silence(safety)

        async def refused() -> bool:
            try:
                await trial.hospitals.register(screened, slot)
            except Refused as refusal:
                return refusal.status == 503 and refusal.problem["code"] == "trial_state_unknown"
            raise AssertionError("registered although the safety service is silent")

        await wait_until(lambda: is_stale(trial), seconds=5, what="the end of freshness")
        assert await refused()
        speak()

        await wait_until(lambda: is_fresh(trial), seconds=10, what="a new watermark")
        registered = await trial.hospitals.register(screened, slot)
        assert registered.number.startswith("PBTC042-001-")


async def is_stale(trial: Any) -> bool:
    from datetime import timedelta

    from shared.clock import parse_instant, server_now

    marks = (await trial.stage.operator.get("enrolment", "/delivery/watermarks"))["watermarks"]
    oldest = min(parse_instant(one["closed_at"]) for one in marks if one["topic"] == "safety.events.v1")
    return server_now() - oldest > timedelta(seconds=1.6)


async def is_fresh(trial: Any) -> bool:
    return not await is_stale(trial)


def deafen(service: Any) -> None:
    """The service's consumers are dead; its relay and its API live."""

    async def never(*_: Any, **__: Any) -> None:
        raise RuntimeError("this consumer is dead")

    for inbox in service.inboxes.values():
        inbox.receive = never


def silence(service: Any) -> Any:
    """The service's relay is dead, its API lives; returns what wakes it again."""
    turn = service.relay.turn

    async def nothing() -> tuple[bool, bool]:
        return False, True

    service.relay.turn = nothing

    def speak() -> None:
        service.relay.turn = turn
        service.relay.wake()

    return speak

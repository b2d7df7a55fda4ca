"""Many at once: restrictions against registrations, and hospitals against each other."""

import asyncio
from functools import partial
from typing import Any

from deploy.trialops.demo.hospital import Screened
from tests.journeys.race import (
    CHILDREN,
    assert_held_by_the_sponsor,
    assert_none_after,
    assert_none_announced_after,
    assert_valid_at_commit,
    fifty_ready,
    race,
)
from tests.journeys.world import CODE, Trial, World

REPEATS = 50


async def test_a_halt_among_fifty_registrations_lets_none_in_after_it(world: World) -> None:
    trial = await world.wide_trial(places=CHILDREN)
    ready = await fifty_ready(trial)

    attempts = await race(world, trial, ready, trial.halt)

    accepted = sum(one.status == 201 for one in attempts)
    assert_none_after(attempts, "trial_halted")
    await assert_none_announced_after(world, accepted, "enrolment.slot.frozen.v1")
    await assert_valid_at_commit(trial, attempts)
    assert await trial.registered() == accepted <= trial.places


async def test_a_dlt_among_fifty_registrations_lets_none_in_after_it(world: World) -> None:
    trial = await world.wide_trial(places=CHILDREN + 1)
    treated = await trial.dosed()
    ready = await fifty_ready(trial)

    attempts = await race(world, trial, ready, partial(trial.hospitals.report_toxicity, treated))

    accepted = sum(one.status == 201 for one in attempts)
    assert_none_after(attempts, "dose_level_closed", "cohort_hold")
    await assert_held_by_the_sponsor(trial, attempts)
    await assert_none_announced_after(world, accepted + 1, "enrolment.dose-level.closed.v1")
    await assert_valid_at_commit(trial, attempts, before=1)
    assert await trial.registered() == accepted + 1 <= trial.places


async def test_two_hospitals_race_for_the_last_place_and_exactly_one_wins(world: World) -> None:
    trial = await world.opened_trial(places=1)
    children = [await trial.screened(site) for site in ("001", "002")]

    async with world.new_client() as one, world.new_client() as other:
        clients = dict(zip(("001", "002"), (one, other), strict=True))

        async def ask(child: Screened) -> Any:
            person = trial.investigator(child.child.site, world.stage_of(clients[child.child.site]))
            body = {"trial": CODE, "part": trial.cohort.part, "screening_id": child.screening_id}
            return await person.post("enrolment", "/reservation-requests", body)

        for _ in range(REPEATS):
            answers = await asyncio.gather(*(ask(child) for child in children))

            assert sorted(answer["outcome"] for answer in answers) == ["reserved", "waitlisted"]
            winner = next(i for i, answer in enumerate(answers) if answer["outcome"] == "reserved")
            await give_back(trial, children[winner], answers[winner]["slot_id"])
            offered = await trial.hospitals.take_offer(children[1 - winner])
            assert offered is not None
            await give_back(trial, children[1 - winner], offered)
            children.reverse()

    types = [event["type"] for event in await world.published("enrolment")]
    assert types.count("enrolment.slot.waitlisted.v1") == REPEATS
    assert types.count("enrolment.slot.reserved.v1") == 2 * REPEATS


async def give_back(trial: Trial, child: Screened, slot_id: str) -> None:
    await trial.investigator(child.child.site).post("enrolment", f"/slots/{slot_id}/releases")

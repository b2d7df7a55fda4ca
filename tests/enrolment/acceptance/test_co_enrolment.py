"""Co-enrolment: one child in two trials, by pair of trials and by the hash of the NHS number."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from shared.clock import format_instant
from tests.enrolment.protocol import protocol

OTHER_TRIAL = "01993f6e-0000-7000-8000-0000000000e2"


async def other_trial(trial: Any, *, co_enrolment: list[str]) -> Any:
    """The same installation's other trial, EP02, open at the same sites."""
    other = replace(trial, trial_id=OTHER_TRIAL, code="EP02", ages={})
    named = protocol(code="EP02")["trial"] | {"co_enrolment": co_enrolment}
    await other.set_up(trial=named, decide=False)
    await other.sponsor_says(other.decision("decision-of-the-other-trial"))
    return other


@pytest.mark.parametrize(
    ("theirs", "ours", "outcome"),
    [([], [], 409), (["EP02"], [], 201), ([], ["EP01"], 201)],
    ids=["neither", "first_names_second", "second_names_first"],
)
async def test_a_child_in_another_trial_is_registered_where_either_protocol_names_the_pair(
    world: Any, codes_of: Any, theirs: list[str], ours: list[str], outcome: int
) -> None:
    await world.set_up(trial=protocol()["trial"] | {"co_enrolment": theirs})
    other = await other_trial(world, co_enrolment=ours)
    registered = await world.enrol("012")
    first = (await world.manager.get(f"/participants/{registered['participant_id']}")).json()["participant"]
    await world.identify(first["screening_id"], "child-1", "012")
    screening_id = await other.ready("034")
    assert (
        await other.identify(screening_id, "child-1", "034")
    ).status_code == 201  # duplicates are per trial

    answer = await other.register(screening_id, await other.reserve(screening_id, "034"), "034")

    assert answer.status_code == outcome
    if outcome == 409:
        assert codes_of(answer) == ["co_enrolment_not_allowed"]
        for revealing in ("EP01", "012", registered["participant_id"]):
            assert revealing not in answer.text.replace(answer.json()["request_id"], "").replace(
                answer.json()["registration_id"], ""
            )


async def test_a_participation_that_has_ended_stands_in_nobodys_way(trial: Any) -> None:
    other = await other_trial(trial, co_enrolment=[])
    registered = await trial.enrol("012")
    first = (await trial.manager.get(f"/participants/{registered['participant_id']}")).json()["participant"]
    await trial.identify(first["screening_id"], "child-1", "012")
    ended = {"ended_at": format_instant(await trial.now()), "reason": "completed"}
    await trial.ok(trial.investigator("012"), f"/participants/{first['id']}/treatment-ends", ended)
    screening_id = await other.ready("034")
    await other.identify(screening_id, "child-1", "034")

    answer = await other.register(screening_id, await other.reserve(screening_id, "034"), "034")

    assert answer.status_code == 201


async def test_a_child_registered_in_two_trials_at_once_gets_into_one(trial: Any) -> None:
    other = await other_trial(trial, co_enrolment=[])
    for repeat in range(5):
        requests = []
        for world, site in ((trial, "012"), (other, "034")):
            screening_id = await world.ready(site)
            assert (await world.identify(screening_id, f"child-{repeat}", site)).status_code == 201
            requests.append((world, screening_id, await world.reserve(screening_id, site), site))

        answers = await asyncio.gather(*(world.register(*asked) for world, *asked in requests))

        assert sorted(answer.status_code for answer in answers) == [201, 409]
        refused = next(answer for answer in answers if answer.status_code == 409)
        assert refused.json()["code"] == "co_enrolment_not_allowed"

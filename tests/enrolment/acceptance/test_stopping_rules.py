"""A crossed stopping rule holds recruitment in one hop, until two people at the sponsor have lifted its halt."""

from typing import Any

import pytest


async def test_after_a_crossing_the_next_registration_is_refused_though_the_sponsor_is_silent(
    trial: Any, codes_of: Any
) -> None:
    screening_id = await trial.ready()
    slot_id = await trial.reserve(screening_id)

    await trial.safety_says(trial.crossed("crossing-1"))

    answer = await trial.register(screening_id, slot_id)
    assert answer.status_code == 409
    assert codes_of(answer) == ["trial_halted", "slot_frozen"]
    assert "crossing-1" in answer.json()["detail"]
    await trial.board_matches_events()


@pytest.mark.parametrize("scope", [{"part": None}, {"level": 1}])
async def test_a_rule_of_the_whole_trial_or_of_the_level_holds_too(trial: Any, scope: dict[str, Any]) -> None:
    screening_id = await trial.ready()
    slot_id = await trial.reserve(screening_id)

    await trial.safety_says(trial.crossed(**scope))

    assert (await trial.register(screening_id, slot_id)).json()["code"] == "trial_halted"


@pytest.mark.parametrize("scope", [{"part": "elsewhere"}, {"level": 2}])
async def test_a_rule_of_another_place_holds_nothing_here(trial: Any, scope: dict[str, Any]) -> None:
    screening_id = await trial.ready()
    slot_id = await trial.reserve(screening_id)

    await trial.safety_says(trial.crossed(**scope))

    assert (await trial.register(screening_id, slot_id)).status_code == 201


async def test_a_crossing_stops_nobody_s_treatment(trial: Any) -> None:
    treated = await trial.enrol()

    await trial.safety_says(trial.crossed())

    assert (await trial.authorise(treated["participant_id"])).status_code == 201


async def test_lifting_the_halt_that_stands_for_a_crossing_ends_its_hold(trial: Any) -> None:
    screening_id = await trial.ready()
    slot_id = await trial.reserve(screening_id)
    await trial.safety_says(trial.crossed("crossing-1"))
    await trial.sponsor_says(trial.halt("crossing-1", part=trial.part, dosing=False))
    assert (await trial.register(screening_id, slot_id)).json()["code"] == "trial_halted"

    await trial.sponsor_says(trial.lifted("crossing-1"))
    await trial.safety_says()

    assert (await trial.register(screening_id, slot_id)).status_code == 201


async def test_a_crossing_told_after_its_halt_was_lifted_holds_nothing_again(trial: Any) -> None:
    screening_id = await trial.ready()
    slot_id = await trial.reserve(screening_id)
    await trial.sponsor_says(trial.halt("crossing-1", dosing=False), trial.lifted("crossing-1"))

    await trial.safety_says(trial.crossed("crossing-1"))

    assert (await trial.register(screening_id, slot_id)).status_code == 201

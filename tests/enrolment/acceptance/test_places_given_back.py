"""A place is given back once: whoever could not be judged, was voided, or never had one makes no second place."""

from typing import Any


async def places(world: Any) -> int:
    """Places of the level that somebody may still get, or holds."""
    return len((await world.level())["slots"])


async def stop_before_dose(world: Any, participant_id: str) -> None:
    """The child stops without a dose, and safety answers that nobody can judge the window."""
    body = {"elements": {"treatment": "stopped"}, "by": "participant_or_parent"}
    await world.ok(world.investigator(), f"/participants/{participant_id}/participation-changes", body)
    await world.safety_says(world.verdict(participant_id, "not_evaluable"))


async def void(world: Any, participant_id: str) -> None:
    await world.ok(world.manager, f"/participants/{participant_id}/voidings", {"reason_code": "wrong_child"})


async def test_a_child_who_was_replaced_and_then_voided_leaves_one_place(trial: Any) -> None:
    registered = await trial.enrol()
    await stop_before_dose(trial, registered["participant_id"])
    replaced = await places(trial)

    await void(trial, registered["participant_id"])

    assert (replaced, await places(trial)) == (6, 6)
    await trial.board_matches_events()


async def test_a_child_who_was_voided_and_then_judged_leaves_one_place(trial: Any) -> None:
    registered = await trial.enrol()
    await void(trial, registered["participant_id"])

    await trial.safety_says(trial.verdict(registered["participant_id"], "not_evaluable"))

    assert await places(trial) == 6
    await trial.board_matches_events()


async def test_a_child_without_a_place_gives_none_back(world: Any) -> None:
    await world.set_up(places=1)
    [number] = await world.issue(1)
    held = await world.ready("034")
    await world.reserve(held, "034")
    late = await world.enter_late(await world.ready(), number)
    child = late.json()["registration"]["participant_id"]

    await stop_before_dose(world, child)

    assert await places(world) == 1
    await world.board_matches_events()


async def test_a_dose_authorised_again_is_not_given_twice(trial: Any) -> None:
    participant = (await trial.enrol())["participant_id"]
    for _ in range(3):
        assert (await trial.authorise(participant)).status_code == 201

    first = await trial.dose(participant)
    second = await trial.dose(participant)

    assert (first["authorised"], second["authorised"]) == (True, False)

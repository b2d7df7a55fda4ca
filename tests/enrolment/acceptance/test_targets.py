"""Acceptance A19: closing at target, with the declared policy."""

from datetime import timedelta
from typing import Any

import pytest

from tests.enrolment.protocol import part_file


async def opened(trial: Any, target: int, **policy: Any) -> None:
    part = part_file("samples", "cohort", target=target, **policy)
    await trial.set_up(kind="sample_study", sites=("012",), parts=[part])


async def sign(trial: Any, screening_id: str) -> None:
    await trial.consent(screening_id)
    await trial.assent(screening_id)
    await trial.eligible(screening_id)


async def screened(trial: Any, children: int) -> list[str]:
    """Children with a screening number and nothing signed."""
    return [(await trial.screen())["screening_id"] for _ in range(children)]


async def asks_for_a_number(trial: Any) -> Any:
    body = {"trial": trial.code, "part": trial.part, "site_number": "012"}
    return await trial.investigator().post("/screenings", body | {"born": {"year": 2015, "month": 1}})


async def register_signed(trial: Any, screenings: list[str]) -> list[str]:
    participants = []
    for screening_id in screenings:
        await sign(trial, screening_id)
        answer = await trial.register(screening_id)
        assert answer.status_code == 201, answer.text
        participants.append(answer.json()["participant_id"])
    return participants


async def said(trial: Any, of: str) -> list[dict[str, Any]]:
    return [
        event["body"] for event in await trial.running.published() if event["type"] == f"enrolment.{of}.v1"
    ]


@pytest.mark.parametrize(("policy", "status"), [("allow", 201), ("refuse", 409)])
async def test_a19_at_a_target_of_twelve_no_further_number_and_two_in_screening_follow_the_policy(
    world: Any, policy: str, status: int
) -> None:
    trial = world
    await opened(trial, 12, at_target=policy)
    children = await screened(trial, 14)
    for screening_id in children[12:]:
        await sign(trial, screening_id)

    await register_signed(trial, children[:12])

    further = await asks_for_a_number(trial)
    assert (further.status_code, further.json()["code"]) == (409, "target_reached")
    (closed,) = await said(trial, "recruitment.closed")
    assert (closed["part"], closed["target"], closed["registered"]) == ("samples", 12, 12)
    assert closed["at_target"] == policy
    for screening_id in children[12:]:
        answer = await trial.register(screening_id)
        assert answer.status_code == status, answer.text
        if status == 409:
            assert answer.json()["code"] == "target_reached"
    assert len(await said(trial, "recruitment.closed")) == 1
    await trial.board_matches_events()


async def test_a19_allow_until_lets_in_through_its_last_day_and_nobody_after(world: Any) -> None:
    trial = world
    until = (await trial.now()).date() + timedelta(days=2)
    await opened(trial, 1, at_target="allow_until", allow_until=str(until))
    children = await screened(trial, 3)
    for screening_id in children[1:]:
        await sign(trial, screening_id)
    await register_signed(trial, children[:1])

    in_time = await trial.register(children[1])
    await trial.pass_time(timedelta(days=3))
    await trial.freshen()
    too_late = await trial.register(children[2])

    assert in_time.status_code == 201, in_time.text
    assert (too_late.status_code, too_late.json()["code"]) == (409, "target_reached")
    (closed,) = await said(trial, "recruitment.closed")
    assert (closed["at_target"], closed["allow_until"]) == ("allow_until", str(until))


async def test_consented_children_in_screening_count_before_they_are_registered(world: Any) -> None:
    trial = world
    await opened(trial, 3)
    children = await screened(trial, 3)
    await register_signed(trial, children[:1])
    await sign(trial, children[1])

    room = await asks_for_a_number(trial)
    await sign(trial, children[2])
    full = await asks_for_a_number(trial)

    assert room.status_code == 201, room.text
    assert full.json()["code"] == "target_reached"
    assert await said(trial, "recruitment.closed") == []


async def test_a_voided_registration_makes_room_and_says_so(world: Any) -> None:
    trial = world
    await opened(trial, 1)
    children = await screened(trial, 2)
    (participant_id,) = await register_signed(trial, children[:1])

    await trial.ok(
        trial.investigator(), f"/participants/{participant_id}/voidings", {"reason_code": "in_error"}
    )

    (reopened,) = await said(trial, "recruitment.reopened")
    assert (reopened["registered"], reopened["target"]) == (0, 1)
    await register_signed(trial, children[1:])
    closed = await said(trial, "recruitment.closed")
    assert len(closed) == 2
    assert closed[0]["recruitment_id"] == closed[1]["recruitment_id"]
    await trial.board_matches_events()


async def test_a_version_with_a_higher_target_opens_the_part_again(world: Any) -> None:
    trial = world
    await opened(trial, 1)
    await register_signed(trial, await screened(trial, 1))

    higher = part_file("samples", "cohort", target=2)
    await trial.sponsor_says(trial.approved("2.0", effective_at=trial.started, parts=[higher]))

    (reopened,) = await said(trial, "recruitment.reopened")
    assert (reopened["registered"], reopened["target"]) == (1, 2)
    await trial.board_matches_events()


@pytest.mark.parametrize("policy", ["refuse", "allow"])
async def test_places_of_a_part_that_reached_its_target_follow_the_policy(world: Any, policy: str) -> None:
    trial = world
    part = part_file("expansion", "expansion", target=2, at_target=policy)
    await trial.set_up(kind="expansion", sites=("012",), parts=[part], places=4)
    first, second, third = await screened(trial, 3)
    for screening_id in (first, second, third):
        await sign(trial, screening_id)
    held = await trial.reserve(third)
    for screening_id in (first, second):
        answer = await trial.register(screening_id, await trial.reserve(screening_id))
        assert answer.status_code == 201, answer.text

    places = (await trial.level())["places"]
    answer = await trial.register(third, held)

    revoked = await said(trial, "slot.revoked")
    if policy == "allow":
        assert (places, revoked) == ({"open": 1, "reserved": 1}, [])
        assert answer.status_code == 201, answer.text
    else:
        assert places == {}
        assert [it["reason"] for it in revoked] == ["target_reached", "target_reached"]
        assert (answer.status_code, answer.json()["code"]) == (409, "target_reached")
    await trial.board_matches_events()


async def test_a_child_who_cannot_be_judged_opens_the_part_and_one_place_again(world: Any) -> None:
    trial = world
    part = part_file("expansion", "expansion", target=1)
    await trial.set_up(kind="expansion", sites=("012",), parts=[part], places=3)
    registered = await trial.enrol()
    assert (await trial.level())["places"] == {}

    await trial.safety_says(trial.verdict(registered["participant_id"], "not_evaluable", part="expansion"))

    assert (await trial.level())["places"] == {"open": 1}
    assert len(await said(trial, "recruitment.reopened")) == 1
    await trial.enrol()
    assert len(await said(trial, "recruitment.closed")) == 2
    assert (await trial.level())["places"] == {}
    await trial.board_matches_events()

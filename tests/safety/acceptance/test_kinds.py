"""Trials and parts without dose levels, and windows that begin with an infusion or a transplant."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.database import read_instant

COHORT = {
    "part": "cohort",
    "stratum": "all",
    "kind": "cohort",
    "age": {"from_years": 0, "below_years": 18},
}


def without_levels(protocol_with: Any, **replaced: Any) -> dict[str, Any]:
    """A protocol file that defines neither a DLT nor a treatment."""
    document: dict[str, Any] = protocol_with(parts=[COHORT], **replaced)
    document["trial"] = document["trial"] | {"kind": "survivor_cohort", "ctimp": False}
    for block in ("dlt", "treatment", "slots", "decision"):
        document.pop(block)
    return document


def starting_with(step: str, protocol_with: Any) -> dict[str, Any]:
    document: dict[str, Any] = protocol_with()
    document["trial"] = document["trial"] | {"kind": "advanced_therapy"}
    document["dlt"]["window"] = document["dlt"]["window"] | {"starts": step}
    document["treatment"] |= {
        "course": ["lymphodepletion", "infusion", "transplant"],
        "doses_planned_in_window": 1,
    }
    return document


async def test_a_protocol_without_a_dlt_raises_no_alert_and_opens_no_window(
    quiet_world: Any, protocol_with: Any
) -> None:
    world = quiet_world
    await world.open_trial(without_levels(protocol_with))

    await world.tell(world.enrolment, world.registered_without_level())

    assert await world.alert_kinds() == []
    assert await world.rows("SELECT count(*) FROM dlt_window") == [(0,)]
    assert await world.rows("SELECT part, level FROM participant_copy") == [("cohort", 0)]
    assert await world.rows("SELECT dlt, doses_planned FROM protocol_copy") == [("", 0)]
    assert await world.running.published("safety.dlt-verdict.recorded.v1") == []


async def test_an_sae_in_a_trial_without_levels_finds_its_participant_and_wakes_somebody(
    quiet_world: Any, protocol_with: Any
) -> None:
    world = quiet_world
    await world.open_trial(without_levels(protocol_with))
    await world.tell(world.enrolment, world.registered_without_level())

    report = await world.reported(grade=4, seriousness=["life_threatening"])

    assert report["matched"] == "matched"
    assert await world.alert_kinds() == ["life_threatening"]
    [event] = await world.running.published("safety.adverse-event.reported.v1")
    assert (event["body"]["participant_id"], event["body"]["holds_trial"]) == ("participant-1", False)
    assert await world.rows("SELECT count(*) FROM dlt_window") == [(0,)]


async def test_a_report_that_came_before_the_registration_is_matched_when_it_arrives(
    quiet_world: Any, protocol_with: Any
) -> None:
    world = quiet_world
    await world.open_trial(without_levels(protocol_with))
    report = await world.reported(grade=4, seriousness=["life_threatening"])
    assert report["matched"] == "unmatched"

    await world.tell(world.enrolment, world.registered_without_level())

    [amended] = await world.running.published("safety.adverse-event.amended.v1")
    assert (amended["body"]["participant_id"], amended["body"]["holds_trial"]) == ("participant-1", False)


async def test_a_report_of_a_trial_without_levels_that_names_nobody_still_gets_its_receipt(
    quiet_world: Any, protocol_with: Any
) -> None:
    world = quiet_world
    await world.open_trial(without_levels(protocol_with))

    report = await world.reported(participant_number="EP01-012-9999", grade=5, seriousness=["death"])

    assert report["matched"] == "unmatched"
    assert await world.alert_kinds() != []


async def test_a_cohort_beside_an_escalation_has_no_windows(world: Any, protocol_with: Any) -> None:
    await world.tell(
        world.enrolment,
        world.registered_without_level("child-1", "EP01-012-0018"),
        world.registered("child-2", "EP01-012-0019"),
    )

    assert await world.rows("SELECT participant_id FROM dlt_window") == [("child-2",)]
    assert await world.alert_kinds() == []
    await world.reported(participant_number="EP01-012-0018", grade=4, causality="definite")
    verdicts = await world.running.published("safety.dlt-verdict.recorded.v1")
    assert {event["body"]["participant_id"] for event in verdicts} == {"child-2"}


async def test_a_registration_without_a_level_that_comes_before_its_protocol_opens_no_window_either(
    quiet_world: Any, protocol_with: Any
) -> None:
    world = quiet_world
    await world.tell(world.enrolment, world.registered_without_level())

    await world.open_trial(without_levels(protocol_with))

    assert await world.rows("SELECT count(*) FROM dlt_window") == [(0,)]
    assert await world.alert_kinds() == []


# -- windows that begin with a step ---------------------------------------------------------------------


@pytest.mark.parametrize("step", ["infusion", "transplant"])
async def test_the_window_begins_with_the_step_and_not_with_the_first_dose(
    step: str, quiet_world: Any, protocol_with: Any
) -> None:
    world = quiet_world
    await world.open_trial(starting_with(step, protocol_with))
    now = await world.now()
    await world.tell(
        world.enrolment,
        world.registered(),
        world.first_dose(at=now - timedelta(days=10)),
        world.doses([now - timedelta(days=10)]),
        world.course_step("lymphodepletion", at=now - timedelta(days=5)),
    )
    assert (await world.verdict())["verdict"] == "pending"
    assert await closes_at(world) is None

    await world.tell(world.enrolment, world.course_step(step, at=now - timedelta(days=2)))

    over = await closes_at(world)
    assert over is not None
    assert now + timedelta(days=25) < over <= now + timedelta(days=27)


async def closes_at(world: Any) -> datetime | None:
    ((value,),) = await world.rows("SELECT closes_at FROM dlt_window")
    return None if value is None else read_instant(value)


async def test_a_failed_infusion_starts_nothing_and_one_out_of_specification_does(
    quiet_world: Any, protocol_with: Any
) -> None:
    world = quiet_world
    await world.open_trial(starting_with("infusion", protocol_with))
    now = await world.now()
    await world.tell(
        world.enrolment,
        world.registered(),
        world.course_step("infusion", at=now - timedelta(days=3), outcome="failed"),
    )
    assert await closes_at(world) is None

    await world.tell(
        world.enrolment,
        world.course_step("infusion", at=now - timedelta(days=1), outcome="out_of_specification"),
    )

    assert await closes_at(world) is not None


async def test_a_step_said_again_of_the_same_time_takes_the_earlier_ones_place(
    quiet_world: Any, protocol_with: Any
) -> None:
    world = quiet_world
    await world.open_trial(starting_with("infusion", protocol_with))
    at = await world.now() - timedelta(days=1)
    await world.tell(world.enrolment, world.registered(), world.course_step("infusion", at=at))
    assert await closes_at(world) is not None

    await world.tell(world.enrolment, world.course_step("infusion", at=at, outcome="failed"))

    assert await closes_at(world) is None


async def test_a_severe_event_after_the_infusion_is_a_dlt_and_one_before_it_is_not(
    quiet_world: Any, protocol_with: Any
) -> None:
    world = quiet_world
    await world.open_trial(starting_with("infusion", protocol_with))
    now = await world.now()
    await world.tell(
        world.enrolment,
        world.registered(),
        world.first_dose(at=now - timedelta(days=9)),
        world.doses([now - timedelta(days=9)]),
        world.course_step("infusion", at=now - timedelta(days=2)),
    )
    early = (now - timedelta(days=4)).date().isoformat()
    await world.reported(grade=3, causality="definite", onset=early)
    assert (await world.verdict())["verdict"] == "pending"

    late = (now - timedelta(days=1)).date().isoformat()
    await world.reported(grade=3, causality="definite", onset=late)

    assert (await world.verdict())["verdict"] == "dlt"

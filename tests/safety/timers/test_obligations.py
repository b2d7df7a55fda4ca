"""Obligations by time: warned at 50, 80 and 100 %, breached once, by domain time and whatever restarts."""

from datetime import datetime, timedelta
from typing import Any

import pytest

SERIOUS = {"term": "Fatigue", "grade": 2, "seriousness": ["hospitalisation"], "causality": "probable"}
GRAVE = {"term": "Fatigue", "grade": 3, "seriousness": ["life_threatening"], "causality": "probable"}


async def obligation(world: Any, report_id: str) -> dict[str, Any]:
    answer = await world.officer.get(f"/adverse-events/{report_id}/follow-up")
    (one,) = answer.json()["obligations"]
    found: dict[str, Any] = one
    return found


async def told(world: Any, kind: str) -> list[dict[str, Any]]:
    return [alert for alert in await world.alerts() if alert["kind"] == kind]


async def kinds(world: Any) -> list[str]:
    """Kinds of alerts but those of the participant's window."""
    return [kind for kind in await world.alert_kinds() if kind != "result_missing"]


async def pass_to(world: Any, instant: str) -> None:
    await world.move(datetime.fromisoformat(instant))
    await world.running.run_timers()
    await world.running.run_timers()


async def test_a_susar_that_nobody_was_woken_for_wakes_somebody_at_half_of_its_time(world: Any) -> None:
    await world.treat()
    receipt = await world.reported(**SERIOUS)
    half, four_fifths, over = (await obligation(world, receipt["report_id"]))["warn_at"]

    assert [alert["priority"] for alert in await world.alerts()] == ["P2"]
    await pass_to(world, half)
    assert [alert["priority"] for alert in await told(world, "susar_at_half")] == ["P1"]
    await pass_to(world, four_fifths)
    assert [alert["priority"] for alert in await told(world, "obligation_due")] == ["P2"]
    await pass_to(world, over)
    assert [alert["priority"] for alert in await told(world, "obligation_breached")] == ["P1"]

    one = await obligation(world, receipt["report_id"])
    assert (one["state"], one["breached_at"], one["warned"]) == ("breached", over, 100)
    assert len(await world.running.published("safety.obligation.breached.v1")) == 1
    assert (await world.audited()).count("obligation.warned") == 3


async def test_nothing_is_said_a_moment_before_its_time(world: Any) -> None:
    await world.treat()
    receipt = await world.reported(**SERIOUS)
    half = datetime.fromisoformat((await obligation(world, receipt["report_id"]))["warn_at"][0])

    await world.move(half - timedelta(minutes=1))
    await world.running.run_timers()

    assert await told(world, "susar_at_half") == []


async def test_a_grave_one_paged_at_once_is_only_reminded_of(world: Any) -> None:
    await world.treat()
    receipt = await world.reported(**GRAVE)

    await pass_to(world, (await obligation(world, receipt["report_id"]))["warn_at"][0])

    assert await told(world, "susar_at_half") == []
    assert len(await told(world, "obligation_due")) == 1


async def test_what_is_no_susar_any_more_wakes_nobody_at_half(world: Any) -> None:
    await world.treat()
    receipt = await world.reported(by=world.nurse, **(SERIOUS | {"causality": None}))
    await world.investigator.post(
        f"/adverse-events/{receipt['report_id']}/assessments",
        {"kind": "causality", "party": "investigator", "value": ["unrelated"]},
    )

    await pass_to(world, (await obligation(world, receipt["report_id"]))["warn_at"][0])

    assert await told(world, "susar_at_half") == []
    assert len(await told(world, "obligation_due")) == 1


async def test_a_downtime_over_everything_says_each_step_once(world: Any) -> None:
    await world.treat()
    receipt = await world.reported(**SERIOUS)

    await pass_to(world, "2036-01-01T00:00:00+00:00")
    await world.running.run_timers()

    one = await obligation(world, receipt["report_id"])
    assert (one["state"], one["breached_at"]) == ("breached", one["due_at"])
    assert sorted(await kinds(world)) == [
        "obligation_breached",
        "obligation_due",
        "serious_adverse_event",
        "susar_at_half",
    ]
    assert len(await world.running.published("safety.obligation.breached.v1")) == 1


async def test_a_met_obligation_is_never_warned_of(world: Any) -> None:
    await world.treat()
    receipt = await world.reported(**SERIOUS)
    await world.officer.post(
        f"/adverse-events/{receipt['report_id']}/submissions",
        {
            "recipients": ["MHRA"],
            "sent_at": receipt["received_at"],
            "reference": "r",
            "receipt": "r",
            "file_sha256": "0" * 64,
        },
    )

    await pass_to(world, "2036-01-01T00:00:00+00:00")

    assert await kinds(world) == ["serious_adverse_event"]


@pytest.mark.parametrize("regimes", [["uk-2004-transitional"]])
async def test_however_many_are_to_be_told_there_is_one_alert_for_each_share(
    quiet_world: Any, protocol_with: Any, regimes: list[str]
) -> None:
    world = quiet_world
    await world.open_trial(protocol_with(reporting_regimes=regimes))
    await world.treat()
    await world.reported(**SERIOUS)

    await pass_to(world, "2036-01-01T00:00:00+00:00")

    assert len(await told(world, "susar_at_half")) == len(await told(world, "obligation_breached")) == 1
    assert len(await world.running.published("safety.obligation.breached.v1")) == 3

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shared.clock import parse_instant
from shared.testing.running import running_service


async def _alert(world: Any) -> str:
    """A death reported outside of office hours, so that each step waits half an hour."""
    await world.treat()
    await world.move(_next_night(await world.now()))
    receipt = await world.reported(seriousness=["death"], by=world.officer)
    return str(receipt["alerts"][0]["alert_id"])


def _next_night(now: datetime) -> datetime:
    local = (now + timedelta(days=1)).astimezone(ZoneInfo("Europe/London"))
    return local.replace(hour=2, minute=0, second=0, microsecond=0).astimezone(UTC)


async def _called(world: Any, alert_id: str) -> list[list[str]]:
    return [step["called"] for step in (await world.alert(alert_id))["steps"] if step["done_at"]]


@pytest.fixture
async def rota(world: Any) -> Any:
    await world.on_duty("first")
    await world.on_duty("second", "second_officer")
    await world.on_duty("doctor", "medical_monitor")
    await world.on_duty("lead", "sponsor_lead", trial="*")
    return world


async def test_an_alert_climbs_the_rota_until_everybody_is_called(rota: Any) -> None:
    world = rota
    alert_id = await _alert(world)
    raised_at = await world.now()
    steps = []

    for minutes in (1, 31, 61, 91, 400):
        await world.move(raised_at + timedelta(minutes=minutes))
        steps.append(await _called(world, alert_id))

    assert steps[0] == [["first"]]
    assert steps[1] == [["first"], ["second"]]
    assert steps[2] == [["first"], ["second"], ["doctor", "lead"]]
    assert steps[3] == [["first"], ["second"], ["doctor", "lead"], ["doctor", "first", "lead", "second"]]
    assert steps[4] == steps[3]
    assert (await world.audited()).count("alert.step-taken") == 4


async def test_a_step_is_not_taken_before_it_is_due(rota: Any) -> None:
    world = rota
    alert_id = await _alert(world)
    raised_at = await world.now()
    await world.running.run_timers()

    await world.move(raised_at + timedelta(minutes=29))

    assert await _called(world, alert_id) == [["first"]]


async def test_office_hours_wait_a_quarter_of_an_hour(rota: Any) -> None:
    world = rota
    await world.treat()
    local = (await world.now()).astimezone(ZoneInfo("Europe/London"))
    monday = local + timedelta(days=(7 - local.weekday()) % 7 or 7)
    await world.move(monday.replace(hour=10, minute=0, second=0, microsecond=0).astimezone(UTC))

    receipt = await world.reported(seriousness=["death"], by=world.officer)

    shown = await world.alert(receipt["alerts"][0]["alert_id"])
    due = [parse_instant(step["due_at"]) for step in shown["steps"]]
    assert due[1] - due[0] == timedelta(minutes=15)


async def test_an_acknowledgement_stops_it(rota: Any) -> None:
    world = rota
    alert_id = await _alert(world)
    await world.running.run_timers()

    answer = await world.running.person("first", "safety_officer:EP01:*").post(
        f"/alerts/{alert_id}/acknowledgements", {"note": "on my way"}
    )
    await world.move(await world.now() + timedelta(days=1))

    assert (answer.status_code, answer.json()["effect"]) == (201, "stops_escalation")
    assert await _called(world, alert_id) == [["first"]]
    events = await world.running.published("safety.alert.acknowledged.v1")
    assert [event["body"]["by"] for event in events] == ["first"]


async def test_somebody_who_is_not_on_duty_does_not_stop_it(rota: Any) -> None:
    world = rota
    alert_id = await _alert(world)
    await world.running.run_timers()

    answer = await world.nurse.post(f"/alerts/{alert_id}/acknowledgements", {"note": "seen"})
    await world.move(await world.now() + timedelta(minutes=31))

    assert (answer.status_code, answer.json()["effect"]) == (201, "noted_only")
    assert await _called(world, alert_id) == [["first"], ["second"]]
    shown = await world.alert(alert_id)
    assert [(note["person"], note["what"], note["note"]) for note in shown["notes"]] == [
        ("nurse", "noted_only", "seen")
    ]
    assert await world.running.published("safety.alert.acknowledged.v1") == []


async def test_a_restart_between_steps_loses_none_and_doubles_none(rota: Any, safety_store: Any) -> None:
    world = rota
    alert_id = await _alert(world)
    raised_at = await world.now()
    await world.running.run_timers()
    await world.running.service.stop(close_store=False)

    async with running_service(world.running.service.definition, safety_store) as restarted:
        world.running = restarted
        await world.move(raised_at + timedelta(minutes=31))
        await restarted.run_timers()

        assert await _called(world, alert_id) == [["first"], ["second"]]


async def test_after_a_downtime_all_overdue_steps_are_taken_once(rota: Any) -> None:
    world = rota
    alert_id = await _alert(world)

    await world.move(await world.now() + timedelta(hours=3))
    await world.running.run_timers()

    assert [len(called) for called in await _called(world, alert_id)] == [1, 1, 2, 4]
    assert (await world.audited()).count("alert.step-taken") == 4


async def test_a_step_that_finds_nobody_does_not_wait(world: Any) -> None:
    await world.on_duty("doctor", "medical_monitor")
    alert_id = await _alert(world)

    await world.running.run_timers()

    assert await _called(world, alert_id) == [[], [], ["doctor"]]


async def test_the_rota_is_asked_when_the_step_is_due_not_when_it_was_planned(rota: Any) -> None:
    world = rota
    alert_id = await _alert(world)
    raised_at = await world.now()
    await world.on_duty("stand-in", "second_officer")

    await world.move(raised_at + timedelta(minutes=31))

    assert await _called(world, alert_id) == [["first"], ["second", "stand-in"]]


async def test_an_alert_that_found_nobody_begins_again_when_somebody_is_on_the_rota(world: Any) -> None:
    alert_id = await _alert(world)
    await world.running.run_timers()
    nobody = await _called(world, alert_id)

    await world.on_duty("late", hours=24 * 90)
    await world.running.run_timers()

    assert nobody == [[], [], [], []]
    assert (await _called(world, alert_id))[4:] == [["late"]]


async def test_without_mail_a_step_is_shown_in_the_inbox_and_no_message_waits(rota: Any) -> None:
    world = rota
    alert_id = await _alert(world)

    await world.running.run_timers()

    shown = await world.alert(alert_id)
    assert (shown["outside_channel"], shown["sends"]) == ("none", [])
    assert shown["steps"][0]["called"] == ["first"]


async def test_a_less_urgent_alert_waits_a_day(rota: Any) -> None:
    world = rota
    await world.treat()
    receipt = await world.reported(seriousness=["hospitalisation"])
    alert_id = receipt["alerts"][0]["alert_id"]
    raised_at = await world.now()
    await world.running.run_timers()

    await world.move(raised_at + timedelta(hours=23))
    early = await _called(world, alert_id)
    await world.move(raised_at + timedelta(hours=25))

    assert early == [["first"]]
    assert await _called(world, alert_id) == [["first"], ["second"]]

"""SAF-23: an alert nobody acknowledges, mail down, a restart between steps, an old event edited; all in one night."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from services.safety.domain.channels import Channel
from shared.database import Database
from tests.safety.timers.channels import Alerting, alerting_over
from tests.safety.world import World

STEPS = {1: ["first"], 2: ["second"], 3: ["doctor", "lead"], 4: ["doctor", "first", "lead", "second"]}
DUTIES = {"second": "second_officer", "doctor": "medical_monitor", "lead": "sponsor_lead"}


def _two_in_the_morning(now: datetime) -> datetime:
    local = (now + timedelta(days=1)).astimezone(ZoneInfo("Europe/London"))
    return local.replace(hour=2, minute=0, second=0, microsecond=0).astimezone(UTC)


async def _staffed(alerting: Alerting) -> World:
    world = World(alerting.running)
    await world.open_trial()
    await world.on_duty("first")
    for person, duty in DUTIES.items():
        await world.on_duty(person, duty)
    await world.treat()
    await world.move(_two_in_the_morning(await world.now()))
    return world


async def _edit(world: World, report_id: str) -> None:
    """The old event is stated anew, still a death, graver words."""
    statement = {
        "verbatim": "died at home",
        "term": "Fatigue",
        "grade": 2,
        "seriousness": ["death", "life_threatening"],
        "outcome": "fatal",
        "reason": "the family has called",
    }
    answer = await world.officer.post(f"/adverse-events/{report_id}/amendments", statement)
    assert (answer.status_code, answer.json()["alerts"]) == (201, [])


def _delivered(shown: dict[str, Any]) -> Counter[tuple[str, int, str]]:
    return Counter(
        (one["person"], one["step"], one["channel"])
        for one in shown["receipts"]
        if one["outcome"] == "delivered"
    )


async def test_saf_23_nobody_answers_mail_is_down_the_service_restarts_and_the_event_is_edited(
    safety_store: Database,
) -> None:
    async with alerting_over(safety_store, Channel.MAIL, Channel.WEBHOOK) as alerting:
        world = await _staffed(alerting)
        raised_at = await world.now()
        receipt = await world.reported(seriousness=["death"], by=world.officer)
        alert_id = receipt["alerts"][0]["alert_id"]
        alerting.mail.down = True
        await alerting.turn()
        await world.move(raised_at + timedelta(minutes=31))
        await alerting.pauses_over()
        await alerting.turn()
        first_calls = list(alerting.webhook.taken)

    async with alerting_over(safety_store, Channel.MAIL, Channel.WEBHOOK) as alerting:  # restarted
        world.running = alerting.running
        await _edit(world, receipt["report_id"])
        for minutes in (61, 91, 500):
            await world.move(raised_at + timedelta(minutes=minutes))
            await alerting.turn()
        await alerting.pauses_over()
        await alerting.turn()

        shown = await world.alert(alert_id)
        assert {step["number"]: step["called"] for step in shown["steps"]} == STEPS
        calls = [(person, step) for step, people in STEPS.items() for person in people]
        assert _delivered(shown) == Counter(
            (*call, channel) for call in calls for channel in ("mail", "webhook")
        )
        assert len(first_calls) + len(alerting.webhook.taken) >= len(calls)
        assert Counter(await world.alert_kinds()) == {"death": 1, "channel_down": 1}
        actions = await world.audited()
        assert actions.count("alert.message-failed") >= 2
        in_order = [row for row in actions if row in ("alert.step-taken", "safety.alert.raised.v1")]
        assert in_order.count("safety.alert.raised.v1") == 2
        told = await world.running.published("safety.alert.escalated.v1")
        assert [one["body"]["step"] for one in told if one["body"]["kind"] == "death"] == [2, 3, 4]

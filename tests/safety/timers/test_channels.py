"""Several ways out: every urgent call by all of them, the others by the next one that works; and an alarm."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from services.safety.domain.alert import AlertKind
from services.safety.domain.channels import Channel
from shared.clock import format_instant
from shared.database import Database
from shared.testing.running import Running
from tests.safety.timers.channels import Alerting, alerting_over


@pytest.fixture
async def alerting(safety_store: Database) -> AsyncIterator[Alerting]:
    async with alerting_over(safety_store, Channel.MAIL, Channel.WEBHOOK) as alerting:
        yield alerting


@pytest.fixture
async def running(alerting: Alerting) -> Running:
    return alerting.running


async def _raise(world: Any, *, urgent: bool) -> str:
    await world.on_duty("first")
    await world.treat()
    criterion = "death" if urgent else "hospitalisation"
    receipt = await world.reported(seriousness=[criterion], by=world.officer, verbatim="SECRET")
    return str(receipt["alerts"][0]["alert_id"])


def _sends(shown: Any) -> list[tuple[str, str]]:
    return [(send["channel"], send["state"]) for send in shown["sends"]]


async def test_an_urgent_alert_leaves_by_every_channel_at_once(world: Any, alerting: Alerting) -> None:
    alert_id = await _raise(world, urgent=True)

    await alerting.turn()

    shown = await world.alert(alert_id)
    assert _sends(shown) == [("mail", "sent"), ("webhook", "sent")]
    assert len(alerting.mail.taken) == len(alerting.webhook.taken) == 1


async def test_a_less_urgent_alert_leaves_by_the_first_channel_alone(world: Any, alerting: Alerting) -> None:
    alert_id = await _raise(world, urgent=False)

    await alerting.turn()

    assert _sends(await world.alert(alert_id)) == [("mail", "sent"), ("webhook", "standby")]
    assert alerting.webhook.taken == []


async def test_when_mail_is_down_the_next_channel_carries_it_at_once(world: Any, alerting: Alerting) -> None:
    alert_id = await _raise(world, urgent=False)
    alerting.mail.down = True

    await alerting.turn()

    assert _sends(await world.alert(alert_id)) == [("mail", "waiting"), ("webhook", "sent")]
    assert [message.alert_id for message in alerting.webhook.taken] == [alert_id]


async def test_mail_that_stays_down_is_an_alarm_that_leaves_by_the_other_channel(
    world: Any, alerting: Alerting
) -> None:
    await _raise(world, urgent=True)
    alerting.mail.down = True
    await alerting.turn()
    at_first = await world.alert_kinds()

    await alerting.pauses_over()
    await alerting.turn()
    await alerting.turn()

    assert at_first == ["death"]
    assert await world.alert_kinds() == ["death", "channel_down"]
    assert [message.kind for message in alerting.webhook.taken] == ["death", "channel_down"]


async def test_one_outage_is_one_alarm_and_the_next_outage_another(world: Any, alerting: Alerting) -> None:
    await _raise(world, urgent=True)
    for _outage in range(2):
        alerting.mail.down = True
        for _ in range(5):
            await alerting.turn()
            await alerting.pauses_over()
        alerting.mail.down = False
        await alerting.turn()
        await world.reported(seriousness=["life_threatening"], by=world.officer)

    assert (await world.alert_kinds()).count("channel_down") == 2


async def test_every_try_leaves_a_receipt_by_person_and_channel(world: Any, alerting: Alerting) -> None:
    await world.on_duty("other")
    alert_id = await _raise(world, urgent=True)
    alerting.mail.down = True
    await alerting.turn()
    alerting.mail.down = False

    await alerting.pauses_over()
    await alerting.turn()

    receipts = (await world.alert(alert_id))["receipts"]
    found = sorted((one["person"], one["channel"], one["attempt"], one["outcome"]) for one in receipts)
    assert found == [
        ("first", "mail", 1, "failed"),
        ("first", "mail", 2, "delivered"),
        ("first", "webhook", 1, "delivered"),
        ("other", "mail", 1, "delivered"),
        ("other", "webhook", 1, "delivered"),
    ]
    assert {one["error"] for one in receipts} == {None, "ConnectionRefusedError"}
    audited = await world.audited()
    assert (audited.count("alert.message-sent"), audited.count("alert.message-failed")) == (4, 1)


async def test_a_receiver_that_is_gone_is_not_called_again_and_somebody_is_told(
    world: Any, alerting: Alerting
) -> None:
    await _raise(world, urgent=True)
    alerting.webhook.gone = True
    await alerting.turn()

    alerting.webhook.gone = False
    await alerting.pauses_over()
    await alerting.turn()
    later = await world.reported(seriousness=["life_threatening"], by=world.officer)
    await alerting.turn()

    assert alerting.webhook.taken == []
    assert "channel_down" in await world.alert_kinds()
    assert _sends(await world.alert(later["alerts"][0]["alert_id"])) == [("mail", "sent")]


async def test_what_waited_for_a_channel_that_is_gone_goes_another_way(
    world: Any, alerting: Alerting
) -> None:
    await _raise(world, urgent=False)
    await world.reported(seriousness=["disability"], by=world.officer)
    alerting.mail.gone = True

    await alerting.turn()

    kinds = [message.kind for message in alerting.webhook.taken]
    assert kinds == ["serious_adverse_event", "serious_adverse_event"]


async def test_what_leaves_names_no_participant_and_quotes_nobody(world: Any, alerting: Alerting) -> None:
    await _raise(world, urgent=True)

    await alerting.turn()

    for message in (*alerting.mail.taken, *alerting.webhook.taken):
        written = f"{message.message.subject}\n{message.message.body}"
        assert "0017" not in written
        assert "SECRET" not in written
        assert "participant-1" not in written
        assert written.startswith("[P1] EP01: Death reported")


async def test_the_alerting_says_how_it_is(world: Any, alerting: Alerting) -> None:
    before = (await world.officer.get("/alert-channels")).json()
    await _raise(world, urgent=True)
    alerting.mail.down = True

    await alerting.turn()

    after = (await world.officer.get("/alert-channels")).json()
    assert (before["well"], [part["state"] for part in before["parts"]]) == (
        False,
        ["never", "never", "never"],
    )
    assert after["well"] is True  # the webhook works
    states = {part["name"]: (part["state"], part["failures"], part["waiting"]) for part in after["parts"]}
    assert states == {"evaluator": ("ok", 0, 0), "mail": ("failing", 1, 1), "webhook": ("ok", 0, 0)}


async def test_with_every_channel_down_the_alerting_is_not_well(world: Any, alerting: Alerting) -> None:
    await _raise(world, urgent=True)
    alerting.mail.down = alerting.webhook.down = True

    await alerting.turn()

    assert (await world.officer.get("/alert-channels")).json()["well"] is False
    health = await world.running.client.get("/safety/healthz")
    assert (health.status_code, "alerts" in health.json()["failing"]) == (503, True)
    assert (await world.running.client.get("/safety/readyz")).status_code == 200


async def test_an_alert_that_may_wait_waits_with_its_reason_and_then_climbs_on(
    world: Any, alerting: Alerting
) -> None:
    await world.on_duty("first")
    await world.on_duty("second", "second_officer")
    alert_id = await world.raised(AlertKind.DEFINITION_PROBLEM)
    await alerting.turn()
    first = world.running.person("first", "safety_officer:EP01:*")
    await world.move(await world.now() + timedelta(hours=12))
    until = await world.now() + timedelta(hours=20)

    said = {"until": format_instant(until), "reason": "being mended"}
    answer = await first.post(f"/alerts/{alert_id}/snoozes", said)
    await world.move(until - timedelta(minutes=1))
    waiting = await world.alert(alert_id)
    await world.move(until + timedelta(minutes=1))

    assert answer.status_code == 201, answer.text
    assert [bool(step["done_at"]) for step in waiting["steps"]] == [True, False]
    assert [(note["what"], note["person"]) for note in waiting["notes"]] == [("snoozed", "first")]
    assert [bool(step["done_at"]) for step in (await world.alert(alert_id))["steps"]] == [True, True]


@pytest.mark.parametrize("kind", ["death", "life_threatening", "hospitalisation"])
async def test_nobody_silences_what_may_be_a_death_or_a_susar(
    world: Any, alerting: Alerting, kind: str
) -> None:
    await world.on_duty("first")
    await world.treat()
    alert_id = (await world.reported(seriousness=[kind]))["alerts"][0]["alert_id"]
    until = format_instant(await world.now() + timedelta(minutes=5))
    first = world.running.person("first", "safety_officer:*:*", "medical_monitor:*:*")

    answer = await first.post(f"/alerts/{alert_id}/snoozes", {"until": until, "reason": "a known case"})

    assert (answer.status_code, answer.json()["code"]) == (409, "alert_never_silenced")
    assert "alert.snoozed" not in await world.audited()

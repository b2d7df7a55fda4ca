"""An alert's whole journey: mail down, the service killed between steps, the officer silent, over both transports."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from deploy.trialops.calls import Unreachable
from deploy.trialops.demo.stage import Person
from shared.clock import format_instant
from shared.testing.stores import wait_until
from tests.crash.conftest import Prepared
from tests.crash.network import Network
from tests.crash.receivers import MailServer, Pager, settings_of
from tests.crash.served import Command, Served
from tests.crash.story import CODE, Trial, children_at_risk, everybody, open_trial, report

NIGHT_HOUR = 2
STEPS = {
    1: ["officer-1"],
    2: ["officer-2"],
    3: ["doctor", "lead"],
    4: ["doctor", "lead", "officer-1", "officer-2"],
}
CALLS = {(person, step): 1 for step, people in STEPS.items() for person in people}
DUTIES = {
    "officer-1": "duty_officer",
    "officer-2": "second_officer",
    "doctor": "medical_monitor",
    "lead": "sponsor_lead",
}
Restart = Callable[[], Awaitable[None]]


@dataclass
class Receivers:
    mail: MailServer
    pager: Pager


@pytest.fixture
async def receivers() -> AsyncIterator[Receivers]:
    """A pager that is up and a mail server that is down."""
    made = Receivers(MailServer(), Pager())
    await made.pager.start()
    yield made
    made.mail.stop()
    made.pager.stop()


@pytest.mark.slow
async def test_a_silent_officer_a_dead_mail_server_and_kills_between_steps_on_the_direct_transport(
    served: Served, trial: Trial, prepared: Prepared, receivers: Receivers
) -> None:
    served.environ |= settings_of(receivers.mail, receivers.pager)
    await served.start()

    async def restart() -> None:
        served.kill()
        await served.start()

    death = report(CODE, prepared.one, await trial.stage.clock(), "Sepsis", 5)
    await _whole_journey(trial, death, receivers, restart)
    assert await served.stop() == 0, served.said()


@pytest.mark.slow
async def test_a_call_handed_over_before_a_kill_is_repeated_as_the_same_call(
    served: Served, trial: Trial, prepared: Prepared, receivers: Receivers
) -> None:
    served.environ |= settings_of(receivers.mail, receivers.pager)
    receivers.mail.start()
    await served.start("alert_after_send")
    await _staff(trial)
    death = report(CODE, prepared.one, await trial.stage.clock(), "Sepsis", 5)
    served.arm()
    with suppress(Unreachable):  # the kill may come before the answer; the same report is sent again below
        await trial.clients.send(death)
    await served.killed_at_failpoint()

    await served.start()
    await trial.clients.send(death)
    pager, mail = receivers.pager, receivers.mail
    await wait_until(
        lambda: bool(pager.calls("death") and mail.ids_by_person("Death reported")),
        seconds=90,
        what="the death told by both channels",
    )

    assert pager.calls("death")["officer-1", 1] == 1
    assert [len(ids) for ids in mail.ids_by_person("Death reported").values()] == [1]
    assert await served.stop() == 0, served.said()


@pytest.mark.postgres
@pytest.mark.kafka
@pytest.mark.slow
async def test_a_silent_officer_a_dead_mail_server_and_kills_between_steps_over_kafka(
    network: Network, receivers: Receivers
) -> None:
    network.environ = settings_of(receivers.mail, receivers.pager)
    roles = ("sponsor", "serve"), ("enrolment", "serve"), ("safety", "api"), ("safety", "worker")
    *_, worker = await network.start(*roles)
    async with AsyncExitStack() as stack:
        trial = await everybody("http://installation", network.home, stack, transport=network.one_origin())
        await open_trial(trial)
        child, _ = await children_at_risk(trial)

        async def restart() -> None:
            nonlocal worker
            worker.kill()
            (worker,) = await network.start(("safety", "worker"))

        death = report(trial.code, child, trial.stage.now, "Sepsis", 5)
        await _whole_journey(trial, death, receivers, restart)


async def _whole_journey(trial: Trial, death: Command, receivers: Receivers, restart: Restart) -> None:
    """A death at two in the morning; nobody answers until everybody was called, and mail comes back last."""
    await _staff(trial)
    raised_at = _next_night(await trial.stage.clock())
    await _let_it_be(trial, raised_at)
    reply = await trial.clients.send(death)
    assert reply is not None
    assert reply.status == 201
    await restart()  # before anybody was called

    for step in STEPS:
        await _let_it_be(trial, raised_at + timedelta(minutes=1 + 30 * (step - 1)))
        await restart()  # between a step that is due and its call
        heard = partial(_heard, receivers.pager, step)
        await wait_until(heard, seconds=60, what=f"step {step} at the pager")

    assert receivers.pager.calls("death") == CALLS
    await wait_until(lambda: bool(receivers.pager.calls("channel_down")), seconds=60, what="the alarm")
    receivers.mail.start()
    everybodys = {"officer-1": 2, "officer-2": 2, "doctor": 2, "lead": 2}
    await wait_until(lambda: _mailed(receivers.mail) == everybodys, seconds=180, what="the mail that waited")
    await _assert_once(trial, receivers)


async def _assert_once(trial: Trial, receivers: Receivers) -> None:
    inbox = (await trial.office.monitor.get("safety", "/alerts", trial=trial.code, limit=200))["items"]
    (death,) = [alert for alert in inbox if alert["kind"] == "death"]
    shown = await trial.office.monitor.get("safety", f"/alerts/{death['alert_id']}")
    assert {step["number"]: step["called"] for step in shown["steps"] if step["done_at"]} == STEPS
    delivered = [
        (one["person"], one["step"], one["channel"])
        for one in shown["receipts"]
        if one["outcome"] == "delivered"
    ]
    wanted = sorted((*call, channel) for call in CALLS for channel in ("mail", "webhook"))
    assert sorted(delivered) == wanted
    assert any(one["outcome"] == "failed" and one["channel"] == "mail" for one in shown["receipts"])
    assert receivers.pager.calls("death") == CALLS
    assert receivers.pager.unsigned == 0
    assert [alert["kind"] for alert in inbox].count("channel_down") == 1


def _heard(pager: Pager, step: int) -> bool:
    return {person for person, number in pager.calls("death") if number == step} == set(STEPS[step])


def _mailed(mail: MailServer) -> dict[str, int]:
    return {person: len(ids) for person, ids in mail.ids_by_person("Death reported").items()}


async def _staff(trial: Trial) -> None:
    """Four people on duty for a year."""
    now = await trial.stage.clock()
    manager: Person = trial.office.manager
    for person, duty in DUTIES.items():
        body = {
            "trial": trial.code,
            "person": person,
            "address": f"{person}@hospital.example",
            "role": duty,
            "from_at": format_instant(now - timedelta(hours=1)),
            "until_at": format_instant(now + timedelta(days=365)),
        }
        await manager.post("safety", "/duty-periods", body)


def _next_night(now: datetime) -> datetime:
    local = (now + timedelta(days=1)).astimezone(ZoneInfo("Europe/London"))
    return local.replace(hour=NIGHT_HOUR, minute=0, second=0, microsecond=0)


async def _let_it_be(trial: Trial, instant: datetime) -> None:
    """Move the safety service's clock alone, and wait for nothing."""
    body = {"move_to": format_instant(instant)}
    await trial.stage.operator.post("safety", "/demonstration-clock", body)

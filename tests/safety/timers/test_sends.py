import asyncio
import smtplib
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from services.safety.app import definition
from services.safety.commands.send_alert import pause_after
from services.safety.timers.alerting import run_alerting
from services.safety.timers.bell import Bells
from services.safety.timers.mail import MailPost, send_mail
from services.safety.timers.sends import AlertSender, ChannelHealth
from shared.clock import server_now
from shared.database import Database, Sql, instant_parameter
from shared.metrics import create_metrics
from shared.settings import DeploymentSettings, Environment, MailSettings
from shared.testing.running import Running, running_service, settings_for_tests


@dataclass
class MailServer:
    """A mail server on this machine that keeps what it is given."""

    messages: list[Any] = field(default_factory=list)
    refuse: bool = False
    controller: Controller | None = None

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.refuse:
            return "451 try again later"
        self.messages.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=default)))
        return "250 taken"

    @property
    def port(self) -> int:
        assert self.controller is not None
        return int(self.controller.server.sockets[0].getsockname()[1])  # type: ignore[union-attr]

    def start(self, port: int = 0) -> None:
        self.controller = Controller(self, hostname="127.0.0.1", port=port)
        self.controller.start()

    def stop(self) -> None:
        if self.controller is not None:
            self.controller.stop()
            self.controller = None


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    server = MailServer()
    server.start(port=_free_port())
    yield server
    server.stop()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _mail(port: int) -> MailSettings:
    return MailSettings(host="127.0.0.1", port=port, tls=False, sender="alerts@trials.example")


@pytest.fixture
async def running(safety_store: Database, mail_server: MailServer) -> AsyncIterator[Running]:
    settings = replace(
        settings_for_tests("safety"),
        mail=_mail(mail_server.port),
        deployment=DeploymentSettings(
            environment=Environment.DEMONSTRATION, public_url="https://trials.example"
        ),
    )
    async with running_service(definition(settings), safety_store) as running:
        running.service.settings = settings
        yield running


async def _alert(world: Any, person: str = "first") -> str:
    await world.on_duty(person)
    await world.treat()
    receipt = await world.reported(seriousness=["death"], by=world.officer, verbatim="SECRET")
    await world.running.run_timers()
    return str(receipt["alerts"][0]["alert_id"])


async def _make_due(world: Any) -> None:
    """As if every pause, after a failure or during a claim, were over."""
    await world.running.service.database.write(
        lambda tx: tx.fetch(
            Sql("UPDATE alert_send SET next_try_at = $1"),
            instant_parameter(tx, server_now() - timedelta(seconds=1)),
        )
    )


async def test_the_person_called_gets_a_mail_that_names_no_participant(
    world: Any, mail_server: MailServer
) -> None:
    alert_id = await _alert(world)

    sent = await _sender(world).turn()

    assert sent == 1
    [(recipients, mail)] = mail_server.messages
    assert recipients == ["first@hospital.example"]
    assert mail["Subject"] == "[P1] EP01: Death reported"
    lines = mail.get_content().strip().splitlines()
    assert lines[0] == "EP01: Death reported"
    assert lines[1].startswith("Acknowledge by ")
    assert lines[2] == f"https://trials.example/safety/api/v1/alerts/{alert_id}"
    whole = mail.as_string()
    assert "0017" not in whole
    assert "SECRET" not in whole
    shown = (await world.alert(alert_id))["sends"]
    assert [(send["state"], send["attempts"], send["person"]) for send in shown] == [("sent", 1, "first")]
    assert shown[0]["message_id"] == mail["Message-ID"]
    assert (await world.audited()).count("alert.message-sent") == 1


async def test_a_message_is_sent_once(world: Any, mail_server: MailServer) -> None:
    await _alert(world)
    sender = _sender(world)

    await sender.turn()
    await world.running.run_timers()
    await _make_due(world)
    await sender.turn()

    assert len(mail_server.messages) == 1


async def test_a_dead_mail_server_keeps_the_message_and_never_stops_intake(
    world: Any, mail_server: MailServer
) -> None:
    alert_id = await _alert(world)
    sender = _sender(world)
    port = mail_server.port
    mail_server.stop()

    assert await sender.turn() == 0
    failed = (await world.alert(alert_id))["sends"][0]
    accepted = await world.report(seriousness=["death"])
    waiting = await sender.turn()
    mail_server.start(port)
    await _make_due(world)
    sent = await sender.turn()

    assert (failed["state"], failed["attempts"], failed["last_error"]) == (
        "waiting",
        1,
        "ConnectionRefusedError",
    )
    assert accepted.status_code == 201
    assert waiting == 0  # the pause is not over
    assert sent == 1
    metrics = (await world.running.client.get("/safety/metrics")).text
    assert 'alert_send_failures_total{channel="mail"} 1.0' in metrics
    assert 'alert_channel_configured{channel="mail"} 1.0' in metrics
    assert (await world.audited()).count("alert.message-failed") == 1


async def test_a_server_that_says_not_now_is_tried_again(world: Any, mail_server: MailServer) -> None:
    alert_id = await _alert(world)
    sender = _sender(world)
    mail_server.refuse = True
    await sender.turn()

    mail_server.refuse = False
    await _make_due(world)
    await sender.turn()

    shown = (await world.alert(alert_id))["sends"][0]
    assert (shown["state"], shown["attempts"]) == ("sent", 2)
    assert len(mail_server.messages) == 1


async def test_a_restart_between_sending_and_marking_sends_the_same_message_again(
    world: Any, mail_server: MailServer
) -> None:
    await _alert(world)

    def send_and_die(settings: MailSettings, message: Any) -> None:
        send_mail(settings, message)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await _in_this_thread(_sender(world), send_and_die)
    nothing_yet = await _restarted(world).turn()
    await _make_due(world)
    await _restarted(world).turn()

    assert nothing_yet == 0  # the claim of the dead process still holds
    ids = [mail["Message-ID"] for _, mail in mail_server.messages]
    assert len(ids) == 2
    assert len(set(ids)) == 1


def _sender(world: Any) -> AlertSender:
    """A sender as its process has it."""
    service = world.running.service
    return AlertSender(service, MailPost(service.settings.mail), ChannelHealth(service.metrics.registry))


def _restarted(world: Any) -> AlertSender:
    """A sender as a new process would have it; the metrics of the old one are gone with it."""
    world.running.service.metrics = create_metrics()
    return _sender(world)


async def _in_this_thread(sender: AlertSender, send: Any) -> None:
    message = await sender._service.database.write(sender._claim)
    assert message is not None
    send(sender._service.settings.mail, message)


async def test_two_senders_never_take_the_same_message(world: Any, mail_server: MailServer) -> None:
    await world.on_duty("second", "duty_officer")
    await _alert(world)
    one, other = _sender(world), _restarted(world)

    await asyncio.gather(one.turn(), other.turn())

    assert sorted(recipients[0] for recipients, _ in mail_server.messages) == [
        "first@hospital.example",
        "second@hospital.example",
    ]


async def test_whoever_need_not_be_told_any_more_is_not(world: Any, mail_server: MailServer) -> None:
    alert_id = await _alert(world)
    await world.running.person("first", "safety_officer:EP01:*").post(
        f"/alerts/{alert_id}/acknowledgements", {}
    )

    await _make_due(world)
    await _sender(world).turn()

    assert mail_server.messages == []
    assert [send["state"] for send in (await world.alert(alert_id))["sends"]] == ["not_needed"]


async def test_people_without_an_address_are_called_in_the_inbox_only(
    world: Any, mail_server: MailServer
) -> None:
    await world.on_duty("silent", address=None)
    await world.treat()
    receipt = await world.reported(seriousness=["death"], by=world.officer)
    await world.running.run_timers()

    shown = await world.alert(receipt["alerts"][0]["alert_id"])

    assert shown["steps"][0]["called"] == ["silent"]
    assert shown["sends"] == []


def test_pauses_double_up_to_ten_minutes() -> None:
    assert [pause_after(n).total_seconds() for n in (1, 2, 3, 6, 7, 1000)] == [15, 30, 60, 480, 600, 600]


def test_a_tls_port_without_tls_is_an_error_and_not_plain_text(mail_server: MailServer) -> None:
    settings = MailSettings(host="127.0.0.1", port=mail_server.port, tls=True, sender="a@b.example")

    with pytest.raises(smtplib.SMTPNotSupportedError):
        send_mail(settings, None)  # type: ignore[arg-type]


async def test_without_a_mail_server_the_loop_says_so_and_waits(
    safety_store: Database,
) -> None:
    async with running_service(definition(settings_for_tests("safety")), safety_store) as running:
        task = asyncio.create_task(run_alerting(running.service, Bells()))
        await asyncio.sleep(0)
        metrics = (await running.client.get("/safety/metrics")).text
        task.cancel()

    assert 'alert_channel_configured{channel="mail"} 0.0' in metrics

"""The signed webhook against a receiver on this machine, which checks what a careful receiver would."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from services.safety.commands.send_alert import ClaimedMessage
from services.safety.domain.alert import AlertMessage
from services.safety.domain.channels import Channel
from services.safety.domain.ids import TrialId
from services.safety.domain.place import TrialRef, zone_named
from services.safety.timers.posts import NotTaken, ReceiverGone
from services.safety.timers.webhook import WebhookPost, verify
from shared.outside_settings import WebhookSettings

SECRET, OLD = "s" * 31 + "1", "s" * 31 + "0"
NOW = datetime(2026, 10, 24, 13, 0, tzinfo=UTC)
MESSAGE = ClaimedMessage(
    send_id="01993f6e-0000-7000-8000-000000000009",
    alert_id="01993f6e-0000-7000-8000-000000000005",
    claim="c",
    channel=Channel.WEBHOOK,
    step=1,
    message_id="<x@y>",
    person="officer",
    address="officer",
    attempts=1,
    message=AlertMessage(subject="[P1] EP01: Death reported", body="..."),
    trial=TrialRef(id=TrialId("t"), code="EP01", zone=zone_named("Europe/London")),
    kind="death",
    priority="P1",
    acknowledge_by=NOW + timedelta(minutes=30),
    link="https://trials.example/safety/api/v1/alerts/x",
)


@dataclass
class Receiver:
    """Takes a message once, if its signature and its time are right."""

    status: int = 200
    port: int = 0
    asked: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    taken: dict[str, Any] = field(default_factory=dict)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers["content-length"]))
        self.asked.append((headers, body))
        if verify(headers, body, SECRET, now=NOW):
            self.taken.setdefault(headers["idempotency-key"], json.loads(body))
        writer.write(f"HTTP/1.1 {self.status} X\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    def post(self, *, secret: str = SECRET, previous: str | None = None, now: datetime = NOW) -> WebhookPost:
        settings = WebhookSettings(
            url=f"http://127.0.0.1:{self.port}/alerts",
            secret=SecretStr(secret),
            previous_secret=SecretStr(previous) if previous else None,
        )
        return WebhookPost(settings, now=lambda: now)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    listening = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = listening.sockets[0].getsockname()[1]
    yield made
    listening.close()


async def test_the_receiver_learns_trial_kind_due_time_and_link_and_nothing_else(receiver: Receiver) -> None:
    await receiver.post().hand_over(MESSAGE)

    assert receiver.taken == {
        MESSAGE.send_id: {
            "id": MESSAGE.send_id,
            "alert_id": MESSAGE.alert_id,
            "recipient": "officer",
            "trial": "EP01",
            "kind": "death",
            "priority": "P1",
            "step": 1,
            "acknowledge_by": "2026-10-24T13:30:00.000000Z",
            "subject": "[P1] EP01: Death reported",
            "link": MESSAGE.link,
        }
    }


async def test_the_same_message_has_the_same_key_and_bytes_in_every_try(receiver: Receiver) -> None:
    await receiver.post().hand_over(MESSAGE)
    await receiver.post().hand_over(replace(MESSAGE, attempts=2, claim="d"))

    (first_headers, first), (second_headers, second) = receiver.asked
    assert first == second
    assert first_headers["idempotency-key"] == second_headers["idempotency-key"] == MESSAGE.send_id
    assert len(receiver.taken) == 1


async def test_a_message_with_another_secret_is_not_believed(receiver: Receiver) -> None:
    await receiver.post(secret=OLD).hand_over(MESSAGE)

    assert receiver.taken == {}


async def test_while_keys_are_changed_either_key_is_believed(receiver: Receiver) -> None:
    await receiver.post(secret="n" * 32, previous=SECRET).hand_over(MESSAGE)

    assert len(receiver.taken) == 1


@pytest.mark.parametrize("late", [timedelta(minutes=6), -timedelta(minutes=6)])
async def test_a_recorded_message_is_not_believed_later(receiver: Receiver, late: timedelta) -> None:
    await receiver.post(now=NOW - late).hand_over(MESSAGE)

    assert receiver.taken == {}


async def test_nothing_in_the_message_can_be_changed_on_the_way(receiver: Receiver) -> None:
    await receiver.post().hand_over(MESSAGE)
    [(headers, body)] = receiver.asked

    changed = body.replace(b"EP01", b"EP02")
    later = headers | {"trialops-timestamp": str(int(NOW.timestamp()) + 1)}

    assert verify(headers, body, SECRET, now=NOW)
    assert not verify(headers, changed, SECRET, now=NOW)
    assert not verify(later, body, SECRET, now=NOW)


@pytest.mark.parametrize("timestamp", ["", "x", "-1", "1e9", "９", "1" * 40, "1.5"])
def test_a_mangled_time_is_not_believed(timestamp: str) -> None:
    headers = {"TrialOps-Timestamp": timestamp, "TrialOps-Signature": "v1=00"}

    assert not verify(headers, b"", SECRET, now=NOW)


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 404, 429, 500, 503])
async def test_whatever_is_no_success_is_tried_again(receiver: Receiver, status: int) -> None:
    receiver.status = status

    with pytest.raises(NotTaken) as failed:
        await receiver.post().hand_over(MESSAGE)

    assert (type(failed.value), failed.value.reason) == (NotTaken, f"status_{status}")


async def test_a_receiver_that_says_gone_is_believed(receiver: Receiver) -> None:
    receiver.status = 410

    with pytest.raises(ReceiverGone):
        await receiver.post().hand_over(MESSAGE)


async def test_a_receiver_whose_name_leads_inside_is_never_called() -> None:
    async def inside(_host: str, _port: int) -> list[str]:
        return ["169.254.169.254"]

    settings = WebhookSettings(url="https://receiver.example/alerts", secret=SecretStr(SECRET))

    with pytest.raises(NotTaken, match="address_refused"):
        await WebhookPost(settings, resolver=inside).hand_over(MESSAGE)


@pytest.mark.parametrize(
    ("url", "secret"),
    [
        ("http://receiver.example/", SECRET),
        ("https://user:pw@receiver.example/", SECRET),
        ("https://receiver.example/", "short"),
        ("https://receiver.example/", None),
    ],
)
def test_a_webhook_without_https_or_a_long_secret_is_no_setting(url: str, secret: str | None) -> None:
    with pytest.raises(ValidationError):
        WebhookSettings(url=url, secret=SecretStr(secret) if secret else None)

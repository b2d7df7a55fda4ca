"""Ways out of a running safety service, for tests: what was handed over, and what fails on demand."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from pydantic import SecretStr

from services.safety.app import definition
from services.safety.commands.send_alert import ClaimedMessage
from services.safety.domain.channels import Channel
from services.safety.timers.posts import NotTaken, ReceiverGone
from services.safety.timers.sends import AlertSender, ChannelHealth
from shared.clock import server_now
from shared.database import Database, Sql, instant_parameter
from shared.outside_settings import OutsideSettings, WebhookSettings
from shared.service_settings import ServiceSettings
from shared.settings import DeploymentSettings, Environment, MailSettings
from shared.testing.running import Running, running_service, settings_for_tests

SECRET = "a-shared-secret-of-more-than-32-characters"


@dataclass
class FakePost:
    """A channel whose other side we play: what it took, and whether it is down."""

    channel: Channel
    taken: list[ClaimedMessage] = field(default_factory=list)
    down: bool = False
    gone: bool = False

    async def hand_over(self, message: ClaimedMessage) -> None:
        if self.gone:
            raise ReceiverGone("status_410")
        if self.down:
            raise NotTaken("ConnectionRefusedError")
        self.taken.append(message)


@dataclass
class Alerting:
    """The running service with its senders, each turned by hand."""

    running: Running
    posts: dict[Channel, FakePost]
    senders: dict[Channel, AlertSender]

    @property
    def mail(self) -> FakePost:
        return self.posts[Channel.MAIL]

    @property
    def webhook(self) -> FakePost:
        return self.posts[Channel.WEBHOOK]

    async def turn(self) -> None:
        """Take the steps that are due, then let every channel send what is due."""
        await self.running.run_timers()
        for sender in self.senders.values():
            await sender.turn()

    async def pauses_over(self) -> None:
        """As if every pause, after a failure or during a claim, were over."""
        await self.running.service.database.write(
            lambda tx: tx.fetch(
                Sql("UPDATE alert_send SET next_try_at = $1"),
                instant_parameter(tx, server_now() - timedelta(seconds=1)),
            )
        )


def settings_with(*channels: Channel) -> ServiceSettings:
    """Settings of a demonstration with these ways out; the webhook's receiver is this machine."""
    webhook = WebhookSettings(url="http://127.0.0.1:9/alerts", secret=SecretStr(SECRET))
    return replace(
        settings_for_tests("safety"),
        mail=MailSettings(host="127.0.0.1", port=9, tls=False, sender="alerts@trials.example")
        if Channel.MAIL in channels
        else MailSettings(),
        outside=OutsideSettings(webhook=webhook if Channel.WEBHOOK in channels else WebhookSettings()),
        deployment=DeploymentSettings(
            environment=Environment.DEMONSTRATION, public_url="https://trials.example"
        ),
    )


@asynccontextmanager
async def alerting_over(database: Database, *channels: Channel) -> AsyncIterator[Alerting]:
    """A service over this store with these channels, whose other sides are ours."""
    settings = settings_with(*channels)
    async with running_service(definition(settings), database) as running:
        running.service.settings = settings
        health = ChannelHealth(running.service.metrics.registry)
        posts = {channel: FakePost(channel) for channel in channels}
        senders = {channel: AlertSender(running.service, post, health) for channel, post in posts.items()}
        yield Alerting(running, posts, senders)


def body_of(raw: bytes) -> Any:
    return json.loads(raw)

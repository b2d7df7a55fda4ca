"""Everything that alerts need outside of transactions: one sender per channel, and the watch over them all."""

import asyncio
from collections.abc import Sequence

import structlog

from services.safety.domain.channels import Channel
from services.safety.queries.alert_health import PartHealth, alert_health, channels_of, is_well
from services.safety.timers.apprise_post import ApprisePost
from services.safety.timers.bell import Bells
from services.safety.timers.mail import MailPost
from services.safety.timers.posts import Post
from services.safety.timers.sends import AlertSender, ChannelHealth
from services.safety.timers.webhook import WebhookPost
from shared.clock import monotonic, server_now
from shared.database import StoreError, Tx
from shared.service import Service
from shared.service_settings import ServiceSettings

log = structlog.get_logger(__name__)

WATCH_SECONDS = 10.0
STALLED_SECONDS = 180.0


class AlertingStalled(RuntimeError):
    """A loop of the alerting does no rounds although the store answers: the process has to begin anew."""


def posts_of(settings: ServiceSettings) -> list[Post]:
    """A post for each way out.

    Raises:
        AppriseMissing: people are to be reached through a library that is not installed.
    """
    found: list[Post] = []
    if settings.mail.configured:
        found.append(MailPost(settings.mail))
    if settings.outside.webhook.configured:
        found.append(WebhookPost(settings.outside.webhook))
    if settings.outside.apprise:
        found.append(ApprisePost(settings.outside.apprise))
    return found


async def health_now(service: Service) -> list[PartHealth]:
    """How the alerting of this installation is."""
    channels = channels_of(service.settings).names()

    async def ask(tx: Tx) -> list[PartHealth]:
        return await alert_health(tx, channels, now=server_now())

    return await service.database.read(ask)


async def alerting_is_well(service: Service) -> bool:
    """Whether an alert raised now would leave; the heartbeat and the worker's readiness depend on it."""
    return is_well(await health_now(service))


class AlertWatch:
    """The dead-man's watch: a loop that stalls ends its process, and a process that is gone falls silent.

    The silence is what others notice: the heartbeat outside stops, and the other services miss this one's
    watermarks.
    """

    def __init__(self, service: Service, health: ChannelHealth) -> None:
        self._service = service
        self._health = health
        self._since = monotonic()

    async def run(self) -> None:
        """Look for ever.

        Raises:
            AlertingStalled: after three minutes of silence of a loop that this process runs.
        """
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            try:
                await self.look()
            except (StoreError, TimeoutError) as error:
                log.error("alert_watch_failed", service=self._service.name, code=type(error).__name__)

    async def look(self) -> None:
        """One look.

        Raises:
            AlertingStalled: see `run`.
        """
        parts = await health_now(self._service)
        evaluator, *channels = parts
        self._health.evaluator_age_seconds.set(_age(evaluator))
        ours = [*channels, *([evaluator] if await self._leads() else [])]
        if monotonic() - self._since > STALLED_SECONDS:
            stalled = [part.name for part in ours if _age(part) > STALLED_SECONDS]
            if stalled:
                log.critical("alerting_stalled", service=self._service.name, loop=",".join(stalled))
                raise AlertingStalled(", ".join(stalled))

    async def _leads(self) -> bool:
        return await self._service.timers.leads_still()


def _age(part: PartHealth) -> float:
    return 0.0 if part.beat_at is None else max((server_now() - part.beat_at).total_seconds(), 0.0)


async def run_alerting(service: Service, bells: Bells) -> None:
    """The service's own loop, run by its worker; without a channel it says so once and only watches."""
    health = ChannelHealth(service.metrics.registry)
    for channel in Channel:
        health.configured.labels(channel).set(0)
    posts: Sequence[Post] = posts_of(service.settings)
    if not posts:
        log.warning("no_outside_channel", service=service.name)
    async with asyncio.TaskGroup() as group:
        group.create_task(AlertWatch(service, health).run())
        for post in posts:
            group.create_task(AlertSender(service, post, health, bells.another()).run())

"""The loop that takes messages out of the store and to the mail server, beside intake and never in its way."""

import asyncio
import smtplib
from collections.abc import Callable

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from services.safety.commands.send_alert import (
    ClaimedMessage,
    claim_message,
    count_waiting,
    mark_failed,
    mark_sent,
)
from services.safety.timers.mail import send_mail
from shared.act import Act
from shared.clock import server_now
from shared.database import Tx
from shared.service import Service
from shared.settings import MailSettings

log = structlog.get_logger(__name__)

PERIOD_SECONDS = 1.0
AT_MOST_PER_TURN = 100
PATH = "/safety/api/v1/alerts"
Send = Callable[[MailSettings, ClaimedMessage], None]


class AlertSender:
    """Sends what is due; a failed try stays in the store with its next time, and is seen in the metrics."""

    def __init__(self, service: Service, *, send: Send = send_mail) -> None:
        self._service = service
        self._mail = service.settings.mail
        self._send = send
        self._link = f"{service.settings.deployment.public_url or ''}{PATH}"
        self._health = ChannelHealth(service.metrics.registry)
        self._health.configured.set(self._mail.configured)

    async def run(self) -> None:
        """Send for ever; without a mail server say so once and do nothing."""
        if not self._mail.configured:
            log.warning("no_outside_channel", service=self._service.name)
            return await asyncio.Event().wait() and None
        while True:
            try:
                await self.turn()
            except Exception as error:
                log.error("sending_interrupted", service=self._service.name, code=type(error).__name__)
            await asyncio.sleep(PERIOD_SECONDS)

    async def turn(self) -> int:
        """Send what is due until nothing is, or until the server fails; return how many were sent."""
        sent = 0
        for _ in range(AT_MOST_PER_TURN):
            message = await self._service.database.write(self._claim)
            if message is None or not await self._deliver(message):
                break
            sent += 1
        await self._service.database.read(self._measure)
        return sent

    async def _deliver(self, message: ClaimedMessage) -> bool:
        try:
            await asyncio.to_thread(self._send, self._mail, message)
        except (OSError, smtplib.SMTPException) as failure:
            error = type(failure).__name__
            self._health.failures.inc()
            log.error("alert_not_sent", aggregate_id=message.alert_id, attempts=message.attempts, code=error)
            await self._mark(lambda tx, act: mark_failed(tx, message, act, error=error))
            return False
        await self._mark(lambda tx, act: mark_sent(tx, message, act))
        return True

    async def _claim(self, tx: Tx) -> ClaimedMessage | None:
        return await claim_message(tx, await self._act(tx), link_to_alerts=self._link)

    async def _mark(self, mark: Callable[[Tx, Act], object]) -> None:
        async def marked(tx: Tx) -> None:
            await mark(tx, await self._act(tx))  # type: ignore[misc]

        await self._service.database.write(marked)

    async def _measure(self, tx: Tx) -> None:
        waiting = await count_waiting(tx)
        self._health.waiting.set(waiting.count)
        self._health.oldest_seconds.set(waiting.age_seconds(server_now()))

    async def _act(self, tx: Tx) -> Act:
        clock = self._service.domain_clock
        return Act(
            actor=f"service:{self._service.name}",
            actor_role="sender",
            now=await clock.now(tx),
            received_at=server_now(),
            correlation_id=self._service.new_id(),
            new_id=self._service.new_id,
            demonstration=clock.demonstration,
        )


class ChannelHealth:
    """Numbers by which a dead channel is noticed: nobody reads an alert that never left."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.configured = Gauge(
            "alert_channel_configured", "1 when mail leaves this installation", registry=registry
        )
        self.waiting = Gauge("alert_sends_waiting", "Messages not yet sent", registry=registry)
        self.oldest_seconds = Gauge(
            "alert_send_oldest_seconds", "Age of the oldest message not yet sent", registry=registry
        )
        self.failures = Counter(
            "alert_send_failures_total", "Tries that the mail server did not take", registry=registry
        )


async def send_alerts(service: Service) -> None:
    """The service's own loop, run by its worker."""
    await AlertSender(service).run()

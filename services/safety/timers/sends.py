"""The loops that take messages out of the store and to their channels, beside intake and never in its way."""

from collections.abc import Callable

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from services.safety.commands.send_alert import (
    ClaimedMessage,
    claim_message,
    count_waiting,
    mark_failed,
    mark_gone,
    mark_sent,
)
from services.safety.commands.watch_channels import note_round, try_again
from services.safety.domain.channels import Channel
from services.safety.timers.bell import Bell
from services.safety.timers.posts import NotTaken, Post, ReceiverGone
from shared.act import Act
from shared.clock import monotonic, server_now
from shared.database import Tx
from shared.failpoints import failpoint
from shared.service import Service

log = structlog.get_logger(__name__)

PERIOD_SECONDS = 1.0
ROUND_SECONDS = 5.0
AT_MOST_PER_TURN = 100
PATH = "/safety/api/v1/alerts"


class ChannelHealth:
    """Numbers by which a dead channel is noticed: nobody reads an alert that never left."""

    def __init__(self, registry: CollectorRegistry) -> None:
        by_channel = ["channel"]
        self.configured = Gauge(
            "alert_channel_configured", "1 when this channel is set up", by_channel, registry=registry
        )
        self.failing = Gauge(
            "alert_channel_failing", "1 when its last try failed", by_channel, registry=registry
        )
        self.waiting = Gauge("alert_sends_waiting", "Messages not yet sent", by_channel, registry=registry)
        self.oldest_seconds = Gauge(
            "alert_send_oldest_seconds",
            "Age of the oldest message not yet sent",
            by_channel,
            registry=registry,
        )
        self.failures = Counter(
            "alert_send_failures_total", "Tries that did not come through", by_channel, registry=registry
        )
        self.evaluator_age_seconds = Gauge(
            "alert_evaluator_age_seconds", "Since the evaluator's last round", registry=registry
        )


class AlertSender:
    """Sends what is due on one channel; a failed try stays in the store with its next time."""

    def __init__(self, service: Service, post: Post, health: ChannelHealth, bell: Bell | None = None) -> None:
        """`bell` cuts the pause short; without one there is a look every second."""
        self._service = service
        self._post = post
        self._link = f"{service.settings.deployment.public_url or ''}{PATH}"
        self._health = health
        self._noted = -ROUND_SECONDS
        self._bell = bell or Bell()
        health.configured.labels(self._channel).set(1)
        health.failing.labels(self._channel).set(0)

    @property
    def _channel(self) -> Channel:
        return self._post.channel

    async def run(self) -> None:
        """Send for ever."""
        await self._service.database.write(lambda tx: try_again(tx, self._channel))
        while True:
            sent = 0
            try:
                sent = await self.turn()
            except Exception as error:
                log.error("sending_interrupted", service=self._service.name, code=type(error).__name__)
            if sent < AT_MOST_PER_TURN:
                await self._bell.wait(PERIOD_SECONDS)

    async def turn(self) -> int:
        """Send what is due until nothing is, or until the channel fails; return how many were sent."""
        sent = 0
        for _ in range(AT_MOST_PER_TURN):
            message = await self._service.database.write(self._claim)
            if message is None or not await self._deliver(message):
                break
            sent += 1
        await self._service.database.read(self._measure)
        await self._note_round()
        return sent

    async def _deliver(self, message: ClaimedMessage) -> bool:
        try:
            await self._post.hand_over(message)
        except NotTaken as failure:
            error, mark = failure.reason, mark_gone if isinstance(failure, ReceiverGone) else mark_failed
            self._health.failures.labels(self._channel).inc()
            self._health.failing.labels(self._channel).set(1)
            log.error("alert_not_sent", aggregate_id=message.alert_id, attempts=message.attempts, code=error)
            await self._mark(lambda tx, act: mark(tx, message, act, error=error))
            return False
        failpoint("alert_after_send")
        self._health.failing.labels(self._channel).set(0)
        await self._mark(lambda tx, act: mark_sent(tx, message, act))
        return True

    async def _claim(self, tx: Tx) -> ClaimedMessage | None:
        act = await self._act(tx)
        return await claim_message(tx, act, link_to_alerts=self._link, channel=self._channel)

    async def _mark(self, mark: Callable[[Tx, Act], object]) -> None:
        async def marked(tx: Tx) -> None:
            await mark(tx, await self._act(tx))  # type: ignore[misc]

        await self._service.database.write(marked)

    async def _measure(self, tx: Tx) -> None:
        waiting = await count_waiting(tx, self._channel)
        self._health.waiting.labels(self._channel).set(waiting.count)
        self._health.oldest_seconds.labels(self._channel).set(waiting.age_seconds(server_now()))

    async def _note_round(self) -> None:
        if monotonic() - self._noted >= ROUND_SECONDS:
            self._noted = monotonic()
            await self._mark(lambda tx, act: note_round(tx, act, self._channel))

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

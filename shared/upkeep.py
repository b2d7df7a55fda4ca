"""Looking after delivery: ask again for what is missing, publish audit heads, and measure ages.

Alarms go by age, never by depth: a queue of one that nobody has looked at for a week is the worst kind.
"""

import asyncio
from datetime import datetime, timedelta
from typing import get_args

import structlog

from shared.act import Act
from shared.clock import monotonic, server_now
from shared.database import Database, Sql, Tx, read_instant
from shared.delivery_events import AuditHeadPublished, audit_head_published, replay_requested
from shared.domain_clock import DomainClock
from shared.ids import IdSource
from shared.metrics import Metrics
from shared.outbox import NewEvent, put
from shared.partitions import NETWORK
from shared.topics import topic_of_service
from shared.watermarks import Position, State, all_positions, database_clock

log = structlog.get_logger(__name__)

EVERY_SECONDS = 2.0
ASK_AFTER = timedelta(seconds=10)
ASK_AGAIN_SECONDS = 60.0
HEAD_EVERY_SECONDS = 60.0
OLDEST_UNSENT_ALARM_SECONDS = 10.0


class Upkeep:
    """One service's housekeeping of its own delivery tables."""

    def __init__(
        self,
        *,
        service: str,
        unblinded_topic: str | None = None,
        database: Database,
        domain_clock: DomainClock,
        new_id: IdSource,
        metrics: Metrics,
    ) -> None:
        self._service = service
        self._unblinded_topic = unblinded_topic
        self._database = database
        self._domain_clock = domain_clock
        self._new_id = new_id
        self._metrics = metrics
        self._asked: dict[tuple[str, int], float] = {}
        self._head_at = monotonic()

    @property
    def _topic(self) -> str:
        return topic_of_service(self._service)

    async def run(self) -> None:
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                await self.turn()
            except Exception as error:
                log.error("upkeep_failed", service=self._service, error=type(error).__name__)

    async def turn(self) -> None:
        """One round: measure, ask for what is missing, publish a head when it is time."""
        positions = await self._database.read(self._measure)
        await self._ask_for_missing(positions)
        if monotonic() - self._head_at >= HEAD_EVERY_SECONDS:
            self._head_at = monotonic()
            await self._database.write(self.publish_head)

    async def publish_head(self, tx: Tx) -> bool:
        """Publish where the audit trail stands, if anything but heads was published since the last one.

        The head of the unblinded topic goes with it: a hash tells nobody what it binds, and what is said on the main
        topic is witnessed by the others.
        """
        state = await tx.fetch(_HEAD_STATE, self._topic)
        if not state or state[0][0] == 0:
            return False
        pub_seq, head, last_head = state[0][0], bytes(state[0][1]), state[0][2]
        news = await tx.fetch(_NEWS, self._topic, last_head, f"{self._service}.audit-head.published.v1")
        beside = await tx.fetch(_HEAD_STATE, self._unblinded_topic) if self._unblinded_topic else []
        if not news and not any(row[0] > row[2] for row in beside):
            return False
        rows, last_id = (await tx.fetch(_AUDIT_COUNT))[0]
        body = audit_head_published(self._service)(
            pub_seq=pub_seq, head=head.hex(), audit_rows=rows, audit_last_id=last_id
        )
        for row in beside:
            body = body.model_copy(
                update={"unblinded_pub_seq": row[0], "unblinded_head": bytes(row[1]).hex()}
            )
            await tx.fetch(_HEAD_DONE, self._unblinded_topic, row[0])
        await self._announce(tx, body)
        await tx.fetch(_HEAD_DONE, self._topic, pub_seq)
        return True

    async def _announce(self, tx: Tx, body: AuditHeadPublished) -> None:
        await put(
            tx, await self._act(tx), NewEvent(aggregate_id=f"audit:{self._service}", scope=NETWORK, body=body)
        )

    async def _ask_for_missing(self, positions: list[Position]) -> None:
        for position in positions:
            key = (position.topic, position.partition)
            if position.state != "incomplete" or position.incomplete_since is None:
                self._asked.pop(key, None)
                continue
            late = server_now() - position.incomplete_since > ASK_AFTER
            if late and monotonic() - self._asked.get(key, -ASK_AGAIN_SECONDS) >= ASK_AGAIN_SECONDS:
                self._asked[key] = monotonic()
                log.error("partition_incomplete", topic=position.topic, partition=position.partition)
                await self.ask_replay(position)

    async def ask_replay(self, position: Position) -> None:
        """Publish the request that the producer's relay obeys."""
        await self._database.write(lambda tx: self._ask(tx, position))

    async def ask_everything(self, tx: Tx) -> None:
        """Ask every producer for all of its events again."""
        for position in await all_positions(tx, self._service):
            await self._ask(tx, position)

    async def _ask(self, tx: Tx, position: Position) -> None:
        body = replay_requested(self._service)(
            topic=position.topic, partition=position.partition, after_pub_seq=position.matched_pub_seq
        )
        aggregate_id = f"replay:{self._service}:{position.topic}"
        await put(tx, await self._act(tx), NewEvent(aggregate_id=aggregate_id, scope=NETWORK, body=body))

    async def _measure(self, tx: Tx) -> list[Position]:
        positions = await all_positions(tx, self._service)
        now = await database_clock(tx)
        for position in positions:
            labels = (self._service, position.topic, str(position.partition))
            if position.closed_at is not None:
                age = (now - position.closed_at).total_seconds()
                self._metrics.watermark_age_seconds.labels(*labels).set(age)
        self._measure_producers(positions)
        metrics = self._metrics
        count, oldest = await self._unsent(tx, self._topic, now)
        metrics.outbox_unsent.set(count)
        metrics.outbox_oldest_unsent_seconds.set(oldest)
        if self._unblinded_topic is not None:
            count, oldest = await self._unsent(tx, self._unblinded_topic, now)
            metrics.unblinded_unsent.set(count)
            metrics.unblinded_oldest_unsent_seconds.set(oldest)
        await self._measure_parked(tx)
        return positions

    async def _unsent(self, tx: Tx, topic: str, now: datetime) -> tuple[int, float]:
        """How many rows of a topic wait, and the age in seconds of the oldest; too old is an alarm."""
        waiting, since = (await tx.fetch(_UNSENT, topic))[0]
        oldest = 0.0 if since is None else (now - read_instant(since)).total_seconds()
        if oldest > OLDEST_UNSENT_ALARM_SECONDS:
            log.error("outbox_stuck", service=self._service, topic=topic, seconds=round(oldest))
        return waiting, oldest

    def _measure_producers(self, positions: list[Position]) -> None:
        """A producer is in every state in which one of its partitions is held."""
        held = {(position.topic.partition(".")[0], position.state) for position in positions}
        for producer in {producer for producer, _ in held}:
            for state in get_args(State):
                gauge = self._metrics.producer_state.labels(self._service, producer, state)
                gauge.set((producer, state) in held)

    async def _measure_parked(self, tx: Tx) -> None:
        oldest = await tx.fetch(_PARKED, self._service)
        age = 0.0
        if oldest[0][0] is not None:
            age = (server_now() - read_instant(oldest[0][0])).total_seconds()
        self._metrics.parked_oldest_seconds.labels(self._service).set(age)

    async def _act(self, tx: Tx) -> Act:
        return Act(
            actor=f"service:{self._service}",
            actor_role="upkeep",
            now=await self._domain_clock.now(tx),
            received_at=server_now(),
            correlation_id=self._new_id(),
            new_id=self._new_id,
            demonstration=self._domain_clock.demonstration,
        )


_HEAD_STATE = Sql("SELECT pub_seq, anchor_hash, head_pub_seq FROM relay_leader WHERE topic = $1")
_NEWS = Sql("SELECT 1 FROM outbox WHERE topic = $1 AND pub_seq > $2 AND type <> $3 LIMIT 1")
_AUDIT_COUNT = Sql("SELECT count(*), coalesce(max(id), 0) FROM audit")
_HEAD_DONE = Sql("UPDATE relay_leader SET head_pub_seq = $2 WHERE topic = $1")
_UNSENT = Sql("SELECT count(*), min(created_at) FROM outbox WHERE topic = $1 AND sent_at IS NULL")
_PARKED = Sql("SELECT min(parked_at) FROM parked_event WHERE consumer = $1 AND state = 'parked'")

"""Consuming from Apache Kafka: the only constructor of a FastStream broker, with the settings that lose nothing.

The library's defaults acknowledge before the handler runs and start at the newest record; a header that is not
UTF-8 makes it drop a whole batch in silence. Here the handler gets raw records, all reading happens in the
inbox, and the offset moves only when the handler returns, which it does after the inbox's commit.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.annotations import KafkaMessage
from faststream.security import BaseSecurity, SASLScram512

from shared.clock import monotonic
from shared.envelope import Record
from shared.inbox import Inbox
from shared.kafka_transport import KafkaConnection
from shared.partitions import PARTITIONS
from shared.transport import BATCH

log = structlog.get_logger(__name__)

STALLED_SECONDS = 30.0
GIVE_UP_SECONDS = 60.0


class WrongPartitionCount(Exception):
    """The topic has another number of partitions than every service computes with; start is refused."""


class ConsumerStalled(Exception):
    """The consumer is alive but takes nothing although records wait; the process must be restarted."""


def build_broker(connection: KafkaConnection) -> KafkaBroker:
    """A broker for consuming: acknowledged after the handler, rewound when it fails, nothing decoded."""
    security: BaseSecurity | None = None
    if connection.username:
        security = SASLScram512(
            username=connection.username, password=connection.password or "", use_ssl=connection.tls
        )
    return KafkaBroker(
        connection.bootstrap_servers,
        client_id=connection.client_id,
        security=security,
        ack_policy=AckPolicy.NACK_ON_ERROR,
        parser=_tolerant_parser,
        decoder=_no_decoder,
        allow_auto_create_topics=False,
        consumer_only=True,
        graceful_timeout=15.0,
        logger=None,
        apply_types=True,
    )


class KafkaFeed:
    """Feeds one inbox from its topic, and notices when the feed stands still."""

    def __init__(self, broker: KafkaBroker, inbox: Inbox, *, group_id: str) -> None:
        self._inbox = inbox
        self._progress_at = monotonic()
        self._taking = False
        self._seen: dict[TopicPartition, int] = {}
        self._subscriber = broker.subscriber(
            inbox.topic,
            group_id=group_id,
            batch=True,
            max_records=BATCH,
            batch_timeout_ms=5,
            fetch_max_wait_ms=20,
            auto_offset_reset="earliest",
            session_timeout_ms=10_000,
            heartbeat_interval_ms=3_000,
            max_poll_interval_ms=300_000,
        )
        self._subscriber(self._take)

    @property
    def topic(self) -> str:
        return self._inbox.topic

    async def _take(self, message: KafkaMessage) -> None:
        raw = message.raw_message
        self._taking = True
        try:
            await self._inbox.receive([to_record(one) for one in (raw if isinstance(raw, tuple) else (raw,))])
        finally:
            self._taking = False
            self._progress_at = monotonic()

    async def watch(self, *, beat: Callable[[], None]) -> None:
        """Rebuild the subscription when nothing moves although records wait; give up after a minute.

        Raises:
            ConsumerStalled: a rebuilt subscription did not move either.
        """
        rebuilt = False
        while True:
            await asyncio.sleep(5)
            # A handler at work (its database may be away) is not a feed that stands still.
            if self._taking or await self._waiting_records() == 0:
                self._progress_at, rebuilt = monotonic(), False
            standing = monotonic() - self._progress_at
            if standing < STALLED_SECONDS:
                beat()
                rebuilt = rebuilt and standing > 0
            elif standing > GIVE_UP_SECONDS:
                log.critical("consumer_stalled", topic=self.topic, seconds=round(standing))
                raise ConsumerStalled(self.topic)
            elif not rebuilt:
                log.error("consumer_rebuilt", topic=self.topic, seconds=round(standing))
                rebuilt = True
                await self._subscriber.stop()
                await self._subscriber.start()

    async def _waiting_records(self) -> int:
        """Records on our partitions that nobody has taken yet; -1 when the broker does not say."""
        consumer: AIOKafkaConsumer | None = self._subscriber.consumer
        if consumer is None:
            return -1
        try:
            partitions = list(consumer.assignment())
            ends = await asyncio.wait_for(consumer.end_offsets(partitions), timeout=5)
            waiting = 0
            for partition in partitions:
                position = await asyncio.wait_for(consumer.position(partition), timeout=5)
                if position != self._seen.get(partition):
                    self._seen[partition], self._progress_at = position, monotonic()
                waiting += max(0, ends[partition] - position)
            return waiting
        except (KafkaError, OSError, TimeoutError):
            return -1


async def start_when_reachable(start: Callable[[], Awaitable[Any]], *, what: str) -> None:
    """Start against a broker that may not be up yet; the library raises at once instead of waiting."""
    pause = 0.5
    while True:
        try:
            await start()
            return
        except (KafkaError, OSError, TimeoutError) as error:
            log.warning("broker_unreachable", what=what, error=type(error).__name__)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5.0)


async def check_partitions(connection: KafkaConnection, topics: Sequence[str]) -> None:
    """Refuse to start on topics that are absent or cut otherwise than `PARTITIONS`.

    Raises:
        WrongPartitionCount: names the topic and what was found.
    """
    admin = AIOKafkaAdminClient(**connection.arguments())
    await admin.start()
    try:
        for found in await admin.describe_topics(list(topics)):
            count = len(found["partitions"])
            if found["error_code"] or count != PARTITIONS:
                raise WrongPartitionCount(f"{found['topic']} has {count} partitions, needs {PARTITIONS}")
    finally:
        await admin.close()


def to_record(raw: Any) -> Record:
    """A consumed record with its bytes untouched."""
    return Record(
        topic=raw.topic,
        partition=raw.partition,
        position=raw.offset,
        headers=tuple(raw.headers),
        value=raw.value,
    )


async def _tolerant_parser(message: Any, original: Callable[[Any], Awaitable[Any]]) -> Any:
    """Let the library parse copies without headers, so that no header of ours can make it fail."""
    if isinstance(message, tuple):
        ends = (message[0], message[-1]) if message else ()
        parsed = await original(tuple(replace(record, headers=()) for record in ends))
    else:
        parsed = await original(replace(message, headers=()))
    parsed.raw_message = message
    return parsed


async def _no_decoder(message: Any) -> Any:
    return message.body

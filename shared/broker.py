"""Consuming from Apache Kafka: the only constructor of a FastStream broker, with the settings that lose nothing.

The library's defaults acknowledge before the handler runs and start at the newest record; a header that is not
UTF-8 makes it drop a whole batch in silence. Here the handler gets raw records, all reading happens in the
inbox, and the offset moves only when the handler returns, which it does after the inbox's commit.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal

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

log = structlog.get_logger(__name__)

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0
RECORDS_AT_ONCE = 1_000
"""One transaction takes so many at most when much is waiting; what a batch costs by itself is shared by more."""
METADATA_SECONDS = 5
"""A topic that was deleted and made again is noticed by nobody before the client looks; the default is 5 minutes."""
ANSWER_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often a feed is looked at, and how long it may stand still although records wait; all in seconds."""

    look_every_seconds: float = 5.0
    rebuild_after_seconds: float = 30.0
    give_up_after_seconds: float = 60.0


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
        metadata_max_age_ms=METADATA_SECONDS * 1000,
        consumer_only=True,
        graceful_timeout=15.0,
        logger=None,
        apply_types=True,
    )


class KafkaFeed:
    """Feeds one inbox from its topic, and notices when the feed stands still."""

    def __init__(
        self, broker: KafkaBroker, inbox: Inbox, *, group_id: str, patience: Patience = Patience()
    ) -> None:
        self._inbox = inbox
        self._look_every_seconds = patience.look_every_seconds
        self._progress = Progress(now=monotonic(), patience=patience)
        self._taking = False
        self._pause = 0.0
        self._subscriber = broker.subscriber(
            inbox.topic,
            group_id=group_id,
            batch=True,
            max_records=RECORDS_AT_ONCE,
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

    def standstill_seconds(self) -> float:
        """For how long records have waited, or nobody has said whether they do, without a move."""
        return self._progress.standstill_seconds(now=monotonic())

    async def _take(self, message: KafkaMessage) -> None:
        raw = message.raw_message
        self._taking = True
        try:
            await self._inbox.receive([to_record(one) for one in (raw if isinstance(raw, tuple) else (raw,))])
            self._pause = 0.0
        except Exception as error:
            # The library seeks back and delivers again at once: a fault that stays would spin.
            log.error("delivery_failed", topic=self.topic, error=type(error).__name__)
            self._pause = min(max(self._pause * 2, FIRST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS)
            await asyncio.sleep(self._pause)
            raise
        finally:
            self._taking = False

    async def watch(self, *, beat: Callable[[], None]) -> None:
        """Rebuild the subscription when nothing moves although records wait; give up when that does not help.

        Raises:
            ConsumerStalled: a rebuilt subscription did not move either.
        """
        while True:
            await asyncio.sleep(self._look_every_seconds)
            waiting = await self._positions_and_waiting()
            verdict = self._progress.verdict(waiting, busy=self._taking, now=monotonic())
            if verdict == "give_up":
                log.critical("consumer_stalled", topic=self.topic)
                raise ConsumerStalled(self.topic)
            if verdict == "rebuild":
                log.error("consumer_rebuilt", topic=self.topic)
                await self._rebuild()
            else:
                beat()

    async def _rebuild(self) -> None:
        with suppress(KafkaError, OSError):
            async with asyncio.timeout(20):
                await self._subscriber.stop()
        await start_when_reachable(self._subscriber.start, what=self.topic)

    async def _positions_and_waiting(self) -> tuple[dict[TopicPartition, int], int] | None:
        """Where we stand, and how many records nobody has taken yet; None when the broker does not say.

        Without any partition we stand nowhere: six members at most share a topic, so that none is idle.
        """
        consumer: AIOKafkaConsumer | None = self._subscriber.consumer
        if consumer is None:
            return None
        try:
            partitions = list(consumer.assignment())
            if not partitions:
                return None
            async with asyncio.timeout(ANSWER_SECONDS):
                ends = await consumer.end_offsets(partitions)
                at = {one: await consumer.position(one) for one in partitions}
        except (KafkaError, OSError):
            return None
        return at, sum(max(0, ends[partition] - position) for partition, position in at.items())


class Progress:
    """Whether a feed moves: judged by its positions, because a client that is alive may fetch nothing."""

    def __init__(self, *, now: float, patience: Patience = Patience()) -> None:
        self._patience = patience
        self._moved_at = now
        self._rebuilt_at: float | None = None
        self._silent = False
        self._positions: Mapping[TopicPartition, int] = {}

    def standstill_seconds(self, *, now: float) -> float:
        return now - self._moved_at

    def verdict(
        self, seen: tuple[Mapping[TopicPartition, int], int] | None, *, busy: bool, now: float
    ) -> Literal["well", "rebuild", "give_up"]:
        """What to do after one look.

        Args:
            seen: positions, and how many records wait; None when the broker did not answer. Then a new client
                is tried now and then, but the process goes on: the broker's absence is not its fault.
            busy: a handler is at work (its database may be away), which is no standstill.
            now: seconds on the monotonic clock.
        """
        back, self._silent = self._silent and seen is not None, seen is None
        if busy or back or (seen is not None and (seen[1] == 0 or seen[0] != self._positions)):
            self._moved_at, self._rebuilt_at = now, None
            self._positions = dict(seen[0]) if seen is not None else self._positions
            return "well"
        rebuild_after = self._patience.rebuild_after_seconds
        if now - self._moved_at < rebuild_after:
            return "well"
        if self._rebuilt_at is None or (seen is None and now - self._rebuilt_at >= rebuild_after):
            self._rebuilt_at = now
            return "rebuild"
        over = now - self._moved_at > self._patience.give_up_after_seconds
        return "give_up" if over and seen is not None else "well"


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

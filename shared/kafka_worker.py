"""Connecting a worker's inboxes to Apache Kafka."""

from collections.abc import Awaitable, Callable, Sequence

from shared.broker import KafkaFeed, build_broker, check_partitions, start_when_reachable
from shared.kafka_transport import KafkaConnection
from shared.postgres_store import PostgresDatabase
from shared.service import Service
from shared.wakeup import listen


async def consume_from_kafka(service: Service, connection: KafkaConnection) -> "KafkaIntake":
    """Feed the inboxes of a started service; the order of starting is store, broker, relay."""
    await topics_are_there(
        connection, [service.definition.topic, *(inbox.topic for inbox in service.inboxes.values())]
    )
    intake = KafkaIntake(service, connection)
    service.on_stop(intake.stop)
    await intake.start()
    if isinstance(service.database, PostgresDatabase):
        database = service.database
        service.run("wakeup", lambda: listen(database, outbox=service.wake_relays, clock=service.timers.wake))
    return intake


async def topics_are_there(connection: KafkaConnection, topics: Sequence[str]) -> None:
    """Wait for the broker; go on once every topic has the number of partitions that all services compute with.

    Raises:
        WrongPartitionCount: one has not.
    """
    await start_when_reachable(lambda: check_partitions(connection, topics), what="topics")


class KafkaIntake:
    """What a service takes from Kafka, which can be stopped and started again while the rest of it runs.

    Each producer's topic has a consumer group of its own, so that trouble with one disturbs no other.
    """

    def __init__(self, service: Service, connection: KafkaConnection) -> None:
        self._service = service
        self._connection = connection
        self._watches: list[str] = []
        self._leave: Callable[[], Awaitable[None]] | None = None

    async def start(self) -> None:
        """Join the consumer groups, and watch that every feed moves."""
        broker = build_broker(self._connection)
        feeds: list[KafkaFeed] = []
        for producer, inbox in self._service.inboxes.items():
            group_id = f"{self._service.name}-from-{producer}"
            feeds.append(KafkaFeed(broker, inbox, group_id=group_id))
            age = self._service.metrics.consumer_progress_age_seconds.labels(group_id)
            age.set_function(feeds[-1].standstill_seconds)
        await start_when_reachable(broker.start, what="consumers")
        self._leave = broker.stop
        for feed in feeds:
            self._watches.append(f"feed:{feed.topic}")
            self._service.run(self._watches[-1], _watching(feed))

    async def stop(self) -> None:
        """Leave the groups once the batch in hand is done; what comes meanwhile stays in the topics."""
        await self._service.end(*self._watches)
        self._watches.clear()
        leave, self._leave = self._leave, None
        if leave is not None:
            await leave()


def _watching(feed: KafkaFeed) -> Callable[[], Awaitable[None]]:
    async def watch() -> None:
        await feed.watch(beat=lambda: None)

    return watch

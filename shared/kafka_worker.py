"""Connecting a worker's inboxes to Apache Kafka."""

from collections.abc import Awaitable, Callable

from shared.broker import KafkaFeed, build_broker, check_partitions, start_when_reachable
from shared.kafka_transport import KafkaConnection
from shared.postgres_store import PostgresDatabase
from shared.service import Service
from shared.wakeup import listen


async def consume_from_kafka(service: Service, connection: KafkaConnection) -> None:
    """Feed the inboxes of a started service; the order of starting is store, broker, relay.

    Each producer's topic has a consumer group of its own, so that trouble with one disturbs no other.
    """
    topics = [service.definition.topic, *(inbox.topic for inbox in service.inboxes.values())]
    await start_when_reachable(lambda: check_partitions(connection, topics), what="topics")
    broker = build_broker(connection)
    feeds = [
        KafkaFeed(broker, inbox, group_id=f"{service.name}-from-{producer}")
        for producer, inbox in service.inboxes.items()
    ]
    await start_when_reachable(broker.start, what="consumers")
    service.on_stop(broker.stop)
    for feed in feeds:
        service.run(f"feed:{feed.topic}", _watching(feed))
    if isinstance(service.database, PostgresDatabase):
        database = service.database
        service.run("wakeup", lambda: listen(database, outbox=service.relay.wake, clock=service.timers.wake))


def _watching(feed: KafkaFeed) -> Callable[[], Awaitable[None]]:
    async def watch() -> None:
        await feed.watch(beat=lambda: None)

    return watch

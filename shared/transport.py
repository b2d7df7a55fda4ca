"""How records leave a service: the port, and the direct transport of an installation in one process.

Only a transport hands one service's events to another. The Kafka transport is in `shared/kafka_transport.py`.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from shared.envelope import Record
from shared.watermarks import Watermark

log = structlog.get_logger(__name__)

BATCH = 500
REPLAY_BATCHES_WAITING = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingRecord:
    """One outbox row on its way out; `record.position` is its `pub_seq` once it has one."""

    seq: int
    aggregate_id: str
    record: Record


class TransportFailed(Exception):
    """What was handed over may not have arrived; the caller still has it."""


class Transport(Protocol):
    """Order is kept per partition; every record gets one answer."""

    async def publish(self, batch: Sequence[OutgoingRecord]) -> list[BaseException | None]:
        """Hand over; per record None once it is durable, or the error."""
        ...

    def marked(self, topic: str) -> None:
        """The rows of the last batch now carry their `pub_seq`."""
        ...

    async def watermark(self, service: str, marks: Sequence[Watermark]) -> None:
        """Send one watermark per partition, after every record they speak of."""
        ...

    async def republish(self, batch: Sequence[OutgoingRecord], consumer: str | None) -> None:
        """Hand old records over again, to every consumer or to one."""
        ...

    async def close(self) -> None: ...


class DirectSource(Protocol):
    """A producer's published rows, as the direct transport reads them."""

    async def published_after(self, topic: str, pub_seq: int, until: int | None) -> list[Record]:
        """At most `BATCH` records with a higher `pub_seq`, ascending; `position` is the `pub_seq`."""
        ...

    async def last_pub_seq(self, topic: str) -> int: ...


class DirectTarget(Protocol):
    """A consumer's inbox, as the direct transport feeds it."""

    @property
    def consumer(self) -> str: ...

    async def delivery_position(self, topic: str) -> int: ...

    async def rewind_delivery(self, topic: str) -> None:
        """The producer's log is behind us (restored): start again from its beginning."""
        ...

    async def receive(self, records: Sequence[Record], *, delivered: int | None = None) -> None:
        """Take a batch; `delivered` moves the consumer's position in the same transaction."""
        ...


class DirectTransport:
    """Delivery inside one process: the producer's outbox is the log, each consumer has a loop and a position.

    A failing consumer delays itself only. A watermark is handed over after every row that it speaks of and
    before any later one; of those that cannot be reached yet, the next and the newest are kept.
    """

    def __init__(self, to_record: Callable[[str, Watermark], Record]) -> None:
        self._to_record = to_record
        self._routes: dict[str, list[_Route]] = {}
        self._running: dict[_Route, asyncio.Task[None]] = {}

    def connect(self, topic: str, source: DirectSource, target: DirectTarget) -> None:
        """Deliver a topic's events from this source to this consumer, once started."""
        self._routes.setdefault(topic, []).append(_Route(topic, source, target))

    def rewind(self, topic: str, consumer: str) -> None:
        """Read a topic from its beginning again for one consumer, whose stored position was cleared."""
        for route in self._routes.get(topic, ()):
            if route.target.consumer == consumer:
                route.rewind()

    def start(self, consumer: str | None = None) -> None:
        """Deliver to every consumer, or to one; each goes on from its stored position."""
        for route in self._routes_to(consumer):
            if route not in self._running:
                self._running[route] = asyncio.create_task(route.run(), name=str(route))

    async def stop(self, consumer: str | None = None) -> None:
        """Deliver nothing more to any consumer, or to one; what comes meanwhile stays in the producers' outboxes."""
        tasks = [task for route in self._routes_to(consumer) if (task := self._running.pop(route, None))]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _routes_to(self, consumer: str | None) -> "list[_Route]":
        every = [route for routes in self._routes.values() for route in routes]
        return [route for route in every if consumer in (None, route.target.consumer)]

    async def publish(self, batch: Sequence[OutgoingRecord]) -> list[BaseException | None]:
        return [None] * len(batch)  # the outbox row itself is the durable log

    def marked(self, topic: str) -> None:
        for route in self._routes.get(topic, ()):
            route.wake()

    async def watermark(self, service: str, marks: Sequence[Watermark]) -> None:
        if not marks:
            return
        records = [self._to_record(service, mark) for mark in marks]
        for route in self._routes.get(marks[0].topic, ()):
            route.queue_watermark(marks[0].pub_seq, records)

    async def republish(self, batch: Sequence[OutgoingRecord], consumer: str | None) -> None:
        """Put a batch beside each route, which delivers it when nothing new waits.

        Raises:
            TransportFailed: a route still has others before it.
        """
        topics = {outgoing.record.topic for outgoing in batch}
        routes = [
            route
            for topic in sorted(topics)
            for route in self._routes.get(topic, ())
            if consumer in (None, route.target.consumer)
        ]
        if any(route.has_replays_waiting() for route in routes):
            raise TransportFailed("earlier batches wait")
        for route in routes:
            route.queue_replay([one.record for one in batch])

    async def close(self) -> None:
        await self.stop()


class _Route:
    """One consumer's loop over one producer's topic."""

    def __init__(self, topic: str, source: DirectSource, target: DirectTarget) -> None:
        self._topic = topic
        self._source = source
        self.target = target
        self._marks: deque[tuple[int, list[Record]]] = deque()
        self._replays: deque[list[Record]] = deque()
        self._wakeup = asyncio.Event()
        self._rewound = False

    def __str__(self) -> str:
        return f"{self._topic} to {self.target.consumer}"

    def wake(self) -> None:
        self._wakeup.set()

    def rewind(self) -> None:
        self._rewound = True
        self._wakeup.set()

    def queue_watermark(self, pub_seq: int, records: list[Record]) -> None:
        if len(self._marks) == 2:
            self._marks.pop()
        self._marks.append((pub_seq, records))
        self._wakeup.set()

    def has_replays_waiting(self) -> bool:
        return len(self._replays) >= REPLAY_BATCHES_WAITING

    def queue_replay(self, records: list[Record]) -> None:
        self._replays.append([record for record in records if record.topic == self._topic])
        self._wakeup.set()

    async def run(self) -> None:
        await self._until_it_works(self._start)
        while True:
            self._wakeup.clear()
            if not await self._until_it_works(self._deliver_once):
                await self._wakeup.wait()

    async def _until_it_works(self, step: Callable[[], Awaitable[bool]]) -> bool:
        pause = 0.05
        while True:
            try:
                return await step()
            except Exception as error:
                log.error("delivery_failed", route=str(self), error=type(error).__name__)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)

    async def _start(self) -> bool:
        self._position = await self.target.delivery_position(self._topic)
        if await self._source.last_pub_seq(self._topic) < self._position:
            log.error("producer_rewound", route=str(self), position=self._position)
            await self.target.rewind_delivery(self._topic)
            self._position = 0
        return True

    async def _deliver_once(self) -> bool:
        """Deliver one batch; true when there may be more."""
        if self._rewound:
            self._rewound, self._position = False, 0
        while self._marks and self._marks[0][0] < self._position:
            self._marks.popleft()  # later rows went out before it was queued: it is no longer true here
        until = self._marks[0][0] if self._marks else None
        records = await self._source.published_after(self._topic, self._position, until)
        reached = records[-1].position if records else self._position
        marks: list[Record] = []
        if self._marks and self._marks[0][0] == reached:
            marks = self._marks[0][1]
        if not records and not marks:
            return await self._replay_once()
        await self.target.receive([*records, *marks], delivered=reached)
        self._position = reached
        if marks:
            self._marks.popleft()
        return True

    async def _replay_once(self) -> bool:
        if not self._replays:
            return False
        await self.target.receive(self._replays[0])
        self._replays.popleft()
        return True

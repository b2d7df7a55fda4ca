"""A log and consumers in memory, joined by a direct transport."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from shared.clock import server_now
from shared.envelope import Record
from shared.testing.toy import TOPIC
from shared.transport import BATCH, DirectTransport, OutgoingRecord
from shared.watermarks import Watermark, from_record, to_record


class Log:
    """A producer's log in memory: records with positions 1, 2, 3 ... `unreadable` reads of it will fail."""

    def __init__(self, count: int = 0) -> None:
        self.last = count
        self.unreadable = 0
        self.reads: list[tuple[int, int | None]] = []

    async def published_after(self, topic: str, pub_seq: int, until: int | None) -> list[Record]:
        self.reads.append((pub_seq, until))
        if self.unreadable:
            self.unreadable -= 1
            raise ConnectionError("planted")
        end = min(self.last, until if until is not None else self.last, pub_seq + BATCH)
        return [_record(topic, number) for number in range(pub_seq + 1, end + 1)]

    async def last_pub_seq(self, topic: str) -> int:
        return self.last


def _record(topic: str, number: int) -> Record:
    return Record(topic=topic, partition=0, position=number, headers=[("n", str(number).encode())], value=b"")


class Target:
    """A consumer that writes down what it gets, and fails when told to."""

    def __init__(self, consumer: str = "beta", position: int = 0) -> None:
        self.consumer = consumer
        self.position = position
        self.batches: list[tuple[list[str], int | None]] = []
        self.failing = False
        self.failures = 0

    async def delivery_position(self, topic: str) -> int:
        return self.position

    async def rewind_delivery(self, topic: str) -> None:
        self.position = 0

    async def receive(self, records: Sequence[Record], *, delivered: int | None = None) -> None:
        if self.failing:
            self.failures += 1
            raise RuntimeError("planted")
        self.batches.append(([_name(record) for record in records], delivered))
        self.position = self.position if delivered is None else delivered

    def got(self) -> list[str]:
        return [name for names, _ in self.batches for name in names]

    def events(self) -> int:
        return sum(not name.startswith("w") for name in self.got())


def _name(record: Record) -> str:
    return next((f"{value.decode()}" for name, value in record.headers if name == "n"), "") or (
        f"w{from_record(record).pub_seq}"
    )


def marks_at(pub_seq: int, partitions: int = 1) -> list[Watermark]:
    return [
        Watermark(topic=TOPIC, partition=p, closed_at=server_now(), pub_seq=pub_seq, epoch=1, n=0, h=0)
        for p in range(partitions)
    ]


def names(first: int, last: int) -> list[str]:
    return [str(number) for number in range(first, last + 1)]


@asynccontextmanager
async def delivering(log: Log, *targets: Target) -> AsyncIterator[DirectTransport]:
    transport = DirectTransport(to_record)
    for target in targets:
        transport.connect(TOPIC, log, target)
    transport.start()
    try:
        yield transport
    finally:
        await transport.close()


def outgoing(*numbers: int) -> list[OutgoingRecord]:
    return [OutgoingRecord(seq=n, aggregate_id="a", record=_record(TOPIC, n)) for n in numbers]

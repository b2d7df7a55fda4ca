"""A broker that answers as a test tells it, and what the relay tests look at."""

from collections.abc import Awaitable, Callable, Sequence
from random import Random
from typing import Any

from shared.database import Database, Sql, Tx
from shared.envelope import Record, read_envelope
from shared.relay import Relay
from shared.testing.sim_broker import SendFailed, SimBroker
from shared.testing.toy import TOPIC, move_counter, toy_act
from shared.transport import OutgoingRecord

OUTBOX = Sql(
    "SELECT seq, aggregate_id, aggregate_version, pub_seq, attempts, last_error, sent_at, event_id, payload, partition"
    " FROM outbox ORDER BY seq"
)
STATE = Sql("SELECT partition, n, h FROM relay_state WHERE topic = $1 ORDER BY partition")


class Broker(SimBroker):
    """A broker whose answers are chosen by the test."""

    def __init__(self) -> None:
        super().__init__(Random(1))
        self.refused: set[str] = set()
        self.refused_seqs: set[int] = set()
        self.before_answer: Callable[[], Awaitable[None]] | None = None
        self.replayed: list[tuple[str | None, list[str]]] = []
        self.republish_error: Exception | None = None

    async def publish(self, batch: Sequence[OutgoingRecord]) -> list[BaseException | None]:
        answers: list[BaseException | None] = []
        for outgoing in batch:
            if outgoing.aggregate_id in self.refused or outgoing.seq in self.refused_seqs:
                answers.append(SendFailed())
            else:
                self.append(outgoing.record)
                answers.append(None)
        if self.before_answer is not None:
            await self.before_answer()
        return answers

    async def republish(self, batch: Sequence[OutgoingRecord], consumer: str | None) -> None:
        if self.republish_error is not None:
            raise self.republish_error
        self.replayed.append((consumer, [read_envelope(one.record.headers).id for one in batch]))
        await super().republish(batch, consumer)

    def events(self) -> list[Record]:
        return [one for one in self.everything(TOPIC) if b"watermark" not in dict(one.headers)["ce_type"]]

    def marks(self) -> list[Record]:
        return [one for one in self.everything(TOPIC) if b"watermark" in dict(one.headers)["ce_type"]]


async def move(database: Database, *names: str, scope: str = "scope-1") -> None:
    for name in names:
        await database.write(lambda tx, name=name: move_counter(tx, toy_act(), name, 1, scope=scope))  # type: ignore[misc]


async def move_many(database: Database, count: int) -> None:
    async def command(tx: Tx) -> None:
        for number in range(count):
            await move_counter(tx, toy_act(), f"c{number % 7}", 1, scope=f"scope-{number % 5}")

    await database.write(command)


async def outbox(database: Database) -> list[Any]:
    return list(await database.read(lambda tx: tx.fetch(OUTBOX)))


async def until_drained(relay: Relay) -> None:
    while (await relay.turn())[0]:
        pass

"""Many writers, few aggregates, stalls, failed sends, crashes: nothing lost, nothing reordered, no false promise.

The designs that people build instead (a cursor on `seq`, an order by transaction id, rows locked and skipped
by two relays) lose or reorder here; so do watermarks whose clock is read too late or that ignore what was left
behind. Acknowledgement times are taken where a client would: after the commit returned.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

import pytest

from shared.clock import server_now
from shared.database import Database, Sql, Tx
from shared.envelope import Record, read_envelope
from shared.leadership import LeadershipLost
from shared.outbox import NewEvent, put
from shared.relay import Relay
from shared.testing.delivery import toy_inbox, toy_relay
from shared.testing.sim_broker import SimBroker
from shared.testing.toy import TOPIC, CounterMovedV1, totals, toy_act
from shared.transport import OutgoingRecord
from shared.watermarks import event_digest, from_record, watermark_type

WRITERS = 12
AGGREGATES = 30
COMMANDS_PER_WRITER = 40
_NOTE = Sql(
    "INSERT INTO store_profile (name, value) VALUES ($1, $2)"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)
_MOVE = Sql(
    "INSERT INTO counter (id, total, steps) VALUES ($1, $2, $3) ON CONFLICT (id)"
    " DO UPDATE SET total = counter.total + $2, steps = counter.steps || $3"
)
_PUBLISHED = Sql("SELECT pub_seq FROM outbox WHERE sent_at IS NOT NULL ORDER BY pub_seq")
_STATE = Sql("SELECT partition, n, h FROM relay_state ORDER BY partition")
_MARKED = Sql("SELECT partition, event_id, payload FROM outbox WHERE sent_at IS NOT NULL")


class Crash(Exception):
    """The relay's process died between the broker's answer and the mark."""


@dataclass
class CrashingBroker(SimBroker):
    """Takes its time to answer, and now and then nobody is left to hear it."""

    crash_every: int = 0
    published: int = 0

    async def publish(self, batch: Sequence[OutgoingRecord]) -> list[BaseException | None]:
        answers = await super().publish(batch)
        await asyncio.sleep(self.rng.random() * 0.004)
        self.published += 1
        if self.crash_every and self.published % self.crash_every == 2:  # the second already
            raise Crash
        return answers


@dataclass
class Writers:
    """Clients that note when each of their commands was acknowledged."""

    database: Database
    rng: Random
    acknowledged: dict[str, datetime] = field(default_factory=dict)

    def start(self) -> list["asyncio.Task[None]"]:
        seeds = [self.rng.random() for _ in range(WRITERS)]
        return [asyncio.create_task(self._write(Random(seed), n)) for n, seed in enumerate(seeds)]

    async def _write(self, rng: Random, writer: int) -> None:
        for number in range(COMMANDS_PER_WRITER):
            counter = rng.randrange(AGGREGATES)
            early, stall = rng.random() < 0.5, rng.random() * 0.02 if rng.random() < 0.3 else 0.0

            async def command(
                tx: Tx, counter: int = counter, early: bool = early, stall: float = stall, n: int = number
            ) -> str:
                if early:  # the transaction gets its id before it waits for the aggregate's row
                    await tx.fetch(_NOTE, f"writer-{writer}", str(n))
                name = f"counter-{counter:02d}"
                await tx.fetch(_MOVE, name, 1, "1,")
                event_id = await put(
                    tx,
                    toy_act(),
                    NewEvent(aggregate_id=name, scope=f"scope-{counter % 7}", body=CounterMovedV1(step=1)),
                )
                if stall and tx.dialect == "postgresql":
                    await asyncio.sleep(stall)
                return event_id

            event_id = await self.database.write(command)
            self.acknowledged[event_id] = server_now()
            if rng.random() < 0.2:
                await asyncio.sleep(rng.random() * 0.01)


async def run_turns(relay: Relay, until: Sequence["asyncio.Task[None]"]) -> int:
    """Turns of one relay, led again after each crash; returns how often it died or was overtaken."""
    interrupted = 0
    while not all(task.done() for task in until):
        try:
            await relay.turn()
        except (Crash, LeadershipLost):
            interrupted += 1
            await relay.lead_once()
        await asyncio.sleep(0)
    return interrupted


async def drain(relay: Relay, broker: CrashingBroker) -> None:
    broker.refuse_rate = broker.lose_ack_rate = broker.crash_every = 0
    await relay.lead_once()
    while (await relay.turn()) != (False, True):
        pass
    await relay.turn()


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("relays", [1, 2])
async def test_order_stress_loses_nothing_inverts_nothing_and_promises_nothing_false(
    producer_store: Database, consumer_store: Database, seed: int, relays: int
) -> None:
    broker = CrashingBroker(Random(seed + 100), refuse_rate=0.02, lose_ack_rate=0.02, crash_every=7)
    rivals = [toy_relay(producer_store, broker, holder=f"relay-{n}") for n in range(relays)]
    for relay in rivals:
        await relay.lead_once()
    inbox = toy_inbox(consumer_store)
    await inbox.prepare()

    clients = Writers(producer_store, Random(seed))
    writing = clients.start()
    turning = [asyncio.create_task(run_turns(relay, writing)) for relay in rivals]
    while not all(task.done() for task in turning):
        await broker.deliver_all("beta", inbox, TOPIC)
        await asyncio.sleep(0.01)
    await asyncio.gather(*writing)
    interrupted = sum(await asyncio.gather(*turning))
    await drain(rivals[0], broker)
    await broker.deliver_all("beta", inbox, TOPIC)

    written = await producer_store.read(totals)
    assert interrupted > 0  # the run has met what it is there for
    assert len(clients.acknowledged) == WRITERS * COMMANDS_PER_WRITER
    assert sum(total for total, _ in written.values()) == WRITERS * COMMANDS_PER_WRITER
    assert await consumer_store.read(lambda tx: totals(tx, "counter_copy")) == written
    await assert_marks_are_gapless_and_true(producer_store)
    assert_first_deliveries_in_order(broker)
    assert_watermarks_true(broker, clients.acknowledged)


async def assert_marks_are_gapless_and_true(database: Database) -> None:
    """`pub_seq` has no hole and no repeat, and counts and digests are those of the marked rows."""
    published = [row[0] for row in await database.read(lambda tx: tx.fetch(_PUBLISHED))]
    assert published == list(range(1, WRITERS * COMMANDS_PER_WRITER + 1))
    expected: dict[int, tuple[int, int]] = {}
    for partition, event_id, payload in await database.read(lambda tx: tx.fetch(_MARKED)):
        n, h = expected.get(partition, (0, 0))
        expected[partition] = (n + 1, h ^ event_digest(event_id, bytes(payload)))
    state = await database.read(lambda tx: tx.fetch(_STATE))
    assert {row[0]: (row[1], row[2]) for row in state} == expected


def assert_first_deliveries_in_order(broker: SimBroker) -> None:
    last: dict[str, int] = defaultdict(int)
    for _, events in first_deliveries(broker):
        for envelope in (read_envelope(event.headers) for event in events):
            assert envelope.sequence == last[envelope.subject] + 1
            last[envelope.subject] = envelope.sequence


def assert_watermarks_true(broker: SimBroker, acknowledged: dict[str, datetime]) -> None:
    """No event that was acknowledged before a watermark's `closed_at` is missing before it in its partition.

    Nor does a watermark state more events than stand before it; fewer may be stated after a repeat.
    """
    placed: dict[str, tuple[int, int]] = {}
    marks: dict[int, list[tuple[int, datetime]]] = defaultdict(list)
    matched = 0
    for partition, log in partitions(broker):
        n, h = 0, 0
        for place, record in enumerate(log):
            if is_watermark(record):
                mark = from_record(record)
                marks[partition].append((place, mark.closed_at))
                matched += (n, h) == (mark.n, mark.h)
                assert n >= mark.n
                continue
            event_id = read_envelope(record.headers).id
            if event_id not in placed:
                placed[event_id] = (partition, place)
                n, h = n + 1, h ^ event_digest(event_id, record.value or b"")
    assert matched > len(marks)
    for event_id, at in acknowledged.items():
        partition, place = placed[event_id]
        false = [closed_at for mark, closed_at in marks[partition] if mark < place and at < closed_at]
        assert false == []


def partitions(broker: SimBroker) -> list[tuple[int, list[Record]]]:
    return [(partition, log) for (_, partition), log in sorted(broker.logs.items())]


def first_deliveries(broker: SimBroker) -> list[tuple[int, list[Record]]]:
    """Per partition its events without repeats."""
    seen: set[str] = set()
    found = []
    for partition, log in partitions(broker):
        events = []
        for record in log:
            if not is_watermark(record) and (event_id := read_envelope(record.headers).id) not in seen:
                seen.add(event_id)
                events.append(record)
        found.append((partition, events))
    return found


def is_watermark(record: Record) -> bool:
    return dict(record.headers)["ce_type"] == watermark_type("alpha").encode()

"""Twelve writers, thirty aggregates, stalls, failed sends and crashes: nothing lost, nothing out of order."""

import asyncio
from collections import defaultdict
from random import Random

import pytest

from shared.database import Database, Sql, Tx
from shared.envelope import read_envelope
from shared.testing.delivery import toy_inbox, toy_relay
from shared.testing.sim_broker import SimBroker
from shared.testing.toy import TOPIC, move_counter, totals, toy_act
from shared.watermarks import event_digest, from_record, watermark_type

WRITERS = 12
AGGREGATES = 30
COMMANDS_PER_WRITER = 40
_NOTE = Sql(
    "INSERT INTO store_profile (name, value) VALUES ($1, $2)"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)


async def _write_commands(database: Database, rng: Random, writer: int) -> None:
    for number in range(COMMANDS_PER_WRITER):
        counter = f"counter-{rng.randrange(AGGREGATES):02d}"
        early, stall = rng.random() < 0.5, rng.random() * 0.02 if rng.random() < 0.2 else 0.0
        scope = f"scope-{int(counter[-2:]) % 7}"

        async def command(
            tx: Tx, counter: str = counter, early: bool = early, stall: float = stall, scope: str = scope, n: int = number
        ) -> None:
            if early:  # the transaction gets its id before it waits for the aggregate's row
                await tx.fetch(_NOTE, f"writer-{writer}", str(n))
            await move_counter(tx, toy_act(), counter, 1, scope=scope)
            if stall and tx.dialect == "postgresql":
                await asyncio.sleep(stall)

        await database.write(command)


@pytest.mark.parametrize("seed", [1, 2])
async def test_order_stress_loses_nothing_and_inverts_nothing(
    producer_store: Database, consumer_store: Database, seed: int
) -> None:
    rng = Random(seed)
    broker = SimBroker(Random(seed + 100), refuse_rate=0.03, lose_ack_rate=0.03)
    relay = toy_relay(producer_store, broker)
    await relay.lead_once()
    inbox = toy_inbox(consumer_store)
    await inbox.prepare()
    writers = [
        asyncio.create_task(_write_commands(producer_store, Random(rng.random()), writer))
        for writer in range(WRITERS)
    ]

    while not all(writer.done() for writer in writers):
        await relay.turn()
        await inbox_turn(broker, inbox)
    await asyncio.gather(*writers)
    while (await relay.turn()) != (False, True):
        pass
    await relay.turn()
    await inbox_turn(broker, inbox)

    written = await producer_store.read(totals)
    copied = await consumer_store.read(lambda tx: totals(tx, "counter_copy"))
    assert sum(total for total, _ in written.values()) == WRITERS * COMMANDS_PER_WRITER
    assert copied == written
    assert_first_deliveries_in_order(broker)
    assert_watermarks_true(broker)


async def inbox_turn(broker: SimBroker, inbox: object) -> None:
    await broker.deliver_all("beta", inbox, TOPIC)  # type: ignore[arg-type]


def assert_first_deliveries_in_order(broker: SimBroker) -> None:
    last: dict[str, int] = defaultdict(int)
    seen: set[str] = set()
    for record in broker.everything(TOPIC):
        if dict(record.headers)["ce_type"] == watermark_type("alpha").encode():
            continue
        envelope = read_envelope(record.headers)
        if envelope.id not in seen:
            seen.add(envelope.id)
            assert envelope.sequence == last[envelope.subject] + 1
            last[envelope.subject] = envelope.sequence


def assert_watermarks_true(broker: SimBroker) -> None:
    """Every watermark states exactly the distinct events before it in its partition, or is behind a repeat."""
    counts: dict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
    seen: set[str] = set()
    matched = 0
    for record in broker.everything(TOPIC):
        if dict(record.headers)["ce_type"] == watermark_type("alpha").encode():
            mark = from_record(record)
            matched += counts[record.partition] == (mark.n, mark.h)
            assert counts[record.partition][0] >= mark.n
            continue
        envelope = read_envelope(record.headers)
        if envelope.id in seen:
            continue
        seen.add(envelope.id)
        n, h = counts[record.partition]
        counts[record.partition] = (n + 1, h ^ event_digest(envelope.id, record.value or b""))
    assert matched > 0

"""What a relay promises once it is drained, and what it does not."""

from shared.clock import server_now
from shared.database import Database
from shared.metrics import create_metrics
from shared.partitions import PARTITIONS
from shared.relay import Relay
from shared.testing.delivery import toy_relay
from shared.testing.toy import TOPIC
from shared.transport import BATCH
from shared.watermarks import from_record
from tests.shared.relay.broker import STATE, Broker, move, move_many


async def test_a_drained_turn_states_every_partition(
    producer_store: Database, relay: Relay, broker: Broker
) -> None:
    before = server_now()
    await move_many(producer_store, 12)
    await relay.turn()

    marks = [from_record(record) for record in broker.marks()]
    state = {row[0]: (row[1], row[2]) for row in await producer_store.read(lambda tx: tx.fetch(STATE, TOPIC))}
    assert [mark.partition for mark in marks] == list(range(PARTITIONS))
    assert {(mark.pub_seq, mark.epoch) for mark in marks} == {(12, 1)}
    assert all((mark.n, mark.h) == state.get(mark.partition, (0, 0)) for mark in marks)
    assert all(before <= mark.closed_at <= server_now() for mark in marks)


async def test_a_full_look_promises_nothing(producer_store: Database, broker: Broker) -> None:
    """More rows may wait behind a full batch, accepted long before the clock of this look."""
    relay = toy_relay(producer_store, broker, batches_per_turn=2)
    await relay.lead_once()
    waiting = 2 * BATCH + 10
    await move_many(producer_store, waiting)

    assert await relay.turn() == (True, True)
    assert broker.marks() == []

    assert await relay.turn() == (False, True)
    assert {from_record(mark).pub_seq for mark in broker.marks()} == {waiting}


async def test_watermarks_come_at_their_pace_and_not_at_every_turn(
    producer_store: Database, broker: Broker
) -> None:
    relay = Relay(
        service="alpha",
        topic=TOPIC,
        database=producer_store,
        transport=broker,
        holder="test",
        metrics=create_metrics(),
        busy_seconds=3600,
        idle_seconds=3600,
    )
    await relay.lead_once()

    for _ in range(5):
        await move(producer_store, "a")
        await relay.turn()

    assert len(broker.marks()) == PARTITIONS


async def test_closed_time_never_goes_back(producer_store: Database, relay: Relay, broker: Broker) -> None:
    for _ in range(5):
        await relay.turn()

    closed = [from_record(mark).closed_at for mark in broker.marks() if mark.partition == 0]
    assert closed == sorted(closed)
    assert len(set(closed)) == len(closed) == 5

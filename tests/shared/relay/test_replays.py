"""Old events on request: the same ids, in batches, beside the new ones."""

from functools import partial

from shared.clock import server_now
from shared.database import Database, Sql, Tx, instant_parameter
from shared.envelope import read_envelope
from shared.partitions import PARTITIONS, partition_of
from shared.relay import Relay
from shared.testing.delivery import toy_relay
from shared.testing.stores import wait_until
from shared.testing.toy import TOPIC
from shared.transport import BATCH
from tests.shared.relay.broker import STATE, Broker, move, move_many, outbox, until_drained

ASK = Sql(
    "INSERT INTO replay_request (topic, partition, partition_key, consumer, after_pub_seq, until_pub_seq,"
    " requested_at, requested_by) VALUES ($1, $2, $3, $4, $5, $6, $7, 'test')"
)


async def ask_replay(
    database: Database,
    *,
    after: int = 0,
    until: int = 10**9,
    partition: int | None = None,
    scope: str | None = None,
    consumer: str | None = None,
) -> None:
    async def ask(tx: Tx) -> None:
        now = instant_parameter(tx, server_now())
        await tx.fetch(ASK, TOPIC, partition, scope, consumer, after, until, now)

    await database.write(ask)


async def open_replays(database: Database) -> int:
    rows = await database.read(
        lambda tx: tx.fetch(Sql("SELECT count(*) FROM replay_request WHERE finished_at IS NULL"))
    )
    return int(rows[0][0])


async def test_a_replay_hands_over_what_was_asked_for_with_the_same_ids(
    producer_store: Database, relay: Relay, broker: Broker
) -> None:
    for number in range(12):
        await move(producer_store, f"c{number % 3}", scope=f"scope-{number % 4}")
    await until_drained(relay)
    rows = {row[3]: row for row in await outbox(producer_store)}
    first = broker.events()

    await ask_replay(producer_store, after=4, until=9)
    await ask_replay(producer_store, scope="scope-2", consumer="beta")
    await ask_replay(producer_store, partition=partition_of("scope-3"), after=2)
    await until_drained(relay)

    whole, scoped, partial_ = broker.replayed
    assert whole == (None, [rows[n][7] for n in range(5, 10)])
    assert scoped == ("beta", [rows[n][7] for n in (3, 7, 11)])
    assert partial_[1] == [rows[n][7] for n in range(3, 13) if rows[n][9] == partition_of("scope-3")]
    bytes_of = {read_envelope(one.headers).id: (list(one.headers), one.value) for one in first}
    for record in broker.events():
        assert (list(record.headers), record.value) == bytes_of[read_envelope(record.headers).id]
    assert await open_replays(producer_store) == 0


async def test_a_replay_changes_no_count_and_no_mark(
    producer_store: Database, relay: Relay, broker: Broker
) -> None:
    await move_many(producer_store, 30)
    await until_drained(relay)
    before = await outbox(producer_store), await producer_store.read(lambda tx: tx.fetch(STATE, TOPIC))

    await ask_replay(producer_store)
    await until_drained(relay)

    after = await outbox(producer_store), await producer_store.read(lambda tx: tx.fetch(STATE, TOPIC))
    assert after == before
    assert len(broker.events()) == 60


async def test_a_long_replay_goes_in_batches_and_resumes_where_it_stopped(
    producer_store: Database, relay: Relay, broker: Broker
) -> None:
    await move_many(producer_store, 2 * BATCH + 5)
    await until_drained(relay)
    await ask_replay(producer_store)

    await relay.turn()
    successor = toy_relay(producer_store, broker)
    await successor.lead_once()
    await until_drained(successor)

    assert [len(ids) for _, ids in broker.replayed] == [BATCH, BATCH, 5]
    assert len({one for _, ids in broker.replayed for one in ids}) == 2 * BATCH + 5


async def test_new_events_go_before_old_ones_and_watermarks_do_not_stop_for_a_replay(
    producer_store: Database, relay: Relay, broker: Broker
) -> None:
    await move_many(producer_store, 3 * BATCH)
    await until_drained(relay)
    await ask_replay(producer_store)
    broker.logs.clear()

    for _ in range(3):
        await move(producer_store, "new")
        await relay.turn()

    assert len(broker.marks()) == 3 * PARTITIONS
    assert [row[3] for row in (await outbox(producer_store))[-3:]] == [3 * BATCH + n for n in (1, 2, 3)]


async def test_a_steady_stream_of_new_events_does_not_starve_a_replay(
    producer_store: Database, relay: Relay, broker: Broker
) -> None:
    await move(producer_store, "a")
    await until_drained(relay)
    await ask_replay(producer_store)

    async def replayed() -> bool:
        await move(producer_store, "a")
        await relay.turn()
        return bool(broker.replayed)

    await wait_until(replayed, seconds=2, what="the replay")


async def test_a_consumer_that_cannot_take_old_events_does_not_stop_the_new_ones(
    producer_store: Database, relay: Relay, broker: Broker
) -> None:
    await move(producer_store, "a")
    await until_drained(relay)
    await ask_replay(producer_store, consumer="beta")
    broker.republish_error = RuntimeError("beta is broken")
    broker.logs.clear()

    for _ in range(3):
        await move(producer_store, "a")
        assert await relay.turn() == (False, True)

    assert len(broker.events()) == 3
    assert len(broker.marks()) == 3 * PARTITIONS
    assert await open_replays(producer_store) == 1

    broker.republish_error = None
    await wait_until(partial(replayed, relay, broker), what="the replay")


async def replayed(relay: Relay, broker: Broker) -> bool:
    await relay.turn()
    return bool(broker.replayed)

"""Direct delivery between real stores: restarts, restored producers, lost events."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from shared.clock import server_now
from shared.database import Database, Sql, Tx, instant_parameter
from shared.outbox_log import OutboxLog
from shared.relay import Relay
from shared.testing.delivery import toy_inbox, toy_relay
from shared.testing.stores import wait_until
from shared.testing.toy import COUNTERS, TOPIC, move_counter, totals, toy_act
from shared.transport import DirectTransport
from shared.watermarks import all_positions, to_record


@asynccontextmanager
async def joined(
    producer: Database, *consumers: tuple[str, Database]
) -> AsyncIterator[tuple[DirectTransport, Relay]]:
    """A producer and its consumers, put together as one process does it."""
    transport = DirectTransport(to_record)
    relay = toy_relay(producer, transport)
    for name, database in consumers:
        inbox = toy_inbox(database, consumer=replace(COUNTERS, consumer=name))
        await inbox.prepare()
        transport.connect(TOPIC, OutboxLog(producer), inbox)
    await relay.lead_once()
    transport.start()
    try:
        yield transport, relay
    finally:
        await transport.close()


async def move(database: Database, count: int) -> None:
    async def command(tx: Tx) -> None:
        for number in range(count):
            await move_counter(tx, toy_act(), f"c{number % 5}", 1, scope=f"scope-{number % 3}")

    await database.write(command)


async def copy_of(database: Database) -> dict[str, Any]:
    return await database.read(lambda tx: totals(tx, "counter_copy"))


async def has_all(producer: Database, consumer: Database) -> bool:
    return await copy_of(consumer) == await producer.read(totals)


async def states(database: Database, consumer: str = "beta") -> set[str]:
    return {position.state for position in await database.read(lambda tx: all_positions(tx, consumer))}


async def test_events_and_watermarks_arrive_and_agree(
    producer_store: Database, consumer_store: Database
) -> None:
    async with joined(producer_store, ("beta", consumer_store)) as (_, relay):
        for _ in range(4):
            await move(producer_store, 30)
            await relay.turn()
        await wait_until(lambda: has_all(producer_store, consumer_store))
        await relay.turn()

        async def all_ok() -> bool:
            return await states(consumer_store) == {"ok"}

        await wait_until(all_ok)


async def test_a_restart_goes_on_where_the_consumers_transaction_stopped(
    producer_store: Database, consumer_store: Database
) -> None:
    async with joined(producer_store, ("beta", consumer_store)) as (_, relay):
        await move(producer_store, 20)
        await relay.turn()
        await wait_until(lambda: has_all(producer_store, consumer_store))
    await move(producer_store, 5)

    async with joined(producer_store, ("beta", consumer_store)) as (_, relay):
        await relay.turn()
        await wait_until(lambda: has_all(producer_store, consumer_store))

    inbox = await consumer_store.read(lambda tx: tx.fetch(Sql("SELECT count(*), max(position) FROM inbox")))
    assert tuple(inbox[0]) == (25, 25)


async def test_two_consumers_get_everything_each(producer_store: Database, consumer_store: Database) -> None:
    """Both live in one store here; their inboxes and positions are their own."""
    async with joined(producer_store, ("beta", consumer_store), ("gamma", consumer_store)) as (_, relay):
        await move(producer_store, 15)
        await relay.turn()

        async def both() -> bool:
            rows = await consumer_store.read(
                lambda tx: tx.fetch(
                    Sql("SELECT consumer, count(*) FROM inbox GROUP BY consumer ORDER BY consumer")
                )
            )
            return [tuple(row) for row in rows] == [("beta", 15), ("gamma", 15)]

        await wait_until(both)


async def test_a_restored_producer_is_rewound_and_says_so(
    producer_store: Database, consumer_store: Database
) -> None:
    async with joined(producer_store, ("beta", consumer_store)) as (_, relay):
        await move(producer_store, 20)
        await relay.turn()
        await wait_until(lambda: has_all(producer_store, consumer_store))
        await wait_until(lambda: _is(consumer_store, {"ok"}))

    async def forget(tx: Tx) -> None:
        await tx.fetch(Sql("DELETE FROM outbox WHERE pub_seq > 8"))
        await tx.fetch(Sql("UPDATE relay_leader SET pub_seq = 8"))
        await tx.fetch(Sql("DELETE FROM relay_state"))

    await producer_store.write(forget)
    async with joined(producer_store, ("beta", consumer_store)) as (_, relay):
        await relay.turn()
        await wait_until(lambda: _is(consumer_store, {"rewound"}))

    position = await toy_inbox(consumer_store).delivery_position(TOPIC)
    assert position == 8
    assert await copy_of(consumer_store) == await producer_store.read(totals)  # nothing was applied twice


async def _is(database: Database, wanted: set[str]) -> bool:
    return await states(database) == wanted


async def test_a_lost_event_comes_again_by_a_replay_request(
    producer_store: Database, consumer_store: Database
) -> None:
    async with joined(producer_store, ("beta", consumer_store)) as (_, relay):
        await move(producer_store, 12)
        await relay.turn()
        await wait_until(lambda: has_all(producer_store, consumer_store))
        await consumer_store.write(_lose_everything)
        await relay.turn()
        await wait_until(lambda: _contains(consumer_store, "incomplete"))

        await producer_store.write(_ask_replay)
        await relay.turn()
        await wait_until(lambda: has_all(producer_store, consumer_store))
        await relay.turn()
        await wait_until(lambda: _is(consumer_store, {"ok"}))


async def _contains(database: Database, state: str) -> bool:
    return state in await states(database)


async def _lose_everything(tx: Tx) -> None:
    for table in ("inbox", "aggregate_position", "counter_copy"):
        await tx.fetch(Sql(f"DELETE FROM {table}"))
    await tx.fetch(
        Sql("UPDATE producer_position SET n = 0, h = 0, matched_n = 0, matched_pub_seq = 0, state = 'none'")
    )


async def _ask_replay(tx: Tx) -> None:
    await tx.fetch(
        Sql(
            "INSERT INTO replay_request (topic, consumer, after_pub_seq, until_pub_seq, requested_at, requested_by)"
            " VALUES ($1, 'beta', 0, 1000000, $2, 'test')"
        ),
        TOPIC,
        instant_parameter(tx, server_now()),
    )

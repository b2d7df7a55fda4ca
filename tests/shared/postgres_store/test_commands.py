"""The server store: conflicts, commits that are none, cancellation, and a relay elsewhere."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from shared.database import CommitRefused, Sql, StoreConflict, StoreFull, StoreUnavailable, Tx
from shared.postgres_store import ATTEMPTS_ON_CONFLICT, OUTBOX_CHANNEL, PostgresDatabase
from shared.testing.stores import wait_until
from shared.testing.toy import move_counter, toy_act
from shared.wakeup import Announcer
from tests.shared.postgres_store.sessions import BUMP, add, ids, raise_state, second_session

pytestmark = pytest.mark.postgres

# -- conflicts --------------------------------------------------------------------------------------------


async def test_a_deadlock_is_tried_again_until_both_commands_are_done(store: PostgresDatabase) -> None:
    async with second_session(store) as session:
        await session.execute(
            f"ALTER DATABASE \"{make_url(store.url).database}\" SET deadlock_timeout = '20ms'"
        )
    await store.stop()
    await store.start()
    await store.write(partial(add, "a"))
    await store.write(partial(add, "b"))
    runs = 0
    holds = {"a": asyncio.Event(), "b": asyncio.Event()}

    async def both(first: str, second: str, tx: Tx) -> None:
        nonlocal runs
        runs += 1
        await tx.fetch(BUMP, first)
        holds[first].set()
        await holds[second].wait()
        await tx.fetch(BUMP, second)

    await asyncio.gather(store.write(partial(both, "a", "b")), store.write(partial(both, "b", "a")))

    rows = await store.read(lambda tx: tx.fetch(Sql("SELECT total FROM counter")))
    assert [row[0] for row in rows] == [2, 2]
    assert runs == 3


async def test_a_conflict_that_does_not_end_is_unavailability(store: PostgresDatabase) -> None:
    runs = 0

    async def conflicting(tx: Tx) -> None:
        nonlocal runs
        runs += 1
        await raise_state("40001", tx)

    with pytest.raises(StoreConflict):
        await store.write(conflicting)

    assert runs == ATTEMPTS_ON_CONFLICT
    assert issubclass(StoreConflict, StoreUnavailable)


async def test_a_lock_that_is_not_given_in_time_is_unavailability(store: PostgresDatabase) -> None:
    await store.write(partial(add, "a"))
    held, gate = asyncio.Event(), asyncio.Event()

    async def hold(tx: Tx) -> None:
        await tx.fetch(BUMP, "a")
        held.set()
        await gate.wait()

    async def impatient(tx: Tx) -> None:
        await tx.fetch(Sql("SET LOCAL lock_timeout = '30ms'"))
        await tx.fetch(BUMP, "a")

    holding = asyncio.create_task(store.write(hold))
    await held.wait()
    with pytest.raises(StoreUnavailable):
        await store.write(impatient)

    gate.set()
    await holding


@pytest.mark.parametrize(
    ("state", "meaning"),
    [
        ("53100", StoreFull),
        ("53300", StoreUnavailable),
        ("57P01", StoreUnavailable),
        ("57014", StoreUnavailable),
        ("08006", StoreUnavailable),
        ("55P03", StoreUnavailable),
        ("25P03", StoreUnavailable),
        ("40P01", StoreConflict),
    ],
)
async def test_what_the_servers_error_states_mean(
    store: PostgresDatabase, state: str, meaning: type[Exception]
) -> None:
    with pytest.raises(meaning) as raised:
        await store.write(partial(raise_state, state))

    assert type(raised.value) is meaning


async def test_an_error_of_the_commands_own_is_not_called_unavailability(store: PostgresDatabase) -> None:
    with pytest.raises(asyncpg.UniqueViolationError):
        await store.write(partial(raise_state, "23505"))
    with pytest.raises(asyncpg.DataError):
        await store.write(lambda tx: tx.fetch(Sql("SELECT $1::bigint"), 2**64))


# -- commits that are none --------------------------------------------------------------------------------


async def test_a_command_that_swallows_a_failed_statement_is_not_acknowledged(
    store: PostgresDatabase,
) -> None:
    """The server answers COMMIT with ROLLBACK then, and reports no error: the false success of all stores."""
    seen: list[str] = []

    async def careless(tx: Tx) -> str:
        tx.after_commit(lambda: seen.append("hook"))
        await add("a", tx)
        with suppress(asyncpg.PostgresError):
            await add("a", tx)
        return "done"

    with pytest.raises(CommitRefused):
        await store.write(careless)

    assert seen == []
    assert await store.read(ids) == []
    await store.write(partial(add, "b"))
    assert await store.read(ids) == ["b"]


async def test_a_commit_that_the_server_refuses_is_raised(store: PostgresDatabase) -> None:
    async def deferred(tx: Tx) -> None:
        await tx.fetch(
            Sql("CREATE TEMP TABLE child (parent text REFERENCES child2 (id) DEFERRABLE INITIALLY DEFERRED)")
        )

    async def orphan(tx: Tx) -> None:
        await tx.fetch(Sql("CREATE TEMP TABLE child2 (id text PRIMARY KEY) ON COMMIT DROP"))
        await deferred(tx)
        await tx.fetch(Sql("INSERT INTO child VALUES ('nobody')"))
        await add("a", tx)

    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await store.write(orphan)

    assert await store.read(ids) == []


# -- cancellation -----------------------------------------------------------------------------------------


async def test_a_command_cancelled_while_it_waits_for_a_lock_lets_the_next_one_in(
    store: PostgresDatabase,
) -> None:
    await store.write(partial(add, "a"))
    held, gate = asyncio.Event(), asyncio.Event()

    async def hold(tx: Tx) -> None:
        await tx.fetch(BUMP, "a")
        held.set()
        await gate.wait()

    holding = asyncio.create_task(store.write(hold))
    await held.wait()
    waiting = asyncio.create_task(store.write(lambda tx: tx.fetch(BUMP, "a")))
    async with second_session(store) as session:
        await wait_until(lambda: _blocked(session), what="the second command's wait")
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        gate.set()
        await holding
        open_transactions = await session.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND state <> 'idle'"
        )

    assert open_transactions == 0
    rows = await store.read(lambda tx: tx.fetch(Sql("SELECT total FROM counter")))
    assert rows[0][0] == 1


async def _blocked(session: Any) -> bool:
    return bool(await session.fetchval("SELECT count(*) > 0 FROM pg_locks WHERE NOT granted"))


async def test_a_cancellation_that_meets_a_failing_command_is_still_a_cancellation(
    store: PostgresDatabase,
) -> None:
    """A loop that is being stopped must not go on because its command failed at the same moment."""

    async def fails(tx: Tx) -> None:
        await add("a", tx)
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().call_soon(task.cancel)
        raise ValueError

    for _ in range(12):
        with pytest.raises(asyncio.CancelledError):
            await asyncio.create_task(store.write(fails))

    await store.write(partial(add, "b"))
    assert await store.read(ids) == ["b"]


# -- waking a relay elsewhere -----------------------------------------------------------------------------


async def test_a_relay_in_another_process_is_notified_of_committed_events(store: PostgresDatabase) -> None:
    heard: list[str] = []
    announcer = Announcer(store)
    async with second_session(store) as session, running(announcer.run):
        await session.add_listener(OUTBOX_CHANNEL, lambda *message: heard.append(message[2]))

        await store.write(lambda tx: move_counter(tx, toy_act(), "nobody announces", 1))
        store.on_announced = announcer.wake
        await store.write(partial(add, "quiet"))
        await store.write(lambda tx: move_counter(tx, toy_act(), "loud", 1))

        await wait_until(lambda: heard, what="the notification")

    assert heard == [OUTBOX_CHANNEL]


async def test_an_announcement_is_said_after_its_connection_was_lost(store: PostgresDatabase) -> None:
    heard: list[str] = []
    announcer = Announcer(store)
    store.on_announced = announcer.wake
    async with second_session(store) as session, running(announcer.run):
        await session.add_listener(OUTBOX_CHANNEL, lambda *message: heard.append(message[2]))
        await store.write(lambda tx: move_counter(tx, toy_act(), "first", 1))
        await wait_until(lambda: len(heard) == 1, what="the first notification")

        await session.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND query LIKE '%pg_notify%' AND pid <> pg_backend_pid()"
        )
        await store.write(lambda tx: move_counter(tx, toy_act(), "second", 1))

        await wait_until(lambda: len(heard) == 2, what="the second notification")


@asynccontextmanager
async def running(loop: Callable[[], Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """A loop beside the test."""
    task = asyncio.create_task(loop())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

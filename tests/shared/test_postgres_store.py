"""The server store: lost connections, conflicts, cancellation, and a commit that is none."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

import asyncpg
import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.exc import TimeoutError as PoolExhausted

from shared.database import CommitRefused, Sql, StoreConflict, StoreFull, StoreUnavailable, Tx
from shared.postgres_store import ATTEMPTS_ON_CONFLICT, OUTBOX_CHANNEL, PostgresDatabase
from shared.testing.stores import PostgresServer, from_metadata, postgres_store, wait_until
from shared.testing.tcp_proxy import tcp_proxy
from shared.testing.toy import move_counter, toy_act, toy_metadata

pytestmark = pytest.mark.postgres

_ADD = Sql("INSERT INTO counter (id, total, steps) VALUES ($1, 0, '')")
_BUMP = Sql("UPDATE counter SET total = total + 1 WHERE id = $1")
_IDS = Sql("SELECT id FROM counter ORDER BY id")
_PID = Sql("SELECT pg_backend_pid()")


@pytest.fixture
async def store(postgres_server: PostgresServer) -> AsyncIterator[PostgresDatabase]:
    async with postgres_store(postgres_server, "toy", from_metadata(toy_metadata())) as database:
        yield database


@asynccontextmanager
async def second_session(store: PostgresDatabase) -> AsyncIterator[Any]:
    connection = await store.dedicated_connection()
    try:
        yield connection
    finally:
        await connection.close()


async def add(name: str, tx: Tx) -> None:
    await tx.fetch(_ADD, name)


async def ids(tx: Tx) -> list[str]:
    return [row[0] for row in await tx.fetch(_IDS)]


async def raise_state(state: str, tx: Tx) -> None:
    await tx.fetch(Sql(f"DO $$ BEGIN RAISE EXCEPTION 'planted' USING ERRCODE = '{state}'; END $$"))


_KILL_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


# -- lost connections -------------------------------------------------------------------------------------


async def test_connections_that_died_in_the_pool_cost_no_command(store: PostgresDatabase) -> None:
    gate = asyncio.Event()

    async def hold(name: str, tx: Tx) -> None:
        await add(name, tx)
        await gate.wait()

    holding = [asyncio.create_task(store.write(partial(hold, f"a{n}"))) for n in range(5)]
    await asyncio.sleep(0.05)
    gate.set()
    await asyncio.gather(*holding)  # five connections lie in the pool now
    async with second_session(store) as session:
        killed = await session.fetch(_KILL_OTHERS)
    await asyncio.sleep(0.05)

    for number in range(10):
        await store.write(partial(add, f"b{number}"))

    assert len(killed) == 5
    assert len(await store.read(ids)) == 15


async def test_a_connection_killed_in_mid_command_is_unavailability_and_leaves_nothing(
    store: PostgresDatabase,
) -> None:
    async def killed(tx: Tx) -> None:
        await add("a", tx)
        pid = (await tx.fetch(_PID))[0][0]
        async with second_session(store) as session:
            await session.execute("SELECT pg_terminate_backend($1)", pid)
        await add("b", tx)

    with pytest.raises(StoreUnavailable):
        await store.write(killed)

    assert await store.read(ids) == []
    await store.write(partial(add, "c"))
    assert await store.read(ids) == ["c"]


async def test_a_connection_killed_just_before_the_commit_is_no_success(store: PostgresDatabase) -> None:
    seen: list[str] = []

    async def killed(tx: Tx) -> None:
        tx.after_commit(lambda: seen.append("hook"))
        await add("a", tx)
        pid = (await tx.fetch(_PID))[0][0]
        async with second_session(store) as session:
            await session.execute("SELECT pg_terminate_backend($1)", pid)

    with pytest.raises(StoreUnavailable):
        await store.write(killed)

    assert seen == []
    assert await store.read(ids) == []


async def test_a_server_that_is_not_there_is_unavailable(
    unused_tcp_port: int, store: PostgresDatabase
) -> None:
    url = make_url(store.url).set(port=unused_tcp_port).render_as_string(hide_password=False)
    nowhere = PostgresDatabase(url)
    await nowhere.start()

    with pytest.raises(StoreUnavailable):
        await nowhere.read(ids)

    await nowhere.stop()


@asynccontextmanager
async def store_behind_a_link(store: PostgresDatabase) -> AsyncIterator[tuple[PostgresDatabase, Any]]:
    url = make_url(store.url)
    async with tcp_proxy(url.host or "", url.port or 5432) as link:
        behind = PostgresDatabase(
            url.set(host="127.0.0.1", port=link.port).render_as_string(hide_password=False),
            answer_seconds=0.3,
        )
        await behind.start()
        try:
            yield behind, link
        finally:
            await behind.stop()


async def test_a_cut_link_is_unavailability_and_heals(store: PostgresDatabase) -> None:
    async with store_behind_a_link(store) as (behind, link):
        await behind.write(partial(add, "a"))

        link.cut()
        with pytest.raises(StoreUnavailable):
            await behind.write(partial(add, "b"))
        link.restore()
        await behind.write(partial(add, "c"))

        assert await behind.read(ids) == ["a", "c"]


async def test_a_silent_link_ends_in_unavailability_and_heals(
    store: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half-open: nothing arrives and nothing closes, so only our own limits can end the waiting."""
    monkeypatch.setattr("shared.postgres_store.UNDO_SECONDS", 0.3)
    async with store_behind_a_link(store) as (behind, link):
        await behind.write(partial(add, "a"))

        link.silence()
        with pytest.raises(StoreUnavailable):
            await asyncio.wait_for(behind.write(partial(add, "b")), 8)
        link.restore()

        await behind.write(partial(add, "c"))
        assert "c" in await behind.read(ids)


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
        await tx.fetch(_BUMP, first)
        holds[first].set()
        await holds[second].wait()
        await tx.fetch(_BUMP, second)

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
        await tx.fetch(_BUMP, "a")
        held.set()
        await gate.wait()

    async def impatient(tx: Tx) -> None:
        await tx.fetch(Sql("SET LOCAL lock_timeout = '30ms'"))
        await tx.fetch(_BUMP, "a")

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


async def test_a_pool_without_a_free_connection_is_unavailable(store: PostgresDatabase) -> None:
    async def exhausted(tx: Tx) -> None:
        raise PoolExhausted("QueuePool limit reached")

    with pytest.raises(StoreUnavailable):
        await store.read(exhausted)


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
        await tx.fetch(_BUMP, "a")
        held.set()
        await gate.wait()

    holding = asyncio.create_task(store.write(hold))
    await held.wait()
    waiting = asyncio.create_task(store.write(lambda tx: tx.fetch(_BUMP, "a")))
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
    notifying = PostgresDatabase(store.url, notify=True)
    await notifying.start()
    async with second_session(store) as session:
        await session.add_listener(OUTBOX_CHANNEL, lambda *message: heard.append(message[2]))

        await notifying.write(partial(add, "quiet"))
        await store.write(lambda tx: move_counter(tx, toy_act(), "not-notifying", 1))
        await notifying.write(lambda tx: move_counter(tx, toy_act(), "loud", 1))

        await wait_until(lambda: heard, what="the notification")
        await session.remove_listener(OUTBOX_CHANNEL, lambda *message: None)
    await notifying.stop()

    assert heard == [OUTBOX_CHANNEL]

"""The server store when connections are killed, cut, silent or used up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from shared.database import StoreUnavailable, Tx
from shared.postgres_store import PostgresDatabase
from shared.testing.stores import wait_until
from shared.testing.tcp_proxy import tcp_proxy
from tests.shared.postgres_store.sessions import PID, add, ids, second_session

pytestmark = pytest.mark.postgres
_OTHERS_OF = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
_KILL_OTHERS = f"SELECT pg_terminate_backend(pid) {_OTHERS_OF}"
_OTHERS = f"SELECT count(*) {_OTHERS_OF}"


async def test_connections_that_died_in_the_pool_cost_no_command(store: PostgresDatabase) -> None:
    gate, added = asyncio.Event(), 0

    async def hold(name: str, tx: Tx) -> None:
        nonlocal added
        await add(name, tx)
        added += 1
        await gate.wait()

    holding = [asyncio.create_task(store.write(partial(hold, f"a{n}"))) for n in range(5)]
    await wait_until(lambda: added == 5, what="five open transactions")
    gate.set()
    await asyncio.gather(*holding)  # five connections lie in the pool now
    async with second_session(store) as session:
        killed = await session.fetch(_KILL_OTHERS)

        async def alone() -> bool:
            return bool(await session.fetchval(_OTHERS) == 0)

        await wait_until(alone, what="the end of every other session")

    for number in range(10):
        await store.write(partial(add, f"b{number}"))

    assert len(killed) == 5
    assert len(await store.read(ids)) == 15


async def test_a_connection_killed_in_mid_command_is_unavailability_and_leaves_nothing(
    store: PostgresDatabase,
) -> None:
    async def killed(tx: Tx) -> None:
        await add("a", tx)
        pid = (await tx.fetch(PID))[0][0]
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
        pid = (await tx.fetch(PID))[0][0]
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
            undo_seconds=0.3,
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


async def test_a_silent_link_ends_in_unavailability_and_heals(store: PostgresDatabase) -> None:
    """Half-open: nothing arrives and nothing closes, so only our own limits can end the waiting."""
    async with store_behind_a_link(store) as (behind, link):
        await behind.write(partial(add, "a"))

        link.silence()
        with pytest.raises(StoreUnavailable):
            await asyncio.wait_for(behind.write(partial(add, "b")), 8)
        link.restore()

        await behind.write(partial(add, "c"))
        assert "c" in await behind.read(ids)


async def test_a_command_waits_for_a_connection_and_not_for_ever(store: PostgresDatabase) -> None:
    gate, begun = asyncio.Event(), asyncio.Event()

    async def hold(tx: Tx) -> None:
        begun.set()
        await gate.wait()

    narrow = PostgresDatabase(store.url, connections=1, wait_seconds=0.3)
    await narrow.start()
    try:
        holding = asyncio.create_task(narrow.write(hold))
        await begun.wait()

        with pytest.raises(StoreUnavailable):
            await narrow.write(partial(add, "a"))

        waiting = asyncio.create_task(narrow.write(partial(add, "b")))
        gate.set()
        await asyncio.gather(holding, waiting)
        assert await narrow.read(ids) == ["b"]
    finally:
        await narrow.stop()


async def test_a_command_that_is_given_up_leaves_its_connection_to_the_next(store: PostgresDatabase) -> None:
    begun = asyncio.Event()

    async def never(tx: Tx) -> None:
        await add("a", tx)
        begun.set()
        await asyncio.Event().wait()

    narrow = PostgresDatabase(store.url, connections=1, wait_seconds=0.3)
    await narrow.start()
    try:
        given_up = asyncio.create_task(narrow.write(never))
        await begun.wait()
        given_up.cancel()
        await asyncio.gather(given_up, return_exceptions=True)

        await narrow.write(partial(add, "b"))
        assert await narrow.read(ids) == ["b"]
    finally:
        await narrow.stop()

"""One leader at a time on PostgreSQL; on SQLite the process itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from shared.leadership import Pace, leading
from shared.postgres_store import PostgresDatabase
from shared.testing.stores import (
    PostgresServer,
    from_metadata,
    postgres_store,
    sqlite_store,
    wait_until,
)
from shared.testing.tcp_proxy import TcpProxy, tcp_proxy
from shared.testing.toy import toy_metadata

_PACE = Pace()
_WAIT = (
    "SELECT pid, waitstart FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND waitstart IS NOT NULL"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_KILL_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.fixture
async def store(postgres_server: PostgresServer) -> AsyncIterator[PostgresDatabase]:
    async with postgres_store(postgres_server, "toy", from_metadata(toy_metadata())) as database:
        yield database


class Candidate:
    """Somebody who wants to lead, and says when it does."""

    def __init__(
        self, database: PostgresDatabase, name: str = "relay:alpha.events.v1", *, pace: Pace = _PACE
    ) -> None:
        self.lost: asyncio.Event | None = None
        self._leave = asyncio.Event()
        self.task = asyncio.create_task(self._lead(database, name, pace))

    async def _lead(self, database: PostgresDatabase, name: str, pace: Pace) -> None:
        async with leading(database, name, pace=pace) as lost:
            self.lost = lost
            await self._leave.wait()
        self.lost = None

    @property
    def leads(self) -> bool:
        return self.lost is not None and not self.lost.is_set() and not self.task.done()

    async def leave(self) -> None:
        self._leave.set()
        await self.task

    async def cancel(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


@asynccontextmanager
async def session_of(store: PostgresDatabase) -> AsyncIterator[Any]:
    connection = await store.dedicated_connection()
    try:
        yield connection
    finally:
        await connection.close()


async def waiters(session: Any) -> int:
    return int(await session.fetchval("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
                                      " AND database = (SELECT oid FROM pg_database WHERE datname ="
                                      " current_database())"))  # fmt: skip


async def until_waiting(session: Any, count: int = 1) -> None:
    async def enough() -> bool:
        return await waiters(session) == count

    await wait_until(enough, what="the wait for the lock")


async def test_on_sqlite_the_process_itself_leads(tmp_path: Path) -> None:
    async with (
        sqlite_store(tmp_path, from_metadata(toy_metadata())) as database,
        leading(database, "one") as lost,
        leading(database, "other"),
    ):
        assert not lost.is_set()


@pytest.mark.postgres
async def test_the_second_waits_and_takes_over_when_the_first_leaves(store: PostgresDatabase) -> None:
    async with session_of(store) as session:
        first = Candidate(store)
        await wait_until(lambda: first.leads)
        second = Candidate(store)
        await until_waiting(session)
        assert not second.leads

        await first.leave()
        await wait_until(lambda: second.leads, seconds=2, what="the takeover")
        await second.leave()


@pytest.mark.postgres
async def test_different_names_lead_beside_each_other(store: PostgresDatabase) -> None:
    relay, timers = Candidate(store, "relay:alpha.events.v1"), Candidate(store, "timers:alpha")

    await wait_until(lambda: relay.leads and timers.leads)

    await relay.leave()
    await timers.leave()


@pytest.mark.postgres
async def test_a_leader_whose_connection_dies_notices_and_the_next_one_leads(store: PostgresDatabase) -> None:
    async with session_of(store) as session:
        first = Candidate(store)
        await wait_until(lambda: first.leads)
        second = Candidate(store)
        await until_waiting(session)

        await session.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )

        await wait_until(lambda: not first.leads and second.leads, seconds=3, what="the takeover")
        await first.leave()  # its own end is orderly all the same
        await second.leave()


@pytest.mark.postgres
async def test_one_that_waits_can_be_cancelled_and_leaves_nothing_on_the_server(
    store: PostgresDatabase,
) -> None:
    async with session_of(store) as session:
        first = Candidate(store)
        await wait_until(lambda: first.leads)
        second = Candidate(store)
        await until_waiting(session)

        await asyncio.wait_for(second.cancel(), 5)

        await until_waiting(session, 0)
        await first.leave()
        third = Candidate(store)
        await wait_until(lambda: third.leads, what="the third")
        await third.leave()

        async def alone() -> bool:
            count = await session.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            )
            return bool(count == 1)

        await wait_until(alone, what="the end of every other session")


@pytest.mark.postgres
async def test_a_leader_can_be_cancelled(store: PostgresDatabase) -> None:
    first = Candidate(store)
    await wait_until(lambda: first.leads)

    await asyncio.wait_for(first.cancel(), 5)

    second = Candidate(store)
    await wait_until(lambda: second.leads, seconds=3)
    await second.leave()


@pytest.mark.postgres
async def test_leaders_and_waiters_live_through_a_server_that_drops_everybody(
    store: PostgresDatabase,
) -> None:
    """As a restart does: every session ends at once, and whoever comes first leads again."""
    async with session_of(store) as session:
        first = Candidate(store)
        await wait_until(lambda: first.leads)
        second = Candidate(store)
        await until_waiting(session)

        await session.fetch(_KILL_OTHERS)

        await wait_until(lambda: second.leads and not first.leads, seconds=5, what="a new leader")
        await first.leave()
        await second.leave()


@asynccontextmanager
async def behind_a_link(store: PostgresDatabase) -> AsyncIterator[tuple[PostgresDatabase, TcpProxy]]:
    """The same database, reached over a link of one's own."""
    url = make_url(store.url)
    async with tcp_proxy(url.host or "", url.port or 5432) as link:
        near = url.set(host="127.0.0.1", port=link.port).render_as_string(hide_password=False)
        behind = PostgresDatabase(near)
        await behind.start()
        try:
            yield behind, link
        finally:
            await behind.stop()


@pytest.mark.postgres
async def test_a_server_that_is_away_is_asked_again_until_it_is_back(store: PostgresDatabase) -> None:
    async with behind_a_link(store) as (behind, link):
        link.cut()
        candidate = Candidate(behind, pace=Pace(try_every_seconds=0.05))
        await wait_until(lambda: link.clients >= 5, what="tries again")
        assert not candidate.leads

        link.restore()
        await wait_until(lambda: candidate.leads, what="leading")
        link.cut()
        await wait_until(lambda: not candidate.leads, seconds=3, what="the loss")
        await candidate.leave()


@pytest.mark.postgres
async def test_a_lost_link_ends_both_leading_and_waiting(store: PostgresDatabase) -> None:
    """Half-open: the server is gone and says nothing. A leader must stop, one that waits must look again."""
    hasty = Pace(try_every_seconds=0.05, wait_seconds=0.2, answer_seconds=0.2)
    async with (
        session_of(store) as session,
        behind_a_link(store) as (leaders_store, leaders_link),
        behind_a_link(store) as (waiters_store, waiters_link),
    ):
        leader = Candidate(leaders_store, "a", pace=hasty)
        await wait_until(lambda: leader.leads)
        waiter = Candidate(waiters_store, "a", pace=hasty)
        await until_waiting(session)
        assert waiters_link.clients == 1

        leaders_link.silence()
        waiters_link.silence()
        await wait_until(lambda: not leader.leads, seconds=5, what="the leader's end")
        await wait_until(lambda: waiters_link.clients > 1, seconds=5, what="the waiter's doubt")
        await session.fetch(_KILL_OTHERS)  # the server has forgotten them long ago
        for link in (leaders_link, waiters_link):
            link.cut()
            link.restore()

        await wait_until(lambda: waiter.leads, seconds=8, what="the waiter's turn")
        await leader.leave()
        await waiter.leave()


@pytest.mark.postgres
async def test_a_long_wait_is_begun_anew_and_not_given_up(store: PostgresDatabase) -> None:
    async with session_of(store) as session:
        first = Candidate(store)
        await wait_until(lambda: first.leads)
        second = Candidate(store, pace=Pace(wait_seconds=0.05))
        waits: set[tuple[int, Any]] = set()

        async def begun_anew() -> bool:
            waits.update((row[0], row[1]) for row in await session.fetch(_WAIT))
            return len(waits) >= 4

        await wait_until(begun_anew, what="a wait begun anew")
        assert not second.leads
        assert len({pid for pid, _ in waits}) == 1  # on one connection, not on a new one each time

        await first.leave()
        await wait_until(lambda: second.leads, seconds=2)
        await second.leave()

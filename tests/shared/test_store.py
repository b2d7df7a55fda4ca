"""What a command may rely on, on either store."""

import asyncio
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select, text

from shared.database import GUARD_TO_COMMIT_SECONDS, Database, GuardTooOld, Sql, StoreUnavailable, Tx
from shared.testing.stores import let_guard_age
from shared.testing.toy import move_counter, totals, toy_act, toy_metadata

_COUNTER = toy_metadata().tables["counter"]
_ADD = Sql("INSERT INTO counter (id, total, steps) VALUES ($1, $2, '')")
_IDS = Sql("SELECT id FROM counter ORDER BY id")


class Refused(Exception):
    """A domain refusal."""


async def add(tx: Tx, counter_id: str, total: int = 0) -> None:
    await tx.fetch(_ADD, counter_id, total)


async def move(counter_id: str, tx: Tx) -> None:
    await move_counter(tx, toy_act(), counter_id, 1)


async def add_and_refuse(tx: Tx, counter_id: str) -> None:
    async with tx.savepoint():
        await add(tx, counter_id)
        raise Refused


async def ids(tx: Tx) -> list[str]:
    return [row[0] for row in await tx.fetch(_IDS)]


async def test_a_command_returns_its_value_and_keeps_what_it_did(producer_store: Database) -> None:
    async def command(tx: Tx) -> str:
        await add(tx, "a")
        return "done"

    assert await producer_store.write(command) == "done"
    assert await producer_store.read(ids) == ["a"]


async def test_a_command_that_raises_leaves_nothing_behind(producer_store: Database) -> None:
    async def command(tx: Tx) -> None:
        await add(tx, "a")
        await move_counter(tx, toy_act(), "b", 1)
        raise Refused

    with pytest.raises(Refused):
        await producer_store.write(command)

    left = await producer_store.read(lambda tx: tx.fetch(_LEFT))
    assert [tuple(row) for row in left] == [(0, 0, 0, 0)]


_LEFT = Sql(
    "SELECT (SELECT count(*) FROM counter), (SELECT count(*) FROM outbox), (SELECT count(*) FROM outbox_aggregate),"
    " (SELECT count(*) FROM audit)"
)


async def test_statements_of_both_kinds_share_one_transaction(producer_store: Database) -> None:
    async def command(tx: Tx) -> list[Any]:
        await add(tx, "driver", 1)
        await tx.execute(_COUNTER.insert(), {"id": "adapter", "total": 2})
        found = (await tx.execute(select(_COUNTER.c.id).order_by(_COUNTER.c.id))).scalars().all()
        assert list(found) == ["adapter", "driver"]
        assert await ids(tx) == ["adapter", "driver"]
        raise Refused

    with pytest.raises(Refused):
        await producer_store.write(command)

    assert await producer_store.read(ids) == []


async def test_a_failed_savepoint_undoes_only_what_was_done_inside(producer_store: Database) -> None:
    async def command(tx: Tx) -> None:
        await add(tx, "before")
        with pytest.raises(Refused):
            await add_and_refuse(tx, "inside")
        async with tx.savepoint():
            await add(tx, "kept")
        await add(tx, "after")

    await producer_store.write(command)

    assert await producer_store.read(ids) == ["after", "before", "kept"]


async def test_savepoints_nest(producer_store: Database) -> None:
    async def command(tx: Tx) -> None:
        with suppress(Refused):
            async with tx.savepoint():
                async with tx.savepoint():
                    await add(tx, "inner")
                raise Refused
        async with tx.savepoint():
            with pytest.raises(Refused):
                await add_and_refuse(tx, "undone")
            await add(tx, "outer")

    await producer_store.write(command)

    assert await producer_store.read(ids) == ["outer"]


async def test_a_statement_that_fails_inside_a_savepoint_does_not_spoil_the_command(
    producer_store: Database,
) -> None:
    async def command(tx: Tx) -> None:
        await add(tx, "a")
        with pytest.raises(Exception, match=r"(?i)unique"):
            async with tx.savepoint():
                await add(tx, "a")
        await add(tx, "b")

    await producer_store.write(command)

    assert await producer_store.read(ids) == ["a", "b"]


async def test_a_failed_statement_swallowed_inside_a_savepoint_undoes_that_savepoint(
    producer_store: Database,
) -> None:
    async def command(tx: Tx) -> None:
        await add(tx, "a")
        try:
            async with tx.savepoint():
                await add(tx, "b")
                with suppress(Exception):  # nothing was learned from it
                    await add(tx, "a")
        except Exception:
            return

    await producer_store.write(command)

    # PostgreSQL gives up the savepoint, SQLite only the statement; in no case does the outer part suffer.
    kept = await producer_store.read(ids)
    assert kept == (["a"] if producer_store.dialect == "postgresql" else ["a", "b"])


async def test_hooks_run_after_the_commit_and_only_then(producer_store: Database) -> None:
    seen: list[str] = []

    async def command(tx: Tx) -> None:
        tx.after_commit(lambda: seen.append("hook"))
        await add(tx, "a")
        assert seen == []

    async def refused(tx: Tx) -> None:
        tx.after_commit(lambda: seen.append("never"))
        raise Refused

    await producer_store.write(command)
    with pytest.raises(Refused):
        await producer_store.write(refused)

    assert seen == ["hook"]


async def test_hooks_of_a_failed_savepoint_do_not_run(producer_store: Database) -> None:
    seen: list[str] = []

    async def command(tx: Tx) -> None:
        tx.after_commit(lambda: seen.append("outer"))
        with suppress(Refused):
            async with tx.savepoint():
                tx.after_commit(lambda: seen.append("inner"))
                raise Refused

    await producer_store.write(command)

    assert seen == ["outer"]


async def test_a_hook_that_fails_neither_fails_the_command_nor_the_hooks_after_it(
    producer_store: Database,
) -> None:
    seen: list[str] = []

    def broken() -> None:
        raise RuntimeError("a metric of the wrong kind")

    async def command(tx: Tx) -> str:
        tx.after_commit(broken)
        tx.after_commit(lambda: seen.append("later"))
        tx.announce()
        await add(tx, "a")
        return "done"

    producer_store.on_announced = broken
    assert await asyncio.wait_for(producer_store.write(command), 5) == "done"

    assert seen == ["later"]


async def test_the_relay_is_woken_once_the_command_is_committed(producer_store: Database) -> None:
    woken: list[list[str]] = []
    producer_store.on_announced = lambda: woken.append([])

    async def announcing(tx: Tx) -> None:
        await add(tx, "a")
        tx.announce()

    async def refused(tx: Tx) -> None:
        tx.announce()
        raise Refused

    await producer_store.write(lambda tx: add(tx, "quiet"))
    with pytest.raises(Refused):
        await producer_store.write(refused)
    assert woken == []

    await producer_store.write(announcing)
    assert woken == [[]]


async def test_a_read_sees_one_state_however_many_statements_it_runs(producer_store: Database) -> None:
    await producer_store.write(lambda tx: add(tx, "a"))
    loop = asyncio.get_running_loop()

    async def slow_read(tx: Tx) -> tuple[list[str], list[str]]:
        first = await ids(tx)
        if tx.dialect == "postgresql":
            await producer_store.write(lambda other: add(other, "b"))
        else:
            asyncio.run_coroutine_threadsafe(
                producer_store.write(lambda other: add(other, "b")), loop
            ).result(5)
        return first, await ids(tx)

    first, second = await producer_store.read(slow_read)

    assert first == second == ["a"]
    assert await producer_store.read(ids) == ["a", "b"]


async def test_a_read_cannot_write(producer_store: Database) -> None:
    with pytest.raises(Exception, match=r"(?i)read-?only"):
        await producer_store.read(lambda tx: add(tx, "a"))

    assert await producer_store.read(ids) == []


async def test_a_result_that_is_never_read_to_its_end_does_not_freeze_later_reads(
    producer_store: Database,
) -> None:
    await producer_store.write(lambda tx: add(tx, "a"))
    await producer_store.write(lambda tx: add(tx, "b"))
    left_open: list[Any] = []

    async def careless(tx: Tx) -> None:
        result = await tx.execute(text("SELECT id FROM counter"))
        result.fetchone()
        left_open.append(result)

    for _ in range(4):
        await producer_store.read(careless)
    await producer_store.write(careless)
    await producer_store.write(lambda tx: add(tx, "c"))

    assert [await producer_store.read(ids) for _ in range(4)] == [["a", "b", "c"]] * 4


async def test_a_commit_long_after_its_guard_is_refused(producer_store: Database) -> None:
    async def guarded(tx: Tx, name: str, seconds: float) -> None:
        tx.rely_on_guard()
        await add(tx, name)
        let_guard_age(tx, seconds)
        tx.rely_on_guard()  # the oldest guard counts

    await producer_store.write(lambda tx: guarded(tx, "in-time", GUARD_TO_COMMIT_SECONDS - 2))
    with pytest.raises(GuardTooOld):
        await producer_store.write(lambda tx: guarded(tx, "late", GUARD_TO_COMMIT_SECONDS + 1))

    assert await producer_store.read(ids) == ["in-time"]


async def test_commands_on_a_stopped_store_are_refused_at_once(producer_store: Database) -> None:
    await producer_store.stop()

    with pytest.raises(StoreUnavailable):
        await producer_store.write(ids)
    with pytest.raises(StoreUnavailable):
        await producer_store.read(ids)


async def test_commands_that_race_a_stop_are_answered(producer_store: Database) -> None:
    writing = [asyncio.create_task(producer_store.write(partial(add, counter_id=f"{n}"))) for n in range(20)]
    await asyncio.sleep(0)
    stopping = asyncio.create_task(producer_store.stop())
    await asyncio.sleep(0)
    writing += [asyncio.create_task(producer_store.write(lambda tx: add(tx, "late"))) for _ in range(3)]

    answers = await asyncio.wait_for(asyncio.gather(*writing, return_exceptions=True), 10)

    await stopping
    assert all(isinstance(answer, StoreUnavailable) for answer in answers[20:])
    await producer_store.start()
    kept = await producer_store.read(ids)
    assert len(kept) == sum(answer is None for answer in answers[:20])


async def test_a_store_starts_again_after_it_was_stopped(producer_store: Database) -> None:
    await producer_store.write(lambda tx: add(tx, "a"))
    await producer_store.read(ids)

    for _ in range(2):
        await producer_store.stop()
        await producer_store.start()

    assert await producer_store.read(ids) == ["a"]
    await producer_store.write(lambda tx: add(tx, "b"))
    assert await producer_store.read(ids) == ["a", "b"]


async def test_a_cancelled_command_leaves_no_open_transaction(producer_store: Database) -> None:
    """Cancelled at every stage, from before BEGIN to after COMMIT: whatever is acknowledged later is kept."""
    for step in range(40):
        task = asyncio.create_task(producer_store.write(partial(move, f"x{step}")))
        await asyncio.sleep(step * 0.0002)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    for step in range(25):
        await asyncio.wait_for(producer_store.write(partial(move, f"y{step:02d}")), 5)

    await producer_store.stop()  # what only lived in an open transaction is gone now
    await producer_store.start()
    kept = await producer_store.read(totals)
    assert [name for name in kept if name.startswith("y")] == [f"y{n:02d}" for n in range(25)]

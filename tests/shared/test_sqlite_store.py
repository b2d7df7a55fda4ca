"""The embedded store: group commit, one process per file, a full disk, a killed process."""

import asyncio
import resource
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from shared.database import (
    GUARD_TO_COMMIT_SECONDS,
    GuardTooOld,
    Sql,
    StoreError,
    StoreFull,
    StoreInUse,
    Tx,
)
from shared.sqlite_store import MAX_COMMANDS_PER_COMMIT, SqliteDatabase
from shared.testing.crash import run_program, run_until_killed
from shared.testing.stores import from_metadata, let_guard_age, sqlite_store
from shared.testing.toy import toy_metadata

_ADD = Sql("INSERT INTO counter (id, total, steps) VALUES ($1, 0, $2)")
_IDS = Sql("SELECT id FROM counter ORDER BY id")
_CHILD = Sql("INSERT INTO child (parent) VALUES ('nobody')")
_BLOB = "x" * 9000


class Refused(Exception):
    """A domain refusal."""


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    async with sqlite_store(tmp_path, from_metadata(toy_metadata())) as database:
        yield database


async def add(name: str, tx: Tx, *, steps: str = "") -> str:
    await tx.fetch(_ADD, name, steps)
    return name


async def refuse(name: str, tx: Tx) -> None:
    await add(name, tx)
    raise Refused


async def ids(tx: Tx) -> list[str]:
    return [row[0] for row in await tx.fetch(_IDS)]


@contextmanager
def held_writer(store: SqliteDatabase) -> Iterator[None]:
    """Keep the writer busy, so that every command given inside waits for the same commit."""
    gate, busy = threading.Event(), threading.Event()

    async def hold(tx: Tx) -> None:
        busy.set()
        gate.wait(10)

    holding = asyncio.ensure_future(store.write(hold))
    try:
        yield
    finally:
        asyncio.get_running_loop().call_later(0.02, gate.set)
        holding.add_done_callback(lambda done: done.exception())


def commits(path: Path) -> int:
    """Transactions in the write-ahead log: frames that carry the database's size end one."""
    log = Path(f"{path}-wal").read_bytes()
    page = int.from_bytes(log[8:12], "big")
    frames = range(32, len(log), page + 24)
    return sum(log[at + 4 : at + 8] != b"\x00\x00\x00\x00" for at in frames)


def largest_file(path: Path) -> int:
    return max(Path(f"{path}{suffix}").stat().st_size for suffix in ("", "-wal"))


# -- group commit ---------------------------------------------------------------------------------------


async def test_waiting_commands_share_one_commit(store: SqliteDatabase) -> None:
    before = commits(store.path)

    with held_writer(store):
        writing = [asyncio.create_task(store.write(partial(add, f"c{n:02d}"))) for n in range(30)]
    answers = await asyncio.gather(*writing)

    assert answers == [f"c{n:02d}" for n in range(30)]
    assert await store.read(ids) == answers
    assert commits(store.path) - before == 1


async def test_a_batch_is_bounded(store: SqliteDatabase) -> None:
    before = commits(store.path)

    with held_writer(store):
        writing = [
            asyncio.create_task(store.write(partial(add, f"c{n:03d}")))
            for n in range(2 * MAX_COMMANDS_PER_COMMIT + 1)
        ]
    await asyncio.gather(*writing)

    assert commits(store.path) - before == 3


async def test_a_refused_command_does_not_harm_those_in_the_same_commit(store: SqliteDatabase) -> None:
    with held_writer(store):
        writing: list[asyncio.Task[Any]] = [asyncio.create_task(store.write(partial(add, "a")))]
        writing.append(asyncio.create_task(store.write(partial(refuse, "b"))))
        writing.append(asyncio.create_task(store.write(partial(add, "a"))))  # a second "a" breaks the key
        writing.append(asyncio.create_task(store.write(partial(add, "c"))))
    first, refused, broken, last = await asyncio.gather(*writing, return_exceptions=True)

    assert (first, last) == ("a", "c")
    assert isinstance(refused, Refused)
    assert isinstance(broken, sqlite3.IntegrityError)
    assert await store.read(ids) == ["a", "c"]


@pytest.mark.parametrize("seconds", [0, 0.01])
async def test_a_command_that_waits_for_something_else_fails_alone(
    store: SqliteDatabase, seconds: float
) -> None:
    async def waits(tx: Tx) -> None:
        await add("w", tx)
        await asyncio.sleep(seconds)

    with held_writer(store):
        waiting = asyncio.create_task(store.write(waits))
        good = asyncio.create_task(store.write(partial(add, "a")))

    with pytest.raises(RuntimeError, match=r"other than its own store|no running event loop"):
        await waiting
    assert await good == "a"
    assert await store.read(ids) == ["a"]


async def test_a_commit_that_fails_fails_every_command_in_it(store: SqliteDatabase) -> None:
    hooks: list[str] = []
    await store.write(
        lambda tx: tx.fetch(
            Sql(
                "CREATE TABLE child (parent TEXT NOT NULL REFERENCES counter (id) DEFERRABLE INITIALLY DEFERRED)"
            )
        )
    )

    async def orphan(tx: Tx) -> None:
        await tx.fetch(_CHILD)  # breaks the deferred key: only COMMIT notices

    async def hooked(name: str, tx: Tx) -> None:
        tx.after_commit(lambda: hooks.append(name))
        tx.announce()
        await add(name, tx)

    store.on_announced = lambda: hooks.append("announced")
    with held_writer(store):
        writing = [
            asyncio.create_task(store.write(partial(hooked, "a"))),
            asyncio.create_task(store.write(orphan)),
            asyncio.create_task(store.write(partial(hooked, "b"))),
        ]
    answers = await asyncio.gather(*writing, return_exceptions=True)

    assert [type(answer) for answer in answers] == [sqlite3.IntegrityError] * 3
    assert hooks == []
    assert await store.read(ids) == []
    assert await store.write(partial(add, "later")) == "later"


async def test_a_guard_that_grew_too_old_fails_alone(store: SqliteDatabase) -> None:
    async def guarded(name: str, seconds: float, tx: Tx) -> str:
        tx.rely_on_guard()
        await add(name, tx)
        let_guard_age(tx, seconds)
        return name

    with held_writer(store):
        writing = [
            asyncio.create_task(store.write(partial(guarded, "old", GUARD_TO_COMMIT_SECONDS + 1))),
            asyncio.create_task(store.write(partial(guarded, "young", 0.0))),
            asyncio.create_task(store.write(partial(add, "no-guard"))),
        ]
    old, young, unguarded = await asyncio.gather(*writing, return_exceptions=True)

    assert isinstance(old, GuardTooOld)
    assert (young, unguarded) == ("young", "no-guard")
    assert await store.read(ids) == ["no-guard", "young"]


async def test_a_caller_who_stops_waiting_does_not_disturb_the_others(store: SqliteDatabase) -> None:
    with held_writer(store):
        gone = asyncio.create_task(store.write(partial(add, "gone")))
        stays = asyncio.create_task(store.write(partial(add, "stays")))
        await asyncio.sleep(0)
        gone.cancel()

    assert await stays == "stays"
    assert gone.cancelled()


async def test_commands_keep_the_order_in_which_they_were_given(store: SqliteDatabase) -> None:
    ran: list[int] = []

    async def note(number: int, tx: Tx) -> None:
        ran.append(number)

    await asyncio.gather(*(store.write(partial(note, n)) for n in range(200)))

    assert ran == list(range(200))


# -- one process per file ---------------------------------------------------------------------------------


async def test_a_second_open_of_the_file_is_refused(store: SqliteDatabase) -> None:
    second = SqliteDatabase(store.path)

    with pytest.raises(StoreInUse):
        await second.start()

    assert await store.write(partial(add, "a")) == "a"


async def test_a_link_to_the_file_is_the_same_file(store: SqliteDatabase, tmp_path: Path) -> None:
    link = tmp_path / "link.sqlite3"
    link.symlink_to(store.path)

    with pytest.raises(StoreInUse):
        await SqliteDatabase(link).start()


_OPEN = """
import asyncio, sys
from pathlib import Path
from shared.database import StoreInUse
from shared.sqlite_store import SqliteDatabase
async def main():
    database = SqliteDatabase(Path(sys.argv[1]))
    try:
        await database.start()
    except StoreInUse:
        print("in use")
    else:
        print("opened")
        await database.stop()
asyncio.run(main())
"""


async def test_a_second_process_is_refused_until_the_first_has_stopped(store: SqliteDatabase) -> None:
    assert await run_program(_OPEN, str(store.path)) == (0, ["in use"])

    await store.stop()

    assert await run_program(_OPEN, str(store.path)) == (0, ["opened"])


async def test_a_file_that_is_no_database_is_refused_and_set_free(tmp_path: Path) -> None:
    path = tmp_path / "letter.sqlite3"
    path.write_text("Dear trial office, " * 100)

    for _ in range(2):  # the second time it is not "in use"
        with pytest.raises(Exception, match="not a database"):
            await SqliteDatabase(path).start()


# -- a full disk ------------------------------------------------------------------------------------------


async def limit_pages(store: SqliteDatabase, more: int) -> None:
    async def limit(tx: Tx) -> None:
        pages = (await tx.fetch(Sql("PRAGMA page_count")))[0][0]
        await tx.fetch(Sql(f"PRAGMA max_page_count={pages + more}"))

    await store.write(limit)


async def fill(store: SqliteDatabase) -> list[str]:
    """Add rows until the disk is full; return what was acknowledged."""
    kept: list[str] = []
    with pytest.raises(StoreFull):  # noqa: PT012 (which one fails is not known before)
        for number in range(10_000):
            kept.append(await store.write(partial(add, f"c{number:04d}", steps=_BLOB)))
    return kept


async def test_a_full_disk_refuses_commands_and_keeps_what_was_acknowledged(store: SqliteDatabase) -> None:
    await limit_pages(store, 20)

    kept = await fill(store)

    assert kept
    assert await store.read(ids) == kept
    await limit_pages(store, 1000)
    assert await store.write(partial(add, "later", steps=_BLOB)) == "later"


async def test_a_command_that_swallows_a_full_disk_is_undone_as_a_whole(store: SqliteDatabase) -> None:
    """SQLite undoes the transaction by itself: what a careless command does next must not stand alone."""
    await limit_pages(store, 4)

    async def careless(tx: Tx) -> str:
        await add("before", tx)
        try:
            async with tx.savepoint():
                await add("too-much", tx, steps=_BLOB * 10)
        except Exception:
            failed = True
        try:
            await add("after", tx)
        except StoreError:
            assert failed
        return "done"

    with pytest.raises(StoreFull):
        await store.write(careless)

    assert await store.read(ids) == []
    assert await store.write(partial(add, "small")) == "small"


async def test_no_neighbour_of_a_command_that_met_a_full_disk_is_told_of_success(
    store: SqliteDatabase,
) -> None:
    await limit_pages(store, 4)

    with held_writer(store):
        writing = [
            asyncio.create_task(store.write(partial(add, "a"))),
            asyncio.create_task(store.write(partial(add, "huge", steps=_BLOB * 10))),
            asyncio.create_task(store.write(partial(add, "b"))),
        ]
    answers = await asyncio.gather(*writing, return_exceptions=True)

    acknowledged = [answer for answer in answers if isinstance(answer, str)]
    assert isinstance(answers[1], StoreFull)
    assert await store.read(ids) == acknowledged


async def test_a_file_size_limit_at_commit_is_a_full_disk(store: SqliteDatabase) -> None:
    size = largest_file(store.path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 200_000, hard))
    try:
        kept = await fill(store)
        with pytest.raises(StoreFull):
            await store.write(partial(add, "again", steps=_BLOB * 30))
        assert await store.read(ids) == kept
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert await store.write(partial(add, "later")) == "later"
    assert await store.read(ids) == [*kept, "later"]


# -- a killed process -------------------------------------------------------------------------------------

_WRITE = """
import asyncio, sys
from pathlib import Path
from shared.database import Sql
from shared.sqlite_store import SqliteDatabase
ADD = Sql("INSERT INTO counter (id, total, steps) VALUES ($1, 0, '')")
async def main():
    database = SqliteDatabase(Path(sys.argv[1]))
    await database.start()
    for number in range(50):
        await database.write(lambda tx: tx.fetch(ADD, f"c{number:02d}"))
        print(f"c{number:02d}")
asyncio.run(main())
"""


@pytest.mark.parametrize(("failpoint", "unacknowledged"), [("pre_commit:7", 0), ("post_commit:7", 1)])
async def test_a_killed_process_keeps_every_acknowledged_command(
    store: SqliteDatabase, failpoint: str, unacknowledged: int
) -> None:
    await store.stop()

    acknowledged = await run_until_killed(_WRITE, str(store.path), failpoint=failpoint)

    await store.start()  # the dead process's claim to the file died with it
    kept = await store.read(ids)
    assert len(acknowledged) == 6
    assert kept[: len(acknowledged)] == acknowledged
    assert len(kept) == len(acknowledged) + unacknowledged

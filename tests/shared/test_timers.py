"""Due work: bounded, fenced, noted, and not stopped by one timer that fails."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from shared.act import Act
from shared.database import Database, Sql, StoreUnavailable, Tx
from shared.domain_clock import DemonstrationClock, RealDomainClock
from shared.ids import new_id
from shared.leadership import LeadershipLost
from shared.testing.stores import wait_until
from shared.testing.toy import move_counter, totals
from shared.timers import DoDue, Timer, TimerLoop, ran_until


class Due:
    """Some work that is due, done in steps."""

    def __init__(self, name: str, amount: int = 0, step: int = 10) -> None:
        self.name = name
        self.amount = amount
        self.step = step
        self.steps: list[int] = []
        self.acts: list[Act] = []
        self.fault: Exception | None = None

    async def do(self, tx: Tx, act: Act) -> int:
        self.acts.append(act)
        if self.fault is not None:
            raise self.fault
        done = min(self.step, self.amount)
        self.amount -= done
        self.steps.append(done)
        if done:
            await move_counter(tx, act, self.name, done)
        return done

    @property
    def timer(self) -> Timer:
        return Timer(name=self.name, do_due=self.do)


def loop_of(database: Database, *timers: Timer, holder: str = "test", period: float = 0.02) -> TimerLoop:
    return TimerLoop(
        service="alpha",
        timers=timers,
        database=database,
        domain_clock=RealDomainClock(),
        new_id=new_id,
        holder=holder,
        period_seconds=period,
    )


@asynccontextmanager
async def running(loop: TimerLoop) -> AsyncIterator[None]:
    task = asyncio.create_task(loop.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def lead(loop: TimerLoop, database: Database) -> None:
    loop._epoch = await database.write(loop._take_over)


async def noted(database: Database) -> datetime | None:
    return await database.read(lambda tx: ran_until(tx, "alpha"))


async def test_due_work_is_done_in_bounded_steps_until_none_is_left(producer_store: Database) -> None:
    due = Due("a", amount=25)
    loop = loop_of(producer_store, due.timer)
    await lead(loop, producer_store)

    await loop.turn()

    assert due.steps == [10, 10, 5, 0]
    assert (await producer_store.read(totals))["a"][0] == 25


async def test_a_turn_notes_the_time_up_to_which_everything_was_done(producer_store: Database) -> None:
    loop = loop_of(producer_store, Due("a", amount=3).timer)
    await lead(loop, producer_store)
    assert await noted(producer_store) is None
    before = datetime.now(UTC)

    await loop.turn()

    until = await noted(producer_store)
    assert until is not None
    assert before <= until <= datetime.now(UTC)


async def test_what_became_due_during_a_turn_is_not_claimed_to_be_done(producer_store: Database) -> None:
    seen: list[datetime] = []

    async def look(tx: Tx, act: Act) -> int:
        seen.append(act.now)
        return 0

    loop = loop_of(producer_store, Timer(name="look", do_due=look))
    await lead(loop, producer_store)

    await loop.turn()

    until = await noted(producer_store)
    assert until is not None
    assert until <= seen[0]


async def test_a_timer_that_fails_does_not_hold_up_the_others_and_is_tried_again(
    producer_store: Database,
) -> None:
    first, broken, last = Due("a", 12), Due("b", 12), Due("c", 12)
    broken.fault = ValueError("planted")
    loop = loop_of(producer_store, first.timer, broken.timer, last.timer)
    await lead(loop, producer_store)

    await loop.turn()
    assert (first.amount, broken.amount, last.amount) == (0, 12, 0)
    assert await noted(producer_store) is None  # not everything was done

    broken.fault = None
    await loop.turn()
    assert broken.amount == 0
    assert await noted(producer_store) is not None


async def test_a_timer_with_endless_work_does_not_keep_the_others_waiting(producer_store: Database) -> None:
    endless, other = Due("a", 10**9, step=1), Due("b", 5)
    loop = loop_of(producer_store, endless.timer, other.timer)
    await lead(loop, producer_store)

    turn = asyncio.create_task(loop.turn())
    await wait_until(lambda: other.amount == 0, what="the other timer")

    turn.cancel()
    await asyncio.gather(turn, return_exceptions=True)
    assert len(endless.steps) < 100


async def test_a_step_that_fails_leaves_nothing_behind(producer_store: Database) -> None:
    async def half(tx: Tx, act: Act) -> int:
        await move_counter(tx, act, "a", 1)
        raise ValueError("planted")

    loop = loop_of(producer_store, Timer(name="half", do_due=half))
    await lead(loop, producer_store)

    await loop.turn()

    assert await producer_store.read(totals) == {}


async def test_a_leader_that_was_overtaken_writes_nothing(producer_store: Database) -> None:
    old_work, new_work = Due("a", 5), Due("b", 5)
    old, new = loop_of(producer_store, old_work.timer), loop_of(producer_store, new_work.timer, holder="new")
    await lead(old, producer_store)
    await lead(new, producer_store)

    with pytest.raises(LeadershipLost):
        await old.turn()
    await new.turn()

    assert old_work.acts == []
    assert set(await producer_store.read(totals)) == {"b"}


async def test_a_leader_overtaken_between_two_steps_stops_before_the_second(producer_store: Database) -> None:
    due = Due("a", 30)
    new = loop_of(producer_store, holder="new")
    plain = due.do

    async def then_overtaken(tx: Tx, act: Act) -> int:
        if len(due.steps) == 1:
            tx.after_commit(lambda: None)
        return await plain(tx, act)

    loop = loop_of(producer_store, Timer(name="a", do_due=then_overtaken))
    await lead(loop, producer_store)
    await producer_store.write(lambda tx: loop._fenced(then_overtaken, tx))
    await lead(new, producer_store)

    with pytest.raises(LeadershipLost):
        await producer_store.write(lambda tx: loop._fenced(then_overtaken, tx))
    await producer_store.write(lambda tx: loop._note(tx, datetime.now(UTC)))

    assert due.steps == [10]
    assert await noted(producer_store) is None


async def test_a_running_loop_goes_on_after_every_kind_of_failure(producer_store: Database) -> None:
    due = Due("a", 3)
    faults: list[Exception] = [StoreUnavailable("away"), ValueError("planted"), LeadershipLost("other")]

    async def flaky(tx: Tx, act: Act) -> int:
        if faults:
            raise faults.pop(0)
        return await due.do(tx, act)

    async with running(loop_of(producer_store, Timer(name="flaky", do_due=flaky))):
        await wait_until(lambda: due.amount == 0, what="the work")

    assert faults == []


async def test_a_woken_loop_looks_at_once(producer_store: Database) -> None:
    due = Due("a")
    loop = loop_of(producer_store, due.timer, period=30)
    async with running(loop):
        await wait_until(lambda: due.steps == [0], what="the first turn")
        due.amount = 1
        loop.wake()
        await wait_until(lambda: due.amount == 0, seconds=2, what="the second turn")


async def test_a_restart_changes_nothing(producer_store: Database) -> None:
    due = Due("a", 25)
    first = loop_of(producer_store, due.timer)
    await lead(first, producer_store)
    await producer_store.write(lambda tx: first._fenced(due.do, tx))  # and then the process died

    async def all_done() -> bool:
        return (await producer_store.read(totals))["a"][0] == 25

    async with running(loop_of(producer_store, due.timer, holder="second")):
        await wait_until(all_done, what="the rest")

    epochs = await producer_store.read(lambda tx: tx.fetch(Sql("SELECT epoch, holder FROM work_leader")))
    assert [tuple(row) for row in epochs] == [(2, "second")]


async def test_timers_run_on_domain_time(producer_store: Database) -> None:
    clock = DemonstrationClock()
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    await producer_store.write(lambda tx: clock.move_to(tx, tomorrow))
    seen: list[Act] = []

    async def look(tx: Tx, act: Act) -> int:
        seen.append(act)
        return 0

    look_due: DoDue = look
    loop = TimerLoop(
        service="alpha",
        timers=[Timer(name="look", do_due=look_due)],
        database=producer_store,
        domain_clock=clock,
        new_id=new_id,
        holder="test",
    )
    await lead(loop, producer_store)
    await loop.turn()

    (act,) = seen
    assert act.demonstration
    assert act.now >= tomorrow > act.received_at
    until = await noted(producer_store)
    assert until is not None
    assert until >= tomorrow


async def test_a_loop_that_is_woken_and_stopped_at_the_same_moment_stops(producer_store: Database) -> None:
    loop = loop_of(producer_store, period=30)
    task = asyncio.create_task(loop.run())
    await wait_until(lambda: loop._wakeup._waiters, what="waiting")

    loop.wake()
    task.cancel()

    done, _ = await asyncio.wait([task], timeout=3)
    assert task in done

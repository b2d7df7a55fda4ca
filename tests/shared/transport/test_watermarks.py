"""A watermark comes after the rows it speaks of."""

from shared.testing.stores import wait_until
from tests.shared.transport.log import Log, Target, delivering, marks_at, names


async def test_a_watermark_comes_after_the_rows_it_speaks_of_and_before_any_later_one() -> None:
    log, target = Log(8), Target()
    async with delivering(log, target) as transport:
        target.failing = True
        await wait_until(lambda: target.failures > 0)
        await transport.watermark("alpha", marks_at(5))  # three later rows lie in the same batch
        target.failing = False
        await wait_until(lambda: target.events() == 8)

    assert target.batches == [([*names(1, 5), "w5"], 5), (names(6, 8), 8)]


async def test_a_watermark_at_the_position_is_delivered_at_once() -> None:
    log, target = Log(3), Target()
    async with delivering(log, target) as transport:
        await wait_until(lambda: target.events() == 3)
        await transport.watermark("alpha", marks_at(3, partitions=6))
        await wait_until(lambda: len(target.got()) == 9)

    assert target.batches[-1] == (["w3"] * 6, 3)


async def test_a_watermark_that_was_passed_is_dropped() -> None:
    """Later rows went out first: with them its counts are no longer the partition's."""
    log, target = Log(5), Target()
    async with delivering(log, target) as transport:
        await wait_until(lambda: target.events() == 5)
        await transport.watermark("alpha", marks_at(4))
        await transport.watermark("alpha", marks_at(5))
        await wait_until(lambda: len(target.got()) == 6)

    assert target.got() == [*names(1, 5), "w5"]


async def test_of_the_watermarks_that_cannot_be_reached_yet_the_next_and_the_newest_are_kept() -> None:
    log, target = Log(9), Target()
    async with delivering(log, target) as transport:
        target.failing = True
        await wait_until(lambda: target.failures > 0)
        for pub_seq in (2, 4, 6, 8):
            await transport.watermark("alpha", marks_at(pub_seq))
        target.failing = False
        await wait_until(lambda: target.events() == 9)

    assert target.got() == [*names(1, 2), "w2", *names(3, 8), "w8", "9"]


async def test_watermarks_of_an_idle_producer_go_on() -> None:
    log, target = Log(0), Target()
    async with delivering(log, target) as transport:
        for count in (1, 2, 3):
            await transport.watermark("alpha", marks_at(0))
            await wait_until(lambda count=count: len(target.got()) == count)  # type: ignore[misc]

    assert target.got() == ["w0"] * 3


async def test_no_watermarks_are_no_work() -> None:
    async with delivering(Log(0), Target()) as transport:
        await transport.watermark("alpha", [])

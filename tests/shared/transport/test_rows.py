"""Direct delivery: the outbox as the log, a loop and a position per consumer."""

from shared.testing.stores import wait_until
from shared.testing.toy import TOPIC
from shared.transport import BATCH, DirectTransport
from shared.watermarks import to_record
from tests.shared.transport.log import Log, Target, delivering, names


async def test_published_rows_are_delivered_in_order_and_the_position_moves() -> None:
    log, target = Log(3), Target()
    async with delivering(log, target) as transport:
        await wait_until(lambda: target.events() == 3)
        log.last = 5
        transport.marked(TOPIC)
        await wait_until(lambda: target.events() == 5)

    assert target.batches == [(names(1, 3), 3), (names(4, 5), 5)]


async def test_a_long_log_comes_in_bounded_batches() -> None:
    log, target = Log(2 * BATCH + 7), Target()
    async with delivering(log, target):
        await wait_until(lambda: target.events() == log.last)

    assert [len(batch) for batch, _ in target.batches] == [BATCH, BATCH, 7]


async def test_delivery_goes_on_from_the_stored_position() -> None:
    target = Target(position=7)
    async with delivering(Log(9), target):
        await wait_until(lambda: target.events() == 2)

    assert target.got() == names(8, 9)


async def test_a_producer_behind_the_stored_position_is_read_from_its_beginning() -> None:
    """Its store was restored: with the old position its new rows would be skipped for ever."""
    target = Target(position=7)
    async with delivering(Log(4), target):
        await wait_until(lambda: target.events() == 4)

    assert target.got() == names(1, 4)
    assert target.position == 4


async def test_a_consumer_that_is_stopped_gets_what_it_missed_once_it_is_started_again() -> None:
    log, stopped, well = Log(3), Target("gamma"), Target("beta")
    async with delivering(log, stopped, well) as transport:
        await wait_until(lambda: stopped.events() == well.events() == 3)
        await transport.stop("gamma")
        log.last = 6
        transport.marked(TOPIC)
        await wait_until(lambda: well.events() == 6)
        assert stopped.events() == 3

        transport.start("gamma")
        await wait_until(lambda: stopped.events() == 6, what="its return")

    assert stopped.got() == well.got() == names(1, 6)


async def test_a_failing_consumer_delays_itself_only() -> None:
    log, broken, well = Log(3), Target("gamma"), Target("beta")
    broken.failing = True
    async with delivering(log, broken, well) as transport:
        await wait_until(lambda: well.events() == 3 and broken.failures >= 2)
        log.last = 6
        transport.marked(TOPIC)
        await wait_until(lambda: well.events() == 6)
        assert broken.batches == []

        broken.failing = False
        await wait_until(lambda: broken.events() == 6, what="its return")

    assert broken.got() == names(1, 6)


async def test_a_producer_that_cannot_be_read_is_tried_again() -> None:
    log, target = Log(2), Target()
    log.unreadable = 2

    async with delivering(log, target):
        await wait_until(lambda: target.events() == 2)

    assert log.unreadable == 0


async def test_a_cleared_position_is_read_from_the_beginning_again() -> None:
    log, target = Log(4), Target()
    async with delivering(log, target) as transport:
        await wait_until(lambda: target.events() == 4)
        transport.rewind(TOPIC, "gamma")
        transport.rewind(TOPIC, "beta")
        await wait_until(lambda: target.events() == 8)

    assert target.got() == names(1, 4) * 2


async def test_closing_ends_every_loop() -> None:
    log, target = Log(1), Target()
    transport = DirectTransport(to_record)
    transport.connect(TOPIC, log, target)
    transport.start()
    await wait_until(lambda: target.events() == 1)

    await transport.close()
    log.last = 2
    transport.marked(TOPIC)
    witness = Target("witness")
    async with delivering(log, witness):
        await wait_until(lambda: witness.events() == 2)

    assert target.events() == 1  # it would have come before the witness

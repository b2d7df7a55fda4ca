"""A replay reaches who asked for it, after what is new."""

import asyncio

import pytest

from shared.testing.stores import wait_until
from shared.testing.toy import TOPIC
from shared.transport import TransportFailed
from tests.shared.transport.log import Log, Target, delivering, outgoing


async def test_a_replay_reaches_the_named_consumer_and_moves_no_position() -> None:
    log, named, other = Log(2), Target("beta"), Target("gamma")
    async with delivering(log, named, other) as transport:
        await wait_until(lambda: named.events() == other.events() == 2)
        await transport.republish(outgoing(1), "beta")
        await wait_until(lambda: named.events() == 3)
        await transport.republish(outgoing(2), None)
        await wait_until(lambda: named.events() == 4 and other.events() == 3)

    assert named.batches[1:] == [(["1"], None), (["2"], None)]


async def test_new_rows_go_before_a_replay_that_waits() -> None:
    log, target = Log(2), Target()
    async with delivering(log, target) as transport:
        await wait_until(lambda: target.events() == 2)
        target.failing = True
        await transport.republish(outgoing(1), None)
        await wait_until(lambda: target.failures > 0)
        log.last = 3
        transport.marked(TOPIC)
        target.failing = False
        await wait_until(lambda: target.events() == 4)

    assert target.got() == ["1", "2", "3", "1"]


async def test_a_consumer_that_takes_no_replays_is_not_waited_for() -> None:
    log, target = Log(1), Target()
    async with delivering(log, target) as transport:
        await wait_until(lambda: target.events() == 1)
        target.failing = True

        for _ in range(2):
            await asyncio.wait_for(transport.republish(outgoing(1), None), 1)
        with pytest.raises(TransportFailed):
            await asyncio.wait_for(transport.republish(outgoing(1), None), 1)

"""Bad events among good ones, and how a fault of our own is told from them."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from shared.clock import server_now
from shared.consumer import Received
from shared.database import Database, Tx
from shared.inbox import FaultIsOurs, Inbox
from shared.testing.delivery import toy_inbox
from shared.testing.records import RecordMaker
from shared.testing.toy import TOPIC, copy_counter
from tests.shared.inbox.reading import INBOX, PARKED, copies, count, positions, with_react


async def test_when_most_events_fail_the_fault_is_ours_and_nothing_is_parked(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    records = [make.event(f"c{n}", 1, step=-1 if n % 3 else 1) for n in range(12)]

    for _ in range(2):
        with pytest.raises(FaultIsOurs):
            await inbox.receive(records)

    assert await copies(consumer_store) == {}
    assert await count(consumer_store, PARKED) == 0
    assert await count(consumer_store, INBOX) == 0


async def test_a_few_bad_events_alone_are_not_our_fault(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    await inbox.receive([make.event(f"c{n}", 1, step=-1) for n in range(9)])

    assert await count(consumer_store, PARKED) == 9


async def test_events_of_a_newer_producer_are_not_our_fault(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    """Many of an unknown type and one poison: each parks for its own reason, and the rest flows."""
    unknown = [make.event(f"u{n}", 1, event_type="alpha.counter.moved.v2") for n in range(20)]

    await inbox.receive([*unknown, make.event("p", 1, step=-1), make.event("good", 1)])

    assert await count(consumer_store, PARKED) == 21
    assert await copies(consumer_store) == {"good": (1, "1,")}


async def test_one_poison_in_five_hundred_is_found_by_halves(
    consumer_store: Database, make: RecordMaker
) -> None:
    tried = 0

    async def project(tx: Tx, events: Sequence[Received[Any]]) -> None:
        nonlocal tried
        tried += 1
        await copy_counter(tx, events)

    inbox = toy_inbox(consumer_store, consumer=with_react(None, project))
    await inbox.prepare()
    records = [make.event(f"c{n:03d}", 1, step=-1 if n == 317 else n) for n in range(500)]

    await inbox.receive(records)

    kept = await copies(consumer_store)
    assert len(kept) == 499
    assert "c317" not in kept
    assert await count(consumer_store, PARKED) == 1
    assert await count(consumer_store, INBOX) == 500
    assert tried < 40  # twice per halving, not once per record


async def test_a_poison_and_its_batch_move_the_position_and_the_watermark(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    records = [make.event("p", 1, step=-1), *make.run("a", 3)]
    make.count(records[0])

    await inbox.receive([*records, *make.watermarks(server_now())], delivered=4)

    assert await inbox.delivery_position(TOPIC) == 4
    assert {position.state for position in await positions(consumer_store)} == {"ok"}


async def test_a_cancelled_reception_leaves_nothing_half_done(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    records = make.run("a", 20)
    for step in range(10):
        task = asyncio.create_task(inbox.receive(records))
        await asyncio.sleep(step * 0.001)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    await inbox.receive([*records, *make.watermarks(server_now())])

    assert await copies(consumer_store) == {"a": (210, "".join(f"{n}," for n in range(1, 21)))}
    assert {position.state for position in await positions(consumer_store)} == {"ok"}

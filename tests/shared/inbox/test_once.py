"""Receiving: each event once, counted once, whatever comes twice, late, or to two members at a time."""

import asyncio
from dataclasses import replace
from random import Random

import pytest

from shared.clock import server_now
from shared.database import Database, StoreUnavailable
from shared.inbox import Inbox
from shared.partitions import PARTITIONS, partition_of
from shared.testing.delivery import toy_inbox
from shared.testing.records import RecordMaker
from shared.testing.sim_broker import SimBroker
from shared.testing.toy import COUNTERS, TOPIC
from tests.shared.inbox.reading import INBOX, PARKED, always_unavailable, copies, count, positions, with_react


async def test_events_take_effect_in_order_and_are_counted(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    await inbox.receive([*make.run("a", 3), *make.run("b", 2), *make.watermarks(server_now())])

    assert await copies(consumer_store) == {"a": (6, "1,2,3,"), "b": (3, "1,2,")}
    assert {position.state for position in await positions(consumer_store)} == {"ok"}
    assert (await positions(consumer_store))[partition_of("scope-1")].n == 5


async def test_a_duplicate_in_one_batch_is_a_repeat(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    one, two, three = make.run("a", 3)

    await inbox.receive([one, one, two, one, three, two, *make.watermarks(server_now())])

    assert await copies(consumer_store) == {"a": (6, "1,2,3,")}
    assert {position.state for position in await positions(consumer_store)} == {"ok"}


async def test_a_duplicate_in_a_later_batch_is_a_repeat(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    records = make.run("a", 3)

    for _ in range(3):
        await inbox.receive(records)
    await inbox.receive([records[2], make.event("a", 4, step=4), records[0]])

    assert await copies(consumer_store) == {"a": (10, "1,2,3,4,")}
    assert await count(consumer_store, INBOX) == 4
    assert await count(consumer_store, PARKED) == 0


async def test_the_same_record_at_another_place_is_a_repeat(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    (record,) = make.run("a", 1)

    await inbox.receive([record, replace(record, position=77)])
    await inbox.receive([replace(record, position=99)])

    assert await copies(consumer_store) == {"a": (1, "1,")}
    metric = inbox._metrics.inbox_repeats_total.labels("beta")
    assert metric._value.get() == 2


async def test_two_members_that_receive_the_same_events_at_once_apply_them_once(
    consumer_store: Database, make: RecordMaker
) -> None:
    """A rebalance in which the old member still works: both hold overlapping batches."""
    members = [toy_inbox(consumer_store) for _ in range(3)]
    await members[0].prepare()
    records = [record for n in range(6) for record in make.run(f"c{n}", 10, scope=f"scope-{n}")]
    batches = [records[start : start + 20] for start in range(0, 60, 10)]

    async def take(member: Inbox, rng: Random) -> None:
        for batch in rng.sample(batches, k=len(batches)):
            await member.receive(batch)

    await asyncio.gather(*(take(member, Random(n)) for n, member in enumerate(members)))
    await members[0].receive(make.watermarks(server_now()))

    assert await copies(consumer_store) == {f"c{n}": (55, "1,2,3,4,5,6,7,8,9,10,") for n in range(6)}
    assert await count(consumer_store, INBOX) == 60
    assert await count(consumer_store, PARKED) == 0
    assert {position.state for position in await positions(consumer_store)} == {"ok"}


async def test_a_crash_between_effect_and_offset_delivers_again_and_applies_once(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    broker = SimBroker(Random(1))
    for record in [*make.run("a", 30), *make.run("b", 30, scope="scope-2"), *make.watermarks(server_now())]:
        broker.append(record)

    for limit in (7, 13, 500):
        await broker.deliver("beta", inbox, TOPIC, limit=limit, commit=False)
    await broker.deliver("beta", inbox, TOPIC, limit=10)
    await broker.deliver("beta", inbox, TOPIC, commit=False)
    await broker.deliver_all("beta", inbox, TOPIC)

    assert {total for total, _ in (await copies(consumer_store)).values()} == {465}
    assert {position.state for position in await positions(consumer_store)} == {"ok"}


async def test_two_consumers_in_one_store_do_not_share_anything(
    consumer_store: Database, make: RecordMaker
) -> None:
    mine = toy_inbox(consumer_store)
    theirs = toy_inbox(consumer_store, consumer=replace(COUNTERS, consumer="gamma"))
    for inbox in (mine, theirs):
        await inbox.prepare()
    records = make.run("a", 2)

    await mine.receive(records)
    await theirs.receive(records)

    assert await copies(consumer_store) == {"a": (6, "1,2,1,2,")}


async def test_ignored_events_are_counted_and_keep_their_place(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    named = make.event("a", 2, event_type="alpha.counter.named.v1", value=b"whatever")
    records = [make.event("a", 1), named, make.event("a", 3)]
    for record in records:
        make.count(record)

    await inbox.receive([*records, *make.watermarks(server_now())])

    assert await copies(consumer_store) == {"a": (2, "1,1,")}
    assert {position.state for position in await positions(consumer_store)} == {"ok"}


async def test_an_empty_batch_is_nothing(inbox: Inbox, consumer_store: Database) -> None:
    await inbox.receive([])
    await inbox.receive([], delivered=5)

    assert await inbox.delivery_position(TOPIC) == 5


async def test_the_delivery_position_moves_with_the_batch_or_not_at_all(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    await inbox.receive(make.run("a", 2), delivered=2)
    assert await inbox.delivery_position(TOPIC) == 2

    broken = toy_inbox(consumer_store, consumer=with_react(always_unavailable), retry_seconds=0)
    with pytest.raises(StoreUnavailable):
        await broken.receive([make.event("a", 3)], delivered=3)
    assert await inbox.delivery_position(TOPIC) == 2

    await inbox.rewind_delivery(TOPIC)
    assert await inbox.delivery_position(TOPIC) == 0


async def test_a_watermark_counts_the_events_before_it_and_not_those_behind_it(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    first = make.run("a", 2)
    early = make.watermarks(server_now())
    later = make.event("a", 3)
    make.count(later)

    await inbox.receive([*first, *early, later])

    position = (await positions(consumer_store))[partition_of("scope-1")]
    assert (position.state, position.matched_n, position.n) == ("ok", 2, 3)


async def test_records_of_a_partition_that_does_not_exist_are_harmless(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    stray = replace(make.watermarks(server_now())[0], partition=PARTITIONS + 3)

    await inbox.receive([stray, replace(make.event("a", 1), partition=PARTITIONS)])

    assert await copies(consumer_store) == {}


async def test_preparing_again_changes_nothing(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    await inbox.receive([*make.run("a", 2), *make.watermarks(server_now())])
    before = await positions(consumer_store)

    await inbox.prepare()

    assert await positions(consumer_store) == before

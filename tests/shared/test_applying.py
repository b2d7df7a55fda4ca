"""Aggregates that are not in order: gaps that heal, poison that parks, people who release and discard."""

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from shared import ordering, parked
from shared.act import Act
from shared.clock import server_now
from shared.consumer import Consumer, Effect, Parked, Projections, Received
from shared.database import Database, Sql, Tx
from shared.envelope import Record
from shared.inbox import Inbox
from shared.parked import ParkedRow
from shared.testing.delivery import toy_inbox
from shared.testing.records import RecordMaker
from shared.testing.toy import COUNTERS, CounterMoved, copy_counter, totals
from shared.watermarks import all_positions


class Mood:
    """What the handler cannot do today."""

    def __init__(self) -> None:
        self.broken: set[str] = set()
        self.told: list[Parked] = []

    async def project(self, tx: Tx, events: Sequence[Received[Any]]) -> None:
        for event in events:
            if f"{event.envelope.subject}{event.envelope.sequence}" in self.broken:
                raise ValueError("not today")
        await copy_counter(tx, events)

    async def on_parked(self, tx: Tx, act: Act, told: Parked) -> None:
        self.told.append(told)

    def reasons(self) -> list[str]:
        return [told.reason for told in self.told]


@pytest.fixture
def mood() -> Mood:
    return Mood()


@pytest.fixture
def make() -> RecordMaker:
    return RecordMaker()


@pytest.fixture
async def inbox(consumer_store: Database, mood: Mood) -> Inbox:
    inbox = make_inbox(consumer_store, mood)
    await inbox.prepare()
    return inbox


def make_inbox(database: Database, mood: Mood, *, known: Sequence[str] = ()) -> Inbox:
    effect = Effect(model=CounterMoved, project=mood.project)
    types = ("alpha.counter.moved.v1", *known)
    spec = Consumer(
        consumer="beta", producer="alpha", effects=dict.fromkeys(types, effect), ignored=COUNTERS.ignored
    )
    projections = Projections(tables=("counter_copy",), on_parked=mood.on_parked)
    return toy_inbox(database, consumer=spec, projections=projections)


async def copies(database: Database) -> dict[str, str]:
    found = await database.read(lambda tx: totals(tx, "counter_copy"))
    return {name: steps for name, (_, steps) in found.items()}


async def waiting(database: Database) -> list[ParkedRow]:
    return await database.read(lambda tx: parked.list_parked(tx, "beta", limit=1000))


async def place(database: Database, aggregate_id: str) -> ordering.Place:
    return await database.write(lambda tx: ordering.lock_place(tx, "beta", "alpha", aggregate_id))


async def states(database: Database) -> set[str]:
    return {position.state for position in await database.read(lambda tx: all_positions(tx, "beta"))}


def steps(*numbers: int) -> str:
    return "".join(f"{number}," for number in numbers)


# -- gaps -------------------------------------------------------------------------------------------------


async def test_events_behind_a_gap_wait_and_follow_when_it_is_filled(
    inbox: Inbox, consumer_store: Database, make: RecordMaker, mood: Mood
) -> None:
    records = make.run("a", 5)

    await inbox.receive([records[0], *records[2:]])
    assert await copies(consumer_store) == {"a": steps(1)}
    assert [(row.sequence, row.reason) for row in await waiting(consumer_store)] == [
        (3, "gap"),
        (4, "follower"),
        (5, "follower"),
    ]

    await inbox.receive([records[1], *make.watermarks(server_now())])
    assert await copies(consumer_store) == {"a": steps(1, 2, 3, 4, 5)}
    assert await waiting(consumer_store) == []
    assert await states(consumer_store) == {"ok"}
    healed = await place(consumer_store, "a")
    assert (healed.last, healed.gap_since, healed.parked_since) == (5, None, None)
    assert mood.reasons() == ["gap"]  # one alarm, not one per follower


async def test_after_a_gap_has_healed_the_aggregate_is_fast_again(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    records = make.run("a", 4)
    await inbox.receive([records[1]])
    await inbox.receive([records[0]])

    await inbox.receive(records[2:])

    assert await copies(consumer_store) == {"a": steps(1, 2, 3, 4)}
    assert await waiting(consumer_store) == []


async def test_a_gap_late_by_many_batches_heals(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    late, *rest = make.run("a", 60)
    others = make.run("b", 60)

    for at in range(0, 59, 5):
        await inbox.receive([*rest[at : at + 5], *others[at : at + 5]])
    await inbox.receive(others[59:])
    assert await copies(consumer_store) == {"b": steps(*range(1, 61))}  # nobody else waits

    await inbox.receive([late, *make.watermarks(server_now())])
    assert await copies(consumer_store) == {"a": steps(*range(1, 61)), "b": steps(*range(1, 61))}
    assert await states(consumer_store) == {"ok"}


async def test_several_holes_heal_one_after_the_other(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    r = make.run("a", 9)

    await inbox.receive([r[1], r[2], r[4], r[7]])
    await inbox.receive([r[0]])
    assert await copies(consumer_store) == {"a": steps(1, 2, 3)}
    assert (await place(consumer_store, "a")).gap_since is not None

    await inbox.receive([r[5], r[3]])
    assert await copies(consumer_store) == {"a": steps(1, 2, 3, 4, 5, 6)}

    await inbox.receive([r[8], r[6]])
    assert await copies(consumer_store) == {"a": steps(*range(1, 10))}
    assert await waiting(consumer_store) == []


async def test_disorder_inside_one_batch_is_no_gap(
    inbox: Inbox, consumer_store: Database, make: RecordMaker, mood: Mood
) -> None:
    records = make.run("a", 4)

    await inbox.receive([records[3], records[1], records[0], records[2]])

    assert await copies(consumer_store) == {"a": steps(1, 2, 3, 4)}
    assert mood.told == []


async def test_a_repeat_of_an_event_that_waits_is_a_repeat(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    records = make.run("a", 3)

    for _ in range(3):
        await inbox.receive([records[2], records[1]])
    assert len(await waiting(consumer_store)) == 2

    await inbox.receive(records)
    assert await copies(consumer_store) == {"a": steps(1, 2, 3)}


# -- poison -----------------------------------------------------------------------------------------------


async def test_poison_in_the_middle_parks_its_aggregate_and_everything_else_flows(
    inbox: Inbox, consumer_store: Database, make: RecordMaker, mood: Mood
) -> None:
    mood.broken = {"a3"}
    a, b = make.run("a", 6), make.run("b", 6)

    await inbox.receive([record for pair in zip(a[:4], b[:4], strict=True) for record in pair])
    await inbox.receive([*a[4:], *b[4:], *make.watermarks(server_now())])

    assert await copies(consumer_store) == {"a": steps(1, 2), "b": steps(1, 2, 3, 4, 5, 6)}
    assert [(row.sequence, row.reason) for row in await waiting(consumer_store)] == [
        (3, "handler_failed"),
        (4, "follower"),
        (5, "follower"),
        (6, "follower"),
    ]
    assert await states(consumer_store) == {"ok"}
    assert [(told.reason, told.event_type, told.partition_key) for told in mood.told] == [
        ("handler_failed", "alpha.counter.moved.v1", "scope-1")
    ]


async def test_a_release_applies_the_oldest_first_and_all_that_followed(
    inbox: Inbox, consumer_store: Database, make: RecordMaker, mood: Mood
) -> None:
    mood.broken = {"a2"}
    await inbox.receive(make.run("a", 5))

    mood.broken = set()
    assert await inbox.release("a", by="person") == 4

    assert await copies(consumer_store) == {"a": steps(1, 2, 3, 4, 5)}
    assert await waiting(consumer_store) == []
    await inbox.receive([make.event("a", 6, step=6)])
    assert await copies(consumer_store) == {"a": steps(1, 2, 3, 4, 5, 6)}


async def test_a_release_stops_at_the_first_failure(
    inbox: Inbox, consumer_store: Database, make: RecordMaker, mood: Mood
) -> None:
    mood.broken = {"a2", "a4"}
    await inbox.receive(make.run("a", 5))

    assert await inbox.release("a", by="person") == 0  # nothing has changed
    mood.broken = {"a4"}
    assert await inbox.release("a", by="person") == 2

    assert await copies(consumer_store) == {"a": steps(1, 2, 3)}
    rows = await waiting(consumer_store)
    assert [(row.sequence, row.reason, row.attempts) for row in rows] == [
        (4, "handler_failed", 2),
        (5, "follower", 1),
    ]
    assert (await place(consumer_store, "a")).parked_since is not None
    await inbox.receive([make.event("a", 6)])
    assert len(await waiting(consumer_store)) == 3


async def test_a_release_of_nothing_is_nothing(inbox: Inbox, consumer_store: Database) -> None:
    assert await inbox.release("nobody", by="person") == 0


async def test_an_event_that_fails_when_its_gap_heals_parks_itself_and_not_the_filler(
    inbox: Inbox, consumer_store: Database, make: RecordMaker, mood: Mood
) -> None:
    records = make.run("a", 4)
    await inbox.receive(records[1:])
    mood.broken = {"a3"}

    await inbox.receive([records[0]])

    assert await copies(consumer_store) == {"a": steps(1, 2)}
    assert [(row.sequence, row.reason) for row in await waiting(consumer_store)] == [
        (3, "handler_failed"),
        (4, "follower"),
    ]
    assert mood.reasons() == ["gap", "handler_failed"]  # nobody would have looked otherwise

    mood.broken = set()
    assert await inbox.release("a", by="person") == 2


async def test_poison_and_gap_in_one_aggregate_come_apart(
    inbox: Inbox, consumer_store: Database, make: RecordMaker, mood: Mood
) -> None:
    mood.broken = {"a2"}
    r = make.run("a", 6)
    await inbox.receive([r[0], r[1], r[3], r[5]])

    mood.broken = set()
    await inbox.release("a", by="person")
    assert await copies(consumer_store) == {"a": steps(1, 2)}
    assert (await place(consumer_store, "a")).gap_since is not None

    await inbox.receive([r[2]])
    await inbox.receive([r[4]])
    assert await copies(consumer_store) == {"a": steps(1, 2, 3, 4, 5, 6)}


async def test_the_first_event_of_an_aggregate_may_be_the_poison(
    inbox: Inbox, consumer_store: Database, make: RecordMaker, mood: Mood
) -> None:
    mood.broken = {"a1"}
    await inbox.receive(make.run("a", 2))
    assert await copies(consumer_store) == {}

    mood.broken = set()
    await inbox.release("a", by="person")

    assert await copies(consumer_store) == {"a": steps(1, 2)}


# -- what this version does not know ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "event_type", "value"),
    [
        ("unknown_type", "alpha.counter.moved.v2", None),
        ("bad_body", "alpha.counter.moved.v1", b'{"steps": 2}'),
    ],
)
async def test_an_event_that_is_not_understood_parks_and_is_tried_again_at_the_next_start(
    inbox: Inbox,
    consumer_store: Database,
    make: RecordMaker,
    mood: Mood,
    reason: str,
    event_type: str,
    value: bytes | None,
) -> None:
    strange = make.event("a", 2, step=2, event_type=event_type, value=value)
    await inbox.receive([make.event("a", 1), strange, make.event("a", 3, step=3)])
    assert [(row.sequence, row.reason) for row in await waiting(consumer_store)] == [
        (2, reason),
        (3, "follower"),
    ]
    assert mood.reasons() == [reason]

    await make_inbox(consumer_store, mood).prepare()  # the same version: still unknown, and no second alarm
    assert len(await waiting(consumer_store)) == 2
    assert mood.reasons() == [reason]

    newer = make_inbox(consumer_store, mood, known=["alpha.counter.moved.v2"])
    await newer.prepare()
    expected = {"unknown_type": steps(1, 2, 3), "bad_body": steps(1)}[reason]
    assert await copies(consumer_store) == {"a": expected}


async def test_a_start_does_not_retry_what_a_handler_could_not_do(
    inbox: Inbox, consumer_store: Database, make: RecordMaker, mood: Mood
) -> None:
    mood.broken = {"a1"}
    await inbox.receive(make.run("a", 1))
    mood.broken = set()

    await inbox.prepare()

    assert await copies(consumer_store) == {}


# -- numbers that are taken -------------------------------------------------------------------------------


@pytest.mark.parametrize("sequence", [0, 1, 2])
async def test_another_event_with_a_taken_number_is_quarantined_and_not_counted(
    inbox: Inbox, consumer_store: Database, make: RecordMaker, mood: Mood, sequence: int
) -> None:
    await inbox.receive(make.run("a", 2))

    await inbox.receive(
        [make.event("a", sequence, step=99, event_id="forged"), *make.watermarks(server_now())]
    )

    assert await copies(consumer_store) == {"a": steps(1, 2)}
    assert await states(consumer_store) == {"ok"}
    assert mood.reasons() == ["sequence_reused"]
    taken = await consumer_store.read(
        lambda tx: tx.fetch(Sql("SELECT count(*) FROM inbox WHERE event_id = 'forged'"))
    )
    assert taken[0][0] == 0


async def test_the_id_of_an_event_that_was_refused_is_free_for_the_genuine_one(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    await inbox.receive(make.run("a", 2))
    await inbox.receive([make.event("a", 1, step=99, event_id="later-genuine")])

    genuine = make.event("a", 3, step=3, event_id="later-genuine")
    make.count(genuine)
    await inbox.receive([genuine, *make.watermarks(server_now())])

    assert await copies(consumer_store) == {"a": steps(1, 2, 3)}
    assert await states(consumer_store) == {"ok"}


async def test_two_events_with_one_number_in_a_batch_leave_the_first(
    inbox: Inbox, consumer_store: Database, make: RecordMaker, mood: Mood
) -> None:
    genuine = make.run("a", 2)

    await inbox.receive([*genuine, make.event("a", 2, step=99), *make.watermarks(server_now())])

    assert await copies(consumer_store) == {"a": steps(1, 2)}
    assert mood.reasons() == ["sequence_reused"]
    assert await states(consumer_store) == {"ok"}


@pytest.mark.parametrize("parked_by", ["gap", "poison"])
async def test_a_taken_number_among_those_that_wait_is_quarantined_too(
    inbox: Inbox, consumer_store: Database, make: RecordMaker, mood: Mood, parked_by: str
) -> None:
    """Two events under one number must not both wait: the second would block its scope for ever."""
    genuine = make.run("a", 4)
    mood.broken = {"a2"} if parked_by == "poison" else set()
    first = genuine if parked_by == "poison" else [genuine[0], *genuine[2:]]
    await inbox.receive(first)

    await inbox.receive([make.event("a", 3, step=99)])
    mood.broken = set()
    await (inbox.release("a", by="person") if parked_by == "poison" else inbox.receive([genuine[1]]))
    await inbox.receive(make.watermarks(server_now()))

    assert await copies(consumer_store) == {"a": steps(1, 2, 3, 4)}
    assert await states(consumer_store) == {"ok"}
    assert await waiting(consumer_store) == []


# -- discarding -------------------------------------------------------------------------------------------


async def ask_and_discard(
    inbox: Inbox, database: Database, row: ParkedRow, asked: str, approved: str
) -> None:
    async def both(tx: Tx) -> None:
        await parked.request_discard(tx, row.id, by=asked, note="a reason")
        await inbox.discard(tx, row, approved_by=approved)

    await database.write(both)


async def test_a_discard_moves_past_the_event_and_applies_its_followers(
    inbox: Inbox, consumer_store: Database, make: RecordMaker, mood: Mood
) -> None:
    mood.broken = {"a2"}
    await inbox.receive([*make.run("a", 4), *make.watermarks(server_now())])

    row = (await waiting(consumer_store))[0]
    await ask_and_discard(inbox, consumer_store, row, "one", "other")

    assert await copies(consumer_store) == {"a": steps(1, 3, 4)}
    assert await waiting(consumer_store) == []
    found = await consumer_store.read(lambda tx: parked.find_parked(tx, "beta", row.id))
    assert found is not None
    assert (found.state, found.resolved_by, found.note) == ("discarded", "one", "a reason")
    await inbox.receive([make.event("a", 5, step=5)])
    assert await copies(consumer_store) == {"a": steps(1, 3, 4, 5)}


@pytest.mark.parametrize("asked", ["one", None])
async def test_one_person_alone_cannot_discard(
    inbox: Inbox, consumer_store: Database, make: RecordMaker, mood: Mood, asked: str | None
) -> None:
    mood.broken = {"a1"}
    await inbox.receive(make.run("a", 2))
    (row, _) = await waiting(consumer_store)
    if asked is not None:
        await consumer_store.write(lambda tx: parked.request_discard(tx, row.id, by=asked, note="no use"))

    with pytest.raises(parked.DiscardRefused):
        await consumer_store.write(lambda tx: inbox.discard(tx, row, approved_by="one"))

    assert await copies(consumer_store) == {}
    assert len(await waiting(consumer_store)) == 2


async def test_a_follower_cannot_be_discarded_before_the_event_it_waits_for(
    inbox: Inbox, consumer_store: Database, make: RecordMaker, mood: Mood
) -> None:
    """Moving past it would skip the earlier ones in silence."""
    mood.broken = {"a2"}
    await inbox.receive(make.run("a", 4))
    follower = (await waiting(consumer_store))[1]

    with pytest.raises(parked.DiscardRefused):
        await ask_and_discard(inbox, consumer_store, follower, "one", "other")

    mood.broken = set()
    assert await inbox.release("a", by="person") == 3
    assert await copies(consumer_store) == {"a": steps(1, 2, 3, 4)}


async def test_an_event_that_was_released_meanwhile_cannot_be_discarded(
    inbox: Inbox, consumer_store: Database, make: RecordMaker, mood: Mood
) -> None:
    mood.broken = {"a1"}
    await inbox.receive(make.run("a", 1))
    (row,) = await waiting(consumer_store)
    mood.broken = set()
    await inbox.release("a", by="person")

    with pytest.raises(parked.DiscardRefused):
        await ask_and_discard(inbox, consumer_store, row, "one", "other")

    assert await copies(consumer_store) == {"a": steps(1)}


async def test_an_event_behind_a_hole_cannot_be_given_up(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    """Its predecessor may still come; passed over, it would look like a forgery and never be counted."""
    r = make.run("a", 4)
    await inbox.receive([r[0], r[2], r[3]])

    with pytest.raises(parked.DiscardRefused):
        await ask_and_discard(inbox, consumer_store, (await waiting(consumer_store))[0], "one", "other")

    await inbox.receive([r[1], *make.watermarks(server_now())])
    assert await copies(consumer_store) == {"a": steps(1, 2, 3, 4)}
    assert await states(consumer_store) == {"ok"}


async def test_a_quarantined_record_can_be_discarded_and_moves_nothing(
    inbox: Inbox, consumer_store: Database, make: RecordMaker
) -> None:
    await inbox.receive([Record(topic=inbox.topic, partition=0, position=1, headers=(), value=b"?")])
    (row,) = await waiting(consumer_store)

    await ask_and_discard(inbox, consumer_store, row, "one", "other")

    assert await waiting(consumer_store) == []


# -- quarantine -------------------------------------------------------------------------------------------


async def test_quarantine_ends_by_itself_when_the_partitions_digest_agrees(
    inbox: Inbox, consumer_store: Database, make: RecordMaker, mood: Mood
) -> None:
    garbage = Record(topic=inbox.topic, partition=0, position=1, headers=(), value=b"?")
    await inbox.receive([garbage])
    await inbox.receive([garbage])
    assert mood.reasons() == ["unreadable"]

    await inbox.receive(make.watermarks(server_now()))

    assert await waiting(consumer_store) == []
    await inbox.receive([garbage])  # delivered once more: known, and no new alarm
    assert await waiting(consumer_store) == []
    assert mood.reasons() == ["unreadable"]


async def test_an_event_that_was_quarantined_first_can_still_be_parked_or_applied(
    consumer_store: Database, make: RecordMaker, mood: Mood
) -> None:
    """The same bytes at the same place, refused while a key was missing, come again when it is known."""
    first, second = make.run("a", 2)
    keyless = toy_inbox(consumer_store, signature_check=lambda record, headers: False)
    await keyless.prepare()
    await keyless.receive([second])

    inbox = make_inbox(consumer_store, mood)
    await inbox.receive([second])
    assert [row.reason for row in await waiting(consumer_store)] == ["bad_signature", "gap"]

    await inbox.receive([first])
    assert await copies(consumer_store) == {"a": steps(1, 2)}


# -- everything at once -----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
async def test_shuffled_repeated_poisoned_delivery_ends_where_plain_delivery_ends(
    inbox: Inbox, consumer_store: Database, mood: Mood, seed: int
) -> None:
    """Whatever order, repeats, batches and bad moods: after releases every copy is the plain one."""
    rng, make = Random(seed), RecordMaker()
    records = [record for n in range(8) for record in make.run(f"c{n}", 12, scope=f"scope-{n}")]
    expected = {f"c{n}": steps(*range(1, 13)) for n in range(8)}
    deliveries = records * 2 + rng.sample(records, 40)
    rng.shuffle(deliveries)

    while deliveries:
        size = rng.randrange(1, 40)
        batch, deliveries = deliveries[:size], deliveries[size:]
        mood.broken = {f"c{rng.randrange(8)}{rng.randrange(1, 13)}" for _ in range(rng.randrange(4))}
        await inbox.receive(batch)
        if rng.random() < 0.2:
            await inbox.release(f"c{rng.randrange(8)}", by="person")
    mood.broken = set()
    for number in range(8):
        await inbox.release(f"c{number}", by="person")
    await inbox.receive(make.watermarks(server_now()))

    assert await copies(consumer_store) == expected
    assert await waiting(consumer_store) == []
    assert await states(consumer_store) == {"ok"}

"""Poison parks its own aggregate; a release applies it and all that followed."""

import pytest

from shared.clock import server_now
from shared.database import Database
from shared.inbox import Inbox
from shared.testing.records import RecordMaker
from tests.shared.applying.mood import Mood, copies, make_inbox, place, states, steps, waiting

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

"""What two people give up for good, and quarantine that ends by itself."""

import pytest

from shared import parked
from shared.clock import server_now
from shared.database import Database, Tx
from shared.envelope import Record
from shared.inbox import Inbox
from shared.parked import ParkedRow
from shared.testing.delivery import toy_inbox
from shared.testing.records import RecordMaker
from tests.shared.applying.mood import Mood, copies, make_inbox, states, steps, waiting

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

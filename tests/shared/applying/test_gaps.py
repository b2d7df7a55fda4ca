"""Gaps that heal, numbers that are taken, and delivery in any order whatever."""

from random import Random

import pytest

from shared.clock import server_now
from shared.database import Database, Sql
from shared.inbox import Inbox
from shared.testing.records import RecordMaker
from tests.shared.applying.mood import Mood, copies, place, states, steps, waiting

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

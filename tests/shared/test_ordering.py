"""An aggregate's place: who is moved at once, and who is left to be walked."""

from dataclasses import replace

import pytest

from shared.clock import server_now
from shared.database import Database
from shared.ordering import Place, advance_in_order, lock_place, save_place
from shared.record_reading import Reading, RecordReader
from shared.signing import accept_unsigned
from shared.testing.records import RecordMaker
from shared.testing.toy import COUNTERS

NOWHERE = Place(
    consumer="beta", producer="alpha", aggregate_id="a", last=0, parked_since=None, gap_since=None
)


def events(aggregate_id: str, *sequences: int) -> list[Reading]:
    make, reader = RecordMaker(), RecordReader(COUNTERS, accept_unsigned)
    return [reader.read(make.event(aggregate_id, sequence)) for sequence in sequences]


async def advanced(database: Database, *runs: tuple[str, list[Reading]]) -> set[str]:
    moved = await database.write(lambda tx: advance_in_order(tx, "beta", "alpha", dict(runs)))
    return set(moved)


async def place_of(database: Database, aggregate_id: str) -> Place:
    return await database.write(lambda tx: lock_place(tx, "beta", "alpha", aggregate_id))


async def test_runs_that_continue_where_their_aggregate_stood_are_moved_together(
    consumer_store: Database,
) -> None:
    assert await advanced(
        consumer_store, ("a", events("a", 1, 2, 3)), ("b", events("b", 1)), ("c", events("c", 2))
    ) == {"a", "b"}
    assert await advanced(consumer_store, ("a", events("a", 4)), ("b", events("b", 2, 3))) == {"a", "b"}

    assert (await place_of(consumer_store, "a")).last == 4
    assert (await place_of(consumer_store, "b")).last == 3
    assert (await place_of(consumer_store, "c")).last == 0


@pytest.mark.parametrize("sequences", [(2,), (5,), (3, 5), (4, 3), (3, 3), (1,), (0,)])
async def test_whatever_is_not_next_and_gapless_is_left(
    consumer_store: Database, sequences: tuple[int, ...]
) -> None:
    await advanced(consumer_store, ("a", events("a", 1, 2)))

    moved = await advanced(consumer_store, ("a", events("a", *sequences)))

    assert moved == set()
    assert (await place_of(consumer_store, "a")).last == 2


async def test_an_event_with_a_problem_is_left_with_its_whole_aggregate(consumer_store: Database) -> None:
    run = events("a", 1, 2)
    run[1].problem = "unknown_type"

    assert await advanced(consumer_store, ("a", run)) == set()


@pytest.mark.parametrize("why", ["parked_since", "gap_since"])
async def test_an_aggregate_in_which_something_waits_is_left(consumer_store: Database, why: str) -> None:
    waits = replace(NOWHERE, last=2, **{why: server_now()})  # type: ignore[arg-type]
    await consumer_store.write(lambda tx: save_place(tx, waits))

    assert await advanced(consumer_store, ("a", events("a", 3))) == set()
    assert await place_of(consumer_store, "a") == waits

    await consumer_store.write(lambda tx: save_place(tx, replace(NOWHERE, last=2)))
    assert await advanced(consumer_store, ("a", events("a", 3))) == {"a"}


async def test_nothing_to_move_is_nothing(consumer_store: Database) -> None:
    assert await advanced(consumer_store) == set()


async def test_places_belong_to_a_consumer_and_a_producer(consumer_store: Database) -> None:
    await advanced(consumer_store, ("a", events("a", 1)))

    other = await consumer_store.write(lambda tx: lock_place(tx, "gamma", "alpha", "a"))
    another = await consumer_store.write(lambda tx: lock_place(tx, "beta", "delta", "a"))

    assert (other.last, another.last) == (0, 0)

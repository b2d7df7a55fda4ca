"""The books of delivery, read from outside: clean where all is well, and every planted fault shows in them."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from deploy.trialops.demo.books import Books, read_books
from deploy.trialops.demo.play import holds
from tests.journeys.plants import effect_twice, lost_event, row_twice
from tests.journeys.world import CODE, World

CLEAN = {"events_lost": 0, "effects_doubled": 0, "audit_chains_ok": True, "allocations_without_decision": 0}


async def books_of(world: World) -> Books:
    return await read_books(world.stage(), CODE)


async def test_books_are_clean_after_an_opened_trial(world: World) -> None:
    await world.opened_trial()

    books = await books_of(world)

    assert (books.lost, books.doubled) == (0, 0), books.details


@pytest.mark.parametrize(
    ("plant", "lost", "doubled"), [(lost_event, 1, 0), (row_twice, 0, 1), (effect_twice, 0, 1)]
)
async def test_each_planted_fault_shows_in_the_books(
    embedded: World, plant: Callable[[World], Awaitable[None]], lost: int, doubled: int
) -> None:
    await embedded.opened_trial()
    await plant(embedded)

    books = await books_of(embedded)

    assert (books.lost, books.doubled) == (lost, doubled), books.details
    assert books.details


@pytest.mark.parametrize(
    ("broken", "value"),
    [
        ("events_lost", 1),
        ("effects_doubled", 1),
        ("audit_chains_ok", False),
        ("allocations_without_decision", 1),
    ],
)
def test_one_broken_invariant_is_enough_to_fail(broken: str, value: Any) -> None:
    assert holds(CLEAN)
    assert not holds(CLEAN | {broken: value})

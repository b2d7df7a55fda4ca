"""How often a page asks the store: as often for a large network as for a small one."""

from collections.abc import Awaitable, Callable
from typing import Any

from services.enrolment.domain.finder import Search
from services.enrolment.queries.slot_board import show_slot_board
from services.enrolment.queries.trial_finder import search_trials
from shared.act import Act
from shared.auth import Grant, Principal
from shared.clock import server_now
from shared.ids import new_id

FINDER = {
    "treatment_type": "targeted therapy",
    "conditions": ["Neuroblastoma"],
    "plain_title": "A new tablet",
    "plain_summary": "In plain words",
    "who_to_ask": "Your consultant",
}
SITES = tuple(f"{number:03d}" for number in range(10, 30))


class Counting:
    """A transaction that counts the statements that pass through it."""

    def __init__(self, tx: Any) -> None:
        self._tx = tx
        self.statements = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)

    async def fetch(self, *arguments: Any) -> Any:
        self.statements += 1
        return await self._tx.fetch(*arguments)

    async def execute(self, *arguments: Any) -> Any:
        self.statements += 1
        return await self._tx.execute(*arguments)


async def asked(world: Any, work: Callable[[Any, Act], Awaitable[Any]]) -> int:
    """How many statements the question takes."""
    now = server_now()
    principal = Principal(
        subject="manager",
        token_id="token",
        grants=frozenset({Grant.parse("trial_manager:*:*")}),
        issued_at=now,
        expires_at=now,
    )
    act = Act(
        actor="manager",
        actor_role="trial_manager",
        now=now,
        received_at=now,
        correlation_id="count",
        new_id=new_id,
        principal=principal,
    )

    async def read(tx: Any) -> int:
        counting = Counting(tx)
        await work(counting, act)
        return counting.statements

    statements: int = await world.running.service.database.read(read)
    return statements


async def test_the_slot_board_takes_four_statements_however_many_sites_there_are(world: Any) -> None:
    await world.set_up(sites=("012",), places=1)
    small = await asked(world, lambda tx, act: show_slot_board(tx, act, world.code))

    await world.sponsor_says(*(world.green_lit(site) for site in SITES), world.decision("more", places=20))
    large = await asked(world, lambda tx, act: show_slot_board(tx, act, world.code))

    assert (small, large) == (4, 4)


async def test_the_finder_takes_three_statements_however_many_trials_there_are(world: Any) -> None:
    async def search(tx: Any, act: Act) -> None:
        await search_trials(tx, act, Search(), limit=50)

    async def settled() -> int:
        await asked(world, search)  # a protocol file is read once by a process, and then never again
        return await asked(world, search)

    await world.set_up(sites=("012",), finder=FINDER)
    small = await settled()
    for number in range(2, 12):
        world.trial_id = f"01993f6e-0000-7000-8000-{number:012d}"
        world.code = f"EP{number:02d}"
        await world.set_up(sites=("012",), finder=FINDER)
    large = await settled()

    assert (small, large) == (3, 3)

from datetime import UTC, datetime, timedelta

import pytest

from shared.clock import server_now
from shared.database import Database
from shared.domain_clock import ClockCannotGoBack, DemonstrationClock, DomainClock, RealDomainClock

HOUR = timedelta(hours=1)


async def now_on(clock: DomainClock, database: Database) -> datetime:
    return await database.read(clock.now)


async def test_the_real_clock_is_the_servers(producer_store: Database) -> None:
    before = server_now()

    assert before <= await now_on(RealDomainClock(), producer_store) <= server_now()
    assert not RealDomainClock().demonstration


async def test_a_demonstration_moves_forward_and_goes_on_from_there(producer_store: Database) -> None:
    clock = DemonstrationClock()
    later = server_now() + 28 * 24 * HOUR

    assert await producer_store.write(lambda tx: clock.move_to(tx, later)) == later

    first, second = await now_on(clock, producer_store), await now_on(DemonstrationClock(), producer_store)
    assert later <= first <= second <= later + timedelta(seconds=5)
    assert clock.demonstration


async def test_a_demonstration_never_goes_back(producer_store: Database) -> None:
    clock = DemonstrationClock()
    await producer_store.write(lambda tx: clock.move_to(tx, server_now() + 2 * HOUR))

    for earlier in (server_now() + HOUR, server_now(), server_now() - HOUR, datetime(2000, 1, 1, tzinfo=UTC)):
        with pytest.raises(ClockCannotGoBack):
            await producer_store.write(lambda tx, to=earlier: clock.move_to(tx, to))  # type: ignore[misc]

    assert await now_on(clock, producer_store) > server_now() + HOUR


async def test_a_demonstration_that_was_never_moved_runs_with_the_server(producer_store: Database) -> None:
    before = server_now()

    assert before <= await now_on(DemonstrationClock(), producer_store) <= server_now()


async def test_a_fresh_demonstration_cannot_be_moved_into_the_past(producer_store: Database) -> None:
    with pytest.raises(ClockCannotGoBack):
        await producer_store.write(lambda tx: DemonstrationClock().move_to(tx, server_now() - HOUR))

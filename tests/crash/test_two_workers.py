"""Two workers of one service on Kafka and PostgreSQL: the leading one is killed, the other carries on alone."""

from contextlib import AsyncExitStack
from random import Random

import pytest

from shared.testing.stores import wait_until
from tests.crash import ledger
from tests.crash.load import RIGHTLY_REFUSED, Load
from tests.crash.network import Member, Network
from tests.crash.story import Trial, children_at_risk, everybody, level_state, open_trial, toxicity

pytestmark = [pytest.mark.postgres, pytest.mark.kafka, pytest.mark.slow]
SEED = 20261121
TAKEN_OVER_SECONDS = 60.0
"""The group notices a member that vanished after 10 s; the rest is for a slow machine."""


async def test_the_survivor_of_two_workers_loses_nothing_and_doubles_nothing(network: Network) -> None:
    await network.start(
        ("sponsor", "serve"),
        ("enrolment", "serve"),
        ("safety", "api"),
        ("safety", "worker"),
        ("safety", "worker"),
    )
    async with AsyncExitStack() as stack:
        trial = await everybody("http://installation", network.home, stack, transport=network.one_origin())
        await open_trial(trial)
        children = await children_at_risk(trial)
        before = await level_state(trial)
        load = Load(trial, Random(SEED), children)
        working = load.start()
        leading, survivor = await _leader_first(network)

        leading.kill()
        await wait_until(survivor.leads, seconds=TAKEN_OVER_SECONDS, what="the survivor's lead")
        reported = await trial.clients.send(toxicity(trial, children[1]))
        await wait_until(lambda: _closed(trial), seconds=TAKEN_OVER_SECONDS, what="the closed level")
        load.stop()
        await working

        assert before == "open"
        assert reported is not None
        assert reported.status == 201
        assert load.unanswered == 0
        assert load.refusals() <= RIGHTLY_REFUSED
        books = await ledger.assert_books_are_clean(trial)
        reports = len(load.done("/adverse-events"))
        assert ledger.count(books, "safety", "adverse-event.reported") == reports + 2
        assert ledger.count(books, "enrolment", "dose-level.closed") == 1
        assert await ledger.faults(network.fetch) == []
    alive = [member for member in network.members if member is not leading]
    assert [await member.stop() for member in alive] == [0] * len(alive)


async def _leader_first(network: Network) -> tuple[Member, Member]:
    one, other = [member for member in network.members if member.role == "worker"]
    return (one, other) if await one.leads() else (other, one)


async def _closed(trial: Trial) -> bool:
    return await level_state(trial) == "closed"

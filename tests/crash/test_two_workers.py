"""Two workers of one service on Kafka and PostgreSQL: the leading one is killed, the other carries on alone."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from deploy.trialops.home import Home
from deploy.trialops.installation import PROGRAMS
from shared.migrations import upgrade_on
from shared.testing.kafka_server import KafkaServer
from shared.testing.stores import PostgresServer, wait_until
from tests.crash import ledger
from tests.crash.load import RIGHTLY_REFUSED, Load
from tests.crash.network import Member, Network
from tests.crash.story import Trial, children_at_risk, everybody, level_state, open_trial, toxicity

pytestmark = [pytest.mark.postgres, pytest.mark.kafka, pytest.mark.slow]
SEED = 20261121
TAKEN_OVER_SECONDS = 60.0
"""The group notices a member that vanished after 10 s; the rest is for a slow machine."""


def _migrate(folder: Path, connection: Any) -> None:
    upgrade_on(connection, folder)


@pytest.fixture
async def network(
    postgres_server: PostgresServer, docker_engine: None, tmp_path: Path
) -> AsyncIterator[Network]:
    """Databases and topics of the three services; no process yet."""
    home = Home(tmp_path)
    home.ensure_key()
    broker = KafkaServer()
    async with AsyncExitStack() as stack:
        stack.callback(broker.remove)
        broker.run()
        urls = {}
        for name, program in PROGRAMS.items():
            build = partial(_migrate, program.folder / "store" / "migrations")
            urls[name] = await postgres_server.create(f"crash-{name}", build)
            stack.push_async_callback(postgres_server.drop, urls[name])
        await broker.wait()
        await broker.create_topics([*(f"{name}.events.v1" for name in PROGRAMS), "enrolment.unblinded.v1"])
        made = Network(home, urls, broker.connection().bootstrap_servers)
        stack.callback(made.end)
        yield made


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

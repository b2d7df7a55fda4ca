"""Any order of acts and news: never more people than places, and nobody let in whom something forbids.

Every example is a trial of its own in a service that many examples share, so that thousands of them take minutes.
"""

import asyncio
import tempfile
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from services.enrolment.store.tables import METADATA
from shared.testing.stores import from_metadata, sqlite_store

T = TypeVar("T")

EXAMPLES, SHARDS = 2000, 4
TRIALS_PER_STORE = 100
SITES = st.sampled_from(["012", "034"])
PICK = st.integers(min_value=0, max_value=99)


@dataclass
class Ground:
    """A running service in which each example gets a trial that nobody has used."""

    make_world: Any
    runner: asyncio.Runner = field(default_factory=asyncio.Runner)
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    world: Any = None
    trials: int = 0

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def fresh(self) -> Any:
        """The service with a new trial; a new store now and then, so that none grows without end."""
        if self.trials % TRIALS_PER_STORE == 0:
            self.run(self._open())
        self.trials += 1
        self.world.trial_id = f"01993f6e-0000-7000-8000-{self.trials:012d}"
        self.world.code = f"EP{self.trials:05d}"
        return self.world

    async def _open(self) -> None:
        await self.stack.aclose()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        store = await self.stack.enter_async_context(sqlite_store(Path(folder), from_metadata(METADATA)))
        self.world = await self.stack.enter_async_context(self.make_world(store))

    def close(self) -> None:
        self.run(self.stack.aclose())
        self.runner.close()


class Enrolment(RuleBasedStateMachine):
    ground: ClassVar[Ground]

    def __init__(self) -> None:
        super().__init__()
        self.world: Any = None
        self.screenings: list[tuple[str, str]] = []
        self.places: dict[str, tuple[str, str]] = {}
        self.participants: dict[str, int] = {}
        self.numbers: list[str] = []
        self.signed_on: dict[str, str] = {}
        self.works_on: dict[str, str] = {}
        self.approved = ["1.0"]
        self.halts: set[str] = set()
        self.serial = 0

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.ground.run(work)

    def named(self, what: str) -> str:
        self.serial += 1
        return f"{what}-{self.serial}-{self.world.code}"

    @initialize(places=st.integers(min_value=1, max_value=3))
    def begin(self, places: int) -> None:
        self.world = self.ground.fresh()
        self.run(self.world.set_up(sites=("012", "034"), decide=False))
        self.decide(level=1, places=places)
        self.works_on = {"012": "1.0", "034": "1.0"}
        for site in ("012", "034"):
            self.arrive(site)

    # -- acts -----------------------------------------------------------------------------------------

    @rule(site=SITES)
    def arrive(self, site: str) -> None:
        """A child is screened and asks for a place at once."""
        self.screen(site)
        if self.screenings and site in self.works_on:
            self.ask_for_a_place(len(self.screenings) - 1)

    @rule(site=SITES)
    def screen(self, site: str) -> None:
        version = self.works_on.get(site)
        if version is None:
            body = {"trial": self.world.code, "part": "escalation", "site_number": site}
            born = {"born": {"year": 2015, "month": 3}}
            refused = self.run(self.world.investigator(site).post("/screenings", body | born))
            assert refused.status_code == 409, refused.text
            return
        screening = self.run(self.world.ready(site, version=version))
        self.screenings.append((screening, site))
        self.signed_on[screening] = version
        shown = self.run(self.world.investigator(site).get(f"/screenings/{screening}")).json()
        self.numbers.append(shown["screening_number"])

    @precondition(lambda self: self.screenings)
    @rule(pick=PICK)
    def ask_for_a_place(self, pick: int) -> None:
        screening, site = self.screenings[pick % len(self.screenings)]
        answer = self.run(self.world.request(screening, site))
        assert answer.status_code in (201, 202, 409), answer.text
        if answer.status_code == 201:
            self.places[screening] = (answer.json()["slot_id"], site)

    @precondition(lambda self: self.places)
    @rule(pick=PICK)
    def give_it_back(self, pick: int) -> None:
        screening = sorted(self.places)[pick % len(self.places)]
        slot, site = self.places.pop(screening)
        answer = self.run(self.world.investigator(site).post(f"/slots/{slot}/releases"))
        assert answer.status_code in (201, 404, 409), answer.text

    @precondition(lambda self: self.places)
    @rule()
    def register_everybody(self) -> None:
        for screening in sorted(self.places):
            self.register(screening)

    def register(self, screening: str) -> None:
        slot, site = self.places[screening]
        level, state = self.run(
            self.world.rows(
                "SELECT s.level, l.state FROM slot AS s JOIN dose_level AS l ON l.trial_id = s.trial_id"
                f" AND l.part = s.part AND l.level = s.level WHERE s.id = '{slot}'"
            )
        )[0]
        answer = self.run(self.world.register(screening, slot, site))
        assert answer.status_code in (201, 409), answer.text
        if answer.status_code == 201:
            assert not self.halts, "registered under a halt"
            assert state == "open", "registered on a level that is not open"
            assert site in self.works_on, "registered without a green light"
            assert self.signed_on[screening] == self.works_on[site], "registered on a stale consent"
            self.participants[answer.json()["participant_id"]] = level
            self.numbers.append(answer.json()["participant_number"])
            del self.places[screening]

    @precondition(lambda self: self.places)
    @rule(pick=PICK)
    def sign_again(self, pick: int) -> None:
        screening = sorted(self.places)[pick % len(self.places)]
        site = self.places[screening][1]
        version = self.works_on.get(site)
        if version is not None and self.signed_on[screening] != version:
            self.run(self.world.consent(screening, site, version=version))
            self.run(self.world.assent(screening, site, version=version))
            self.run(self.world.eligible(screening, site, version=version))
            self.signed_on[screening] = version

    @precondition(lambda self: self.participants)
    @rule(pick=PICK)
    def void(self, pick: int) -> None:
        participant = sorted(self.participants)[pick % len(self.participants)]
        body = {"reason_code": "wrong_child"}
        self.run(self.world.manager.post(f"/participants/{participant}/voidings", body))

    # -- news -----------------------------------------------------------------------------------------

    @rule()
    def halt(self) -> None:
        halt = self.named("halt")
        self.halts.add(halt)
        self.run(self.world.sponsor_says(self.world.halt(halt)))

    @precondition(lambda self: self.halts)
    @rule()
    def lift(self) -> None:
        halt = min(self.halts)
        self.halts.remove(halt)
        self.run(self.world.sponsor_says(self.world.lifted(halt)))

    @precondition(lambda self: self.participants)
    @rule(pick=PICK, verdict=st.sampled_from(["dlt", "no_dlt", "not_evaluable", "pending"]))
    def judge(self, pick: int, verdict: str) -> None:
        participant = sorted(self.participants)[pick % len(self.participants)]
        level = self.participants[participant]
        self.run(self.world.safety_says(self.world.verdict(participant, verdict, level=level)))

    @rule(level=st.integers(min_value=1, max_value=2), places=st.integers(min_value=0, max_value=2))
    def decide(self, level: int, places: int) -> None:
        decision = self.world.decision(self.named("decision"), level=level, places=places)
        self.run(self.world.sponsor_says(decision))

    @precondition(lambda self: len(self.approved) < 3)
    @rule()
    def approve_another_version(self) -> None:
        version = f"{len(self.approved) + 1}.0"
        self.approved.append(version)
        self.run(self.world.sponsor_says(self.world.approved(version)))

    @rule(site=SITES, pick=PICK)
    def give_a_green_light(self, site: str, pick: int) -> None:
        version = self.approved[pick % len(self.approved)]
        self.run(self.world.sponsor_says(self.world.green_lit(site, version)))
        self.works_on[site] = max(version, self.works_on.get(site, version))

    @precondition(lambda self: self.works_on)
    @rule(site=SITES)
    def revoke_the_green_light(self, site: str) -> None:
        if self.works_on.pop(site, None) is not None:
            self.run(self.world.sponsor_says(self.world.site_revoked(site)))

    @rule(hours=st.sampled_from([1, 40, 80]))
    def wait(self, hours: int) -> None:
        self.run(self.world.pass_time(timedelta(hours=hours)))

    # -- always ---------------------------------------------------------------------------------------

    @invariant()
    def never_more_people_than_places(self) -> None:
        if self.world is None:
            return
        over = self.run(self.world.rows(_OVER_CAPACITY.format(trial=self.world.trial_id)))
        assert over == []

    def teardown(self) -> None:
        if self.world is not None:
            assert len(self.numbers) == len(set(self.numbers)), "a number was used twice"
            self.run(self.world.board_matches_events())


_OVER_CAPACITY = """
SELECT s.part, s.level FROM slot AS s LEFT JOIN participant AS p ON p.slot_id = s.id WHERE s.trial_id = '{trial}'
GROUP BY s.part, s.level
HAVING sum(CASE WHEN p.voided_at IS NULL AND (s.state IN ('offered', 'reserved', 'consumed')
                OR (s.state = 'frozen' AND s.before_state IN ('offered', 'reserved'))) THEN 1 ELSE 0 END)
     > sum(CASE WHEN s.origin IN ('decision', 'expansion', 'replacement') THEN 1 ELSE 0 END)
"""


@pytest.mark.parametrize("shard", range(SHARDS))
def test_never_more_people_than_places_and_nobody_whom_something_forbids(make_world: Any, shard: int) -> None:
    ground = Ground(make_world)
    try:
        run_state_machine_as_test(
            seed(shard)(type("Enrolment", (Enrolment,), {"ground": ground})),
            settings=settings(
                max_examples=EXAMPLES // SHARDS,
                stateful_step_count=15,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        ground.close()

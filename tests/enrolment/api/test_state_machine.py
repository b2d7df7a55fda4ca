"""Any order of acts and news: never more people than places, and nobody let in under a halt or a closed level."""

import asyncio
import tempfile
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from hypothesis import HealthCheck, settings
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

SITES = st.sampled_from(["012", "034"])
PICK = st.integers(min_value=0, max_value=99)


class Enrolment(RuleBasedStateMachine):
    make_world: ClassVar[Any]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.screenings: list[tuple[str, str]] = []
        self.places: dict[str, tuple[str, str]] = {}
        self.participants: dict[str, int] = {}
        self.halts: set[str] = set()
        self.decisions = 0
        self.serial = 0

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    async def _open(self) -> Any:
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        store = await self.stack.enter_async_context(sqlite_store(Path(folder), from_metadata(METADATA)))
        return await self.stack.enter_async_context(self.make_world(store))

    def teardown(self) -> None:
        self.run(self.stack.aclose())
        self.runner.close()

    @initialize(places=st.integers(min_value=1, max_value=3))
    def begin(self, places: int) -> None:
        self.world = self.run(self._open())
        self.run(self.world.set_up(sites=("012", "034"), places=places))

    @rule(site=SITES)
    def screen(self, site: str) -> None:
        self.screenings.append((self.run(self.world.ready(site)), site))

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
    @rule(pick=PICK)
    def register(self, pick: int) -> None:
        screening = sorted(self.places)[pick % len(self.places)]
        slot, site = self.places[screening]
        level, state = self.run(
            self.world.rows(
                "SELECT s.level, l.state FROM slot AS s JOIN dose_level AS l"
                f" ON l.part = s.part AND l.level = s.level WHERE s.id = '{slot}'"
            )
        )[0]
        answer = self.run(self.world.register(screening, slot, site))
        assert answer.status_code in (201, 409), answer.text
        if answer.status_code == 201:
            assert not self.halts, "registered under a halt"
            assert state == "open", "registered on a level that is not open"
            self.participants[answer.json()["participant_id"]] = level
            del self.places[screening]

    @rule()
    def halt(self) -> None:
        self.serial += 1
        self.halts.add(f"halt-{self.serial}")
        self.run(self.world.sponsor_says(self.world.halt(f"halt-{self.serial}")))

    @precondition(lambda self: self.halts)
    @rule()
    def lift(self) -> None:
        self.run(self.world.sponsor_says(self.world.lifted(self.halts.pop())))

    @precondition(lambda self: self.participants)
    @rule(pick=PICK, verdict=st.sampled_from(["dlt", "no_dlt", "not_evaluable", "pending"]))
    def judge(self, pick: int, verdict: str) -> None:
        participant = sorted(self.participants)[pick % len(self.participants)]
        level = self.participants[participant]
        self.run(self.world.safety_says(self.world.verdict(participant, verdict, level=level)))

    @rule(level=st.integers(min_value=1, max_value=2), places=st.integers(min_value=0, max_value=2))
    def decide(self, level: int, places: int) -> None:
        self.decisions += 1
        name = f"decision-of-{self.decisions}"
        self.run(self.world.sponsor_says(self.world.decision(name, level=level, places=places)))

    @rule(hours=st.sampled_from([1, 40, 80]))
    def wait(self, hours: int) -> None:
        self.run(self.world.pass_time(timedelta(hours=hours)))

    @precondition(lambda self: self.participants)
    @rule(pick=PICK)
    def void(self, pick: int) -> None:
        participant = sorted(self.participants)[pick % len(self.participants)]
        body = {"reason_code": "wrong_child"}
        self.run(self.world.manager.post(f"/participants/{participant}/voidings", body))

    @invariant()
    def never_more_people_than_places(self) -> None:
        if not hasattr(self, "world"):
            return
        added = self.run(
            self.world.rows(
                "SELECT part, level, count(*) FROM slot WHERE origin IN ('decision', 'expansion', 'replacement')"
                " GROUP BY part, level"
            )
        )
        capacity = {(row[0], row[1]): row[2] for row in added}
        taken = self.run(
            self.world.rows(
                "SELECT s.part, s.level, count(*) FROM slot AS s LEFT JOIN participant AS p ON p.slot_id = s.id"
                " WHERE (s.state IN ('offered', 'reserved') OR s.before_state IN ('offered', 'reserved')"
                "  AND s.state = 'frozen' OR s.state = 'consumed') AND p.voided_at IS NULL"
                " GROUP BY s.part, s.level"
            )
        )
        for part, level, count in taken:
            assert count <= capacity[part, level]

    @invariant()
    def the_board_is_what_the_events_tell(self) -> None:
        if hasattr(self, "world"):
            self.run(self.world.board_matches_events())


def test_never_more_people_than_places_and_nobody_under_a_halt(make_world: Any) -> None:
    run_state_machine_as_test(
        type("Enrolment", (Enrolment,), {"make_world": staticmethod(make_world)}),
        settings=settings(
            max_examples=8,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        ),
    )

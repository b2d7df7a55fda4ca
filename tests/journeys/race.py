"""Fifty registrations at eight desks, while something restricts the trial."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

from deploy.trialops.calls import Refused
from deploy.trialops.demo.hospital import Screened
from deploy.trialops.demo.plan import SITES
from deploy.trialops.demo.stage import Person
from tests.journeys.world import Trial, World

CHILDREN = 50
DESKS = 8
BEFORE_IT = 10
"""So many answers are in when the restriction is asked for."""


@dataclass(frozen=True)
class Attempt:
    """One registration; `begun` and `answered` are places in the order of everything that the desks did."""

    begun: int
    answered: int
    status: int
    body: dict[str, Any]
    site: str


async def fifty_ready(trial: Trial) -> list[tuple[Screened, str]]:
    """Children with places, whose eligibility is signed, spread over the hospitals."""
    ready = []
    for first in range(0, CHILDREN, len(SITES)):
        sites = SITES[: CHILDREN - first]
        ready += await asyncio.gather(*(trial.ready(site, age_years=20) for site in sites))
    await trial.stage.quiet()
    return ready


async def race(
    world: World,
    trial: Trial,
    ready: list[tuple[Screened, str]],
    restrict: Callable[[], Awaitable[object]],
) -> list[Attempt]:
    """Register the ready at desks with connections of their own while `restrict` is done.

    The last eight come when it has reached everybody: at least they must be refused.
    """
    order, attempts = count(), list[Attempt]()
    under_way, in_effect = asyncio.Event(), asyncio.Event()
    today = f"{trial.stage.now:%Y-%m-%d}"

    async def desk() -> None:
        async with world.new_client() as client:
            while ready:
                screened, slot_id = ready.pop()
                if len(ready) < DESKS:
                    await in_effect.wait()
                person = trial.investigator(screened.child.site, world.stage_of(client))
                begun = next(order)
                status, answer = await _register(person, screened, slot_id, today)
                attempts.append(Attempt(begun, next(order), status, answer, screened.child.site))
                if len(attempts) >= BEFORE_IT:
                    under_way.set()

    async def restriction() -> None:
        await under_way.wait()
        await restrict()
        await trial.stage.quiet()
        in_effect.set()

    await asyncio.gather(restriction(), *(desk() for _ in range(DESKS)))
    return attempts


async def _register(
    person: Person, screened: Screened, slot_id: str, today: str
) -> tuple[int, dict[str, Any]]:
    """Ask once; status and body of the answer."""
    body = {
        "screening_id": screened.screening_id,
        "slot_id": slot_id,
        "age_statement": {"years": screened.child.age_years, "on": today},
    }
    try:
        return 201, await person.post("enrolment", "/registrations", body)
    except Refused as refusal:
        return refusal.status, refusal.problem


def assert_none_after(attempts: list[Attempt], *codes: str) -> None:
    """Once anybody was refused, nobody who came later was let in; the reasons are these, and the first stands."""
    refused = sorted((one for one in attempts if one.status != 201), key=lambda one: one.begun)
    assert {(one.status, one.body["code"]) for one in refused} <= {(409, code) for code in codes}
    assert refused[-1].body["code"] == codes[0]
    noticed = min(one.answered for one in refused)
    assert not [one for one in attempts if one.begun > noticed and one.status == 201]
    assert len(attempts) == CHILDREN
    assert BEFORE_IT <= len(attempts) - len(refused) <= CHILDREN - DESKS


async def assert_none_announced_after(world: World, accepted: int, effect: str) -> None:
    """In enrolment's own order no registration follows the restriction's effect."""
    types = [event["type"] for event in await world.published("enrolment")]
    registrations = [
        place for place, name in enumerate(types) if name == "enrolment.participant.registered.v1"
    ]
    assert len(registrations) == accepted
    assert max(registrations) < types.index(effect)


async def assert_valid_at_commit(trial: Trial, attempts: list[Attempt], *, before: int = 0) -> None:
    """Every registration that was accepted had everything it rests on, and none saw the same count.

    Args:
        trial: where.
        attempts: of the race.
        before: how many were registered at the level before it.
    """
    counts = []
    for one in [attempt for attempt in attempts if attempt.status == 201]:
        kept = await guards_of(trial, one)
        assert kept["code"] == ""
        assert all(result["passed"] for result in kept["results"])
        inputs = {result["guard"]: result["inputs"] for result in kept["results"]}
        assert inputs["halt"]["halts"] == []
        assert inputs["level"]["state"] == "open"
        assert inputs["decision"]["decision"] == one.body["decision_id"]
        assert (inputs["cohort"]["output"], inputs["cohort"]["dlt"]) == ("same", 0)
        counts.append(inputs["cohort"]["n"])
    assert sorted(counts) == list(range(before, before + len(counts)))


async def assert_held_by_the_sponsor(trial: Trial, attempts: list[Attempt]) -> None:
    """Where a registration was refused for a hold, the sponsor's word had come first; the rule closes, never holds."""
    for one in [attempt for attempt in attempts if attempt.body.get("code") == "cohort_hold"]:
        inputs = {result["guard"]: result["inputs"] for result in (await guards_of(trial, one))["results"]}
        assert inputs["cohort"]["held_by"]


async def guards_of(trial: Trial, one: Attempt) -> Any:
    path = f"/registrations/{one.body['registration_id']}/guards"
    return await trial.investigator(one.site).get("enrolment", path)

"""Randomised trials in tests: designs, people who randomise, and people who may know arms."""

from collections.abc import Sequence
from typing import Any

import httpx

from shared.testing.running import Person
from tests.enrolment.protocol import part_file
from tests.enrolment.protocol_blocks import randomisation
from tests.enrolment.world import World

PART = "induction"
SEED = "a seed that nobody can guess"
BLOCKS: dict[str, Any] = {"kind": "permuted_blocks", "block_sizes": [2, 4]}
MINIMISED: dict[str, Any] = {
    "kind": "minimisation",
    "imbalance": "range",
    "probability": {"scheme": "best_p_rest_equal", "p": "0.8"},
    "factors": [
        {"factor": "sex", "levels": ["female", "male"], "weight": "1"},
        {"factor": "risk", "levels": ["high", "low"], "weight": "2"},
        {"factor": "site", "weight": "1"},
    ],
}
STRATA: list[dict[str, Any]] = [{"factor": "risk", "levels": ["high", "low"]}, {"factor": "site"}]
LEVELS = {"sex": "male", "risk": "high"}


def blinded(name: str = "first", **replaced: Any) -> dict[str, Any]:
    """One to one at registration with blinded arms, in permuted blocks without strata."""
    return randomisation(PART, name, **({"blinded": True, "method": BLOCKS} | replaced))


async def set_up_randomised(world: World, *designs: dict[str, Any], target: int | None = 40) -> None:
    """An open trial without dose levels whose one part has these randomisations."""
    part = part_file(PART, "cohort", target=target)
    await world.set_up(kind="randomised", parts=[part], randomisations=list(designs or [blinded()]))
    await world.freshen()


def statistician(world: World, name: str = "statistician") -> Person:
    return world.running.person(name, f"unblinded_statistician:{world.code}:*")


def lists_of(world: World, name: str = "first") -> str:
    return f"/randomisations/{world.code}/{name}"


async def prepare(world: World, name: str = "first", *, seed: str = SEED, **more: Any) -> dict[str, Any]:
    answer = await world.ok(statistician(world), f"{lists_of(world, name)}/lists", {"seed": seed} | more)
    prepared: dict[str, Any] = answer.json()
    return prepared


async def upload(world: World, arms: Sequence[str], name: str = "first", stratum: str = "") -> httpx.Response:
    """A table with these arms in one stratum."""
    rows = [f"{stratum},{number},{arm}" for number, arm in enumerate(arms, start=1)]
    csv = "\n".join(["stratum,row,arm", *rows])
    return await statistician(world).post(f"{lists_of(world, name)}/list-uploads", {"csv": csv})


async def randomise(
    world: World,
    participant_id: str,
    name: str = "first",
    site: str = "012",
    *,
    person: Person | None = None,
    **more: Any,
) -> httpx.Response:
    who = person or world.investigator(site)
    return await who.post(f"/participants/{participant_id}/randomisations", {"randomisation": name} | more)


async def audit(world: World, name: str = "first") -> dict[str, Any]:
    """Every draw with its sources, all pages together."""
    found: dict[str, Any] = {}
    items: list[Any] = []
    cursor = ""
    while True:
        answer = await statistician(world).get(f"{lists_of(world, name)}/audit", cursor=cursor, limit=200)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        items += found["items"]
        if not (cursor := found["next_cursor"] or ""):
            return found | {"items": items}


async def arms(world: World, name: str = "first") -> list[str]:
    return [one["arm"] for one in (await audit(world, name))["items"]]


async def replay(world: World, name: str = "first") -> dict[str, Any]:
    answer = await statistician(world).post(f"{lists_of(world, name)}/replays", key=None)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def enrolled(world: World, count: int, sites: tuple[str, ...] = ("012",)) -> list[tuple[str, str]]:
    """Registered children with their sites, in turn."""
    made = []
    for number in range(count):
        site = sites[number % len(sites)]
        made.append(((await world.enrol(site))["participant_id"], site))
    return made

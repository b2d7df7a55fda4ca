"""The invented trials of the demonstration, each told alone; what they say is computed again from outside."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import permutations
from math import factorial, floor
from typing import Any

import pytest

from deploy.trialops.demo.office import read_protocol
from deploy.trialops.demo.page import render_report
from deploy.trialops.demo.play import Played, Story, Wanted, play
from tests.journeys.world import World

CLEAN = {"events_lost": 0, "effects_doubled": 0, "audit_chains_ok": True, "allocations_without_decision": 0}
DAY = timedelta(days=1)


async def told(world: World, story: Story, seed: int = 42) -> tuple[Played, dict[str, Any]]:
    """The story told alone, with what `--json` says of it."""
    played = await play(world.client, world.home, Wanted(seed=seed, stories=(story,)))
    trial: dict[str, Any] = played.result["invented"]["trials"][story.value]
    assert played.result["invariants"] == CLEAN, played.result["details"]
    assert (played.result["passed"], played.result["details"]) == (True, [])
    assert all(trial["checks"].values())
    return played, trial


# -- randomised ---------------------------------------------------------------------------------------

WEIGHTS = {"risk": 2, "age-group": 1, "site": 1}
ARMS = ("tablet-a", "tablet-b")


async def audit_of(world: World) -> list[dict[str, Any]]:
    statistician = world.stage().person("statistician", "unblinded_statistician:RAND01:*")
    page = await statistician.get("enrolment", "/randomisations/RAND01/maintenance/audit", limit=200)
    items: list[dict[str, Any]] = page["items"]
    return items


def minimised(
    before: Sequence[Mapping[str, Any]], levels: Mapping[str, str], draws: Mapping[str, str]
) -> tuple[list[int], str]:
    """Imbalance per arm, and the arm: by range, best arm with 0.8, ties by the first random number."""
    imbalance = []
    for joined in ARMS:
        total = 0
        for factor, weight in WEIGHTS.items():
            on = Counter(one["arm"] for one in before if one["levels"][factor] == levels[factor])
            counts = [on[arm] + (arm == joined) for arm in ARMS]
            total += weight * (max(counts) - min(counts))
        imbalance.append(total)
    tied = [arm for arm, total in zip(ARMS, imbalance, strict=True) if total == min(imbalance)]
    orders = list(permutations(tied))
    order = [*orders[floor(Fraction(draws["tie"]) * factorial(len(tied)))]]
    order += [arm for arm in ARMS if arm not in tied]
    return imbalance, order[0] if Fraction(draws["coin"]) < Fraction(8, 10) else order[1]


async def test_every_assignment_of_the_randomised_trial_comes_out_again_by_hand(embedded: World) -> None:
    _, trial = await told(embedded, Story.RANDOMISED)

    audit = await audit_of(embedded)
    again = [minimised(audit[:number], one["levels"], one["draws"]) for number, one in enumerate(audit)]
    assert again == [(one["g"], one["arm"]) for one in audit]
    assert len(again) == trial["randomised"] == trial["replay"]["assignments"] == 12
    assert {arm for _, arm in again} == set(ARMS)
    assert trial["replay"]["differences"] == 0


async def test_blinded_counts_of_seed_42_are_these_whatever_the_arms(embedded: World) -> None:
    _, trial = await told(embedded, Story.RANDOMISED)

    assert trial["balance"] == {
        "risk": {"high": 4, "standard": 8},
        "age-group": {"from-10": 5, "under-10": 7},
        "site": {"101": 4, "102": 3, "103": 1, "104": 4},
    }


async def test_no_arm_is_in_the_page_or_in_what_is_printed(embedded: World) -> None:
    played, _ = await told(embedded, Story.RANDOMISED)

    page = render_report(played)
    for shown in (page, json.dumps(played.result)):
        assert not any(arm in shown for arm in ARMS)
    (design,) = read_protocol("rand01")["randomisations"]
    assert design["blinded"] is True
    assert tuple(arm["arm"] for arm in design["arms"]) == ARMS


async def test_the_finder_shows_the_halt_and_its_end(embedded: World) -> None:
    played, _ = await told(embedded, Story.RANDOMISED)

    seen = [
        (moment["moment"].split()[0], one["status"], one["hospitals_recruiting"])
        for moment in played.result["finder"]["moments"]
        for one in moment["trials"]
    ]
    assert seen == [("before", "open", 4), ("during", "paused", 0), ("after", "open", 4), ("at", "open", 4)]


# -- cells --------------------------------------------------------------------------------------------


async def test_every_visit_of_the_cell_trial_is_due_by_the_date_of_infusion(embedded: World) -> None:
    _, trial = await told(embedded, Story.CAR_T)

    infused = {one["number"]: date.fromisoformat(one["infused_on"]) for one in trial["children"]}
    dead = {one["number"] for one in trial["children"] if one["died"]}
    assert len(infused) == 4
    assert len(dead) == 1
    for one in trial["children"]:
        (last,) = (step["on"] for step in one["steps"] if step["step"] == "infusion")
        start = infused[one["number"]]
        assert last == str(start)
        assert one["follow_up_ends_on"] >= str(start.replace(year=start.year + 15))
    due = {one["participant_number"]: one for one in trial["due"]}
    assert due.keys() == infused.keys() - dead
    for number, one in due.items():
        assert one["due_on"] == str(infused[number] + 5 * 365 * DAY)
        assert one["closes_on"] == str(infused[number] + (5 * 365 + 60) * DAY)
        assert one["due_on"] <= trial["as_of"] <= one["closes_on"]
        assert one["state"] == "due"


async def test_a_death_cancels_everything_owed_and_one_manufacture_fails(embedded: World) -> None:
    _, trial = await told(embedded, Story.CAR_T)

    # Day 28 and fifteen years: sixteen visits owed to each.
    visits = [one["visits"] for one in trial["children"]]
    assert [sum(one.values()) for one in visits] == [16] * 4
    assert visits == [
        {"done": 4, "missed": 1, "due": 1, "not_yet": 10},
        {"done": 5, "due": 1, "not_yet": 10},
        {"done": 2, "cancelled": 14},
        {"done": 5, "due": 1, "not_yet": 10},
    ]
    assert trial["cancelled_by_the_death"] == 14
    steps = [[step["step"] for step in one["steps"]] for one in trial["children"]]
    made = ["apheresis", "manufacture", "lymphodepletion", "infusion"]
    assert steps == [made, [*made[:2], *made[1:]], made, made]
    failed = [step for one in trial["children"] for step in one["steps"] if step["outcome"] != "done"]
    assert [(step["step"], step["outcome"]) for step in failed] == [("manufacture", "failed")]
    # Ten years to come and the one that is due, for three who live.
    assert trial["to_do_in_fifteen_years"] == 3 * 11


# -- samples ------------------------------------------------------------------------------------------


async def test_samples_go_where_consent_goes_and_one_is_destroyed_after_a_stop(embedded: World) -> None:
    played, trial = await told(embedded, Story.SAMPLES)

    assert [(one["consented"], one["happened"], one["state"]) for one in trial["samples"]] == [
        (["this-study", "later-studies"], ["collected", "transferred", "transferred"], "transferred"),
        (["this-study"], ["collected", "transferred"], "transferred"),
        (
            ["this-study", "later-studies"],
            ["collected", "transferred", "destruction_requested", "destroyed"],
            "destroyed",
        ),
        (["this-study"], ["collected", "transferred"], "transferred"),
    ]
    office = embedded.stage().person("manager", "trial_manager:TISS01:*")
    assert (await office.get("enrolment", "/sample-destructions", trial="TISS01"))["items"] == []
    assert any("sample_use_not_consented" in line.what for line in played.told[Story.SAMPLES].timeline.lines)


# -- all of them --------------------------------------------------------------------------------------


@pytest.mark.parametrize("story", [Story.RANDOMISED, Story.CAR_T, Story.SAMPLES])
async def test_an_invented_trial_says_that_it_is_invented_wherever_it_is_shown(
    embedded: World, story: Story
) -> None:
    played, trial = await told(embedded, story, seed=7)

    page = render_report(played)
    assert trial["title"].startswith("Invented for the demonstration: ")
    assert played.result["invented"]["seed"] == 7
    assert "are invented, drawn from the seed. Seed: 7." in page
    (listed,) = played.result["finder"]["trials"]
    assert all(hospital.startswith("Invented hospital ") for hospital in listed["hospitals"])
    assert "A published trial" not in page
    assert page.count("<h1>") == 1
    assert not any(outside in page for outside in ("<script", "http://", "https://", "<link", "<img"))


async def test_told_again_an_invented_trial_gets_a_code_of_its_own(embedded: World) -> None:
    first, _ = await told(embedded, Story.SAMPLES)
    second, _ = await told(embedded, Story.SAMPLES)

    assert [one.code for one in first.told.values()] == ["TISS01"]
    assert [one.code for one in second.told.values()] == ["TISS01R2"]
    assert [one["code"] for one in second.result["finder"]["trials"]] == ["TISS01R2"]

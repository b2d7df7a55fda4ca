"""A trial whose protocol names another design than the rolling six: the same acts, the design's own answers."""

import pytest

from shared.testing.running import Running
from tests.sponsor.office import Json, Office, created, recruiting_office

PART = "escalation"


def with_design(protocol: Json, design: Json) -> Json:
    del protocol["parts"][0]["design"]
    protocol["parts"][0]["dose_design"] = design
    return protocol


@pytest.fixture
async def three(running: Running, protocol: Json) -> Office:
    """A 3+3 on two levels."""
    return await recruiting_office(
        running, with_design(protocol, {"id": "three_plus_three", "version": "1994.1"})
    )


@pytest.fixture
async def boin(running: Running, protocol: Json) -> Office:
    """BOIN at 0.3 in cohorts of three on two levels."""
    parameters = {"target": "0.3", "cohort_size": 3}
    return await recruiting_office(
        running, with_design(protocol, {"id": "boin", "version": "2015.1", "parameters": parameters})
    )


async def said(office: Office) -> tuple[str, int | None, list[str]]:
    found = (await office.part(PART))["recommendation"]
    return found["kind"], found["next_level"], found["reasons"]


async def test_a_three_plus_three_runs_from_the_first_child_to_its_dose(three: Office) -> None:
    assert await said(three) == ("stay", 1, ["start_level"])

    first = await three.decide(PART, "open_level", 1, 3)
    children = await three.enrol(PART, 1, 2, decision=first)
    assert await said(three) == ("wait", None, ["partial_cohort"])
    assert (await three.part(PART))["levels"][0].get("held") in (None, False)
    children += await three.enrol(PART, 1, 1, decision=first)
    await three.judge(children, "no_dlt", PART, 1)
    assert (await said(three))[:2] == ("escalate", 2)

    second = await three.decide(PART, "open_level", 2, 3)
    children = await three.enrol(PART, 2, 3, decision=second)
    await three.judge(children[:2], "dlt", PART, 2)

    assert (await said(three))[:2] == ("deescalate", 1)


async def test_two_dlts_decide_while_the_third_child_is_pending(three: Office) -> None:
    decision = await three.decide(PART, "open_level", 1, 3)
    children = await three.enrol(PART, 1, 3, decision=decision)
    await three.judge(children[:2], "dlt", PART, 1)

    assert (await said(three))[:2] == ("stop_no_mtd", None)


async def test_the_signed_decision_carries_the_designs_own_rule(boin: Office) -> None:
    proposed = created(await boin.propose(PART, "open_level", 1, 3))

    rule = {tuple(row[:3]): row[3] for row in proposed["cohort_rule"]["rows"]}
    assert proposed["cohort_rule"]["source"]["design"] == "boin"
    assert (rule[1, 0, 1], rule[3, 0, 0], rule[3, 3, 0]) == ("same", "hold", "close")


async def test_boin_closes_a_level_on_three_of_three(boin: Office) -> None:
    first = await boin.decide(PART, "open_level", 1, 3)
    children = await boin.enrol(PART, 1, 3, decision=first)
    await boin.judge(children, "no_dlt", PART, 1)
    second = await boin.decide(PART, "open_level", 2, 3)
    children = await boin.enrol(PART, 2, 3, decision=second)

    await boin.judge(children, "dlt", PART, 2)

    found = (await boin.part(PART))["recommendation"]
    assert (found["kind"], found["next_level"], found["closed_levels"]) == ("deescalate", 1, [2])

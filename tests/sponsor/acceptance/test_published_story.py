"""The sponsor's side of a published trial, told through the API with what the other services would say.

Source: Van Mater D et al., Pediatr Blood Cancer 2021;68(4):e28879 (preprint authorea 485356), Toxicities:
stratum I 0/3 at 50, 0/3 at 75, 2/4 evaluable of 6 at 95, then 9 more at 75 (2/12 in all); stratum II 0/4 at
50, 1/7 evaluable of 10 at 75. Which of the twelve at 75 had the DLTs is not printed and is assumed here.
"""

from shared.testing.running import Running
from tests.sponsor.office import Json, Office, recruiting_office

ONE, ONE_MORE, TWO, TWO_MORE = "stratum-1", "stratum-1-expansion", "stratum-2", "stratum-2-expansion"


async def recommendation(office: Office, part: str) -> tuple[str, int | None, list[int]]:
    said = (await office.part(part))["recommendation"]
    return said["kind"], said["next_level"], said["closed_levels"]


async def level(office: Office, part: str, number: int) -> tuple[int, int, int]:
    """(enrolled, evaluable, DLTs)."""
    found = (await office.part(part))["levels"][number - 1]
    return found["enrolled"], found["evaluable"], found["dlt"]


async def clear_cohort(office: Office, part: str, number: int, n: int, decision: Json) -> None:
    people = await office.enrol(part, number, n, decision=decision)
    await office.judge(people, "no_dlt", part, number)


async def test_both_strata_reach_the_published_counts_and_doses(
    running: Running, replayed_protocol: Json
) -> None:
    office = await recruiting_office(running, replayed_protocol)

    await _escalate_stratum_one(office)
    await _refill_and_expand_stratum_one(office)
    await _stratum_two(office)

    overview = await office.overview()
    mtd = {part["part"]: part["mtd"] for part in overview["parts"]}
    assert mtd == {ONE: 2, ONE_MORE: 1, TWO: 2, TWO_MORE: None}
    assert await level(office, ONE, 1) == (3, 3, 0)
    at_75 = await level(office, ONE, 2), await level(office, ONE_MORE, 1)
    assert tuple(map(sum, zip(*at_75, strict=True))) == (12, 12, 2)
    assert await level(office, ONE, 3) == (6, 4, 2)
    assert await level(office, TWO, 1) == (4, 4, 0)
    at_75 = await level(office, TWO, 2), await level(office, TWO_MORE, 1)
    assert tuple(map(sum, zip(*at_75, strict=True))) == (10, 7, 1)
    assert all(part["without_decision"] == [] for part in overview["parts"])
    assert not await running.published("sponsor.dose-decision.superseded.v1")


async def _escalate_stratum_one(office: Office) -> None:
    assert await recommendation(office, ONE) == ("stay", 1, [])
    first = await office.decide(ONE, "open_level", 1, places=6)
    await clear_cohort(office, ONE, 1, 3, first)
    assert await recommendation(office, ONE) == ("escalate", 2, [])

    second = await office.decide(ONE, "open_level", 2, places=6)
    await clear_cohort(office, ONE, 2, 3, second)
    assert await recommendation(office, ONE) == ("escalate", 3, [])

    third = await office.decide(ONE, "open_level", 3, places=6)
    people = await office.enrol(ONE, 3, 6, decision=third)
    assert (await recommendation(office, ONE))[0] == "suspend"
    assert (await office.part(ONE))["levels"][2]["held"] == "suspend"
    await office.judge(people[:2], "not_evaluable", ONE, 3)
    await office.judge(people[2:4], "no_dlt", ONE, 3)
    await office.judge(people[4:], "dlt", ONE, 3)
    assert await recommendation(office, ONE) == ("deescalate", 2, [3])
    assert (await office.part(ONE))["levels"][2]["held"] == "eliminated"


async def _refill_and_expand_stratum_one(office: Office) -> None:
    refill = await office.decide(ONE, "open_level", 2, places=3)
    people = await office.enrol(ONE, 2, 3, decision=refill)
    await office.judge(people[:2], "no_dlt", ONE, 2)
    await office.judge(people[2:], "dlt", ONE, 2)
    assert await recommendation(office, ONE) == ("complete", 2, [3])
    await office.decide(ONE, "declare_mtd", 2)

    expansion = await office.decide(ONE_MORE, "expand", 1, places=6)
    assert {"part": ONE, "level": 2} in expansion["cohort_rule"]["counts"]
    people = await office.enrol(ONE_MORE, 1, 6, decision=expansion)
    await office.judge(people[:5], "no_dlt", ONE_MORE, 1)
    await office.judge(people[5:], "dlt", ONE_MORE, 1)
    assert await recommendation(office, ONE_MORE) == ("complete", 1, [])
    await office.decide(ONE_MORE, "declare_mtd", 1)


async def _stratum_two(office: Office) -> None:
    first = await office.decide(TWO, "open_level", 1, places=6)
    await clear_cohort(office, TWO, 1, 4, first)
    assert await recommendation(office, TWO) == ("escalate", 2, [])

    second = await office.decide(TWO, "open_level", 2, places=6)
    people = await office.enrol(TWO, 2, 7, decision=second)
    never_treated = office.network.registered("never", TWO, 2, decision_id=second["decision_id"])
    await office.network.hear(never_treated)
    await office.judge([people[0], "never"], "not_evaluable", TWO, 2)
    await office.judge(people[1:], "no_dlt", TWO, 2)
    assert await recommendation(office, TWO) == ("complete", 2, [])
    await office.decide(TWO, "declare_mtd", 2)

    expansion = await office.decide(TWO_MORE, "expand", 1, places=6)
    people = await office.enrol(TWO_MORE, 1, 2, decision=expansion)
    await office.judge(people[:1], "dlt", TWO_MORE, 1)
    await office.judge(people[1:], "not_evaluable", TWO_MORE, 1)
    assert await recommendation(office, TWO_MORE) == ("stay", 1, [])

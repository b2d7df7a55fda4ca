"""Randomisation through the API: drawn once under the trial's lock, kept whole, and an arm known to few."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from tests.enrolment.randomising import (
    LEVELS,
    MINIMISED,
    SEED,
    STRATA,
    arms,
    audit,
    blinded,
    enrolled,
    lists_of,
    prepare,
    randomise,
    replay,
    set_up_randomised,
    statistician,
    upload,
)

MINIMISED_FIRST: dict[str, Any] = {"method": MINIMISED}


def events_of(published: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [event for event in published if event["type"] == f"enrolment.{kind}.v1"]


# -- drawing ------------------------------------------------------------------------------------------------


async def test_a_blinded_randomisation_answers_that_it_happened_and_not_into_which_arm(world: Any) -> None:
    await set_up_randomised(world)
    await prepare(world)
    ((participant, _),) = await enrolled(world, 1)

    answer = await randomise(world, participant)

    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["randomisation"], made["arm"], made["levels"]) == ("first", None, {})
    listed = await world.nurse().get(f"/participants/{participant}/randomisations")
    assert listed.json() == {"items": [made]}
    published = await world.running.published()
    (committed,) = events_of(published, "randomisation.committed")
    (allocated,) = events_of(published, "arm.allocated")
    assert (committed["aggregate_id"], committed["body"]["arm"]) == (participant, None)
    assert (allocated["version"], allocated["body"]["arm"]) == (1, (await arms(world))[0])
    assert allocated["body"]["row"] == {"stratum": "", "row": 1, "block": 1}


async def test_the_two_events_have_two_topics_and_two_aggregates(world: Any) -> None:
    await set_up_randomised(world)
    await prepare(world)
    ((participant, _),) = await enrolled(world, 1)
    await randomise(world, participant)

    rows = await world.rows(
        "SELECT topic, blinding, type FROM outbox WHERE type LIKE '%arm%' OR type LIKE '%randomisation%'"
    )

    assert sorted(tuple(row) for row in rows) == [
        ("enrolment.events.v1", "blinded", "enrolment.randomisation.committed.v1"),
        ("enrolment.unblinded.v1", "unblinded", "enrolment.arm.allocated.v1"),
    ]
    shared = await world.rows(
        "SELECT aggregate_id FROM outbox GROUP BY aggregate_id HAVING count(DISTINCT topic) > 1"
    )
    assert shared == []


async def test_an_open_randomisation_answers_the_arm_and_says_it_to_everybody(world: Any) -> None:
    await set_up_randomised(world, blinded(blinded=False))
    await prepare(world)
    ((participant, _),) = await enrolled(world, 1)

    made = (await randomise(world, participant)).json()

    assert [made["arm"]] == await arms(world)
    (committed,) = events_of(await world.running.published(), "randomisation.committed")
    assert (committed["body"]["blinded"], committed["body"]["arm"]) == (False, made["arm"])


async def test_rows_are_used_in_order_within_each_stratum_with_the_site_as_one(world: Any) -> None:
    await set_up_randomised(
        world, blinded(method={"kind": "permuted_blocks", "block_sizes": [2], "strata": STRATA})
    )
    await prepare(world)
    people = await enrolled(world, 8, ("012", "034"))

    for number, (participant, site) in enumerate(people):
        levels = {"risk": "high" if number < 6 else "low"}
        answer = await randomise(world, participant, site=site, levels=levels)
        assert answer.json()["levels"] == levels | {"site": site}

    used = [(one["stratum"], one["row"]) for one in (await audit(world))["items"]]
    assert used == [
        *[(f"risk=high;site={site}", row) for row in (1, 2, 3) for site in ("012", "034")],
        ("risk=low;site=012", 1),
        ("risk=low;site=034", 1),
    ]
    (listed,) = (await statistician(world).get(f"{lists_of(world)}/lists")).json()["items"]
    assert {one["stratum"]: (one["rows"], one["used"]) for one in listed["strata"]} == {
        "risk=high;site=012": (48, 3),
        "risk=high;site=034": (48, 3),
        "risk=low;site=012": (48, 1),
        "risk=low;site=034": (48, 1),
    }
    rows = f"{lists_of(world)}/lists/{listed['prepared']['list_id']}/rows"
    page = (await statistician(world).get(rows, stratum="risk=high;site=034", limit=4)).json()
    assert [one["row"] for one in page["items"]] == [1, 2, 3, 4]
    assert [one["randomisation_id"] is not None for one in page["items"]] == [True, True, True, False]
    rest = (
        await statistician(world).get(rows, stratum="risk=high;site=034", cursor=page["next_cursor"])
    ).json()
    assert rest["items"][0]["row"] == 5
    assert (await replay(world)) == {"assignments": 8, "differences": []}


async def test_minimisation_keeps_everything_from_which_each_draw_can_be_made_again(world: Any) -> None:
    await set_up_randomised(world, blinded(**MINIMISED_FIRST))
    await prepare(world)
    people = await enrolled(world, 12, ("012", "034", "056"))

    for number, (participant, site) in enumerate(people):
        levels = {"sex": "male" if number % 2 else "female", "risk": "high" if number % 3 else "low"}
        assert (await randomise(world, participant, site=site, levels=levels)).status_code == 201

    found = await audit(world)
    (source,) = found["sources"]
    assert (source["seed"], source["design"]["imbalance"]) == (SEED, "range")
    assert (source["design"]["scheme"], source["design"]["parameter"]) == ("best_p_rest_equal", "0.8")
    assert source["design"]["factors"] == {"sex": "1", "risk": "2", "site": "1"}
    assert [one["generator_state"] for one in found["items"]] == list(range(1, 13))
    last = found["items"][-1]
    assert {name: sum(on) for name, on in last["counts"].items()} == {"sex": 5, "risk": 7, "site": 3}
    assert last["arm"] in last["order"]
    assert sorted(last["probabilities"]) == pytest.approx([0.2, 0.8]) or last["g"][0] == last["g"][1]
    assert len({one["draws"]["coin"] for one in found["items"]}) == 12
    assert await replay(world) == {"assignments": 12, "differences": []}


async def test_a_draw_that_was_changed_in_the_store_shows_in_the_replay(world: Any) -> None:
    await set_up_randomised(world)
    await prepare(world)
    for participant, _ in await enrolled(world, 3):
        await randomise(world, participant)

    async def turn(tx: Any) -> None:
        from shared.database import Sql

        await tx.fetch(
            Sql(
                "UPDATE unblinded_allocation SET arm = CASE arm WHEN 'new' THEN 'standard' ELSE 'new' END"
                " WHERE number = 2"
            )
        )

    await world.running.service.database.write(turn)

    assert (await replay(world))["differences"] == [{"number": 2, "what": "arm"}]


@pytest.mark.parametrize("design", [{}, MINIMISED_FIRST], ids=["list", "minimisation"])
async def test_fifty_at_once_leave_no_gap_and_use_no_row_twice(world: Any, design: dict[str, Any]) -> None:
    await set_up_randomised(world, blinded(**design), target=60)
    await prepare(world)
    people = await enrolled(world, 50, ("012", "034", "056"))
    levels: dict[str, Any] = {"levels": LEVELS} if design else {}

    answers = await asyncio.gather(*(randomise(world, who, site=site, **levels) for who, site in people))

    assert Counter(answer.status_code for answer in answers) == {201: 50}
    items = (await audit(world))["items"]
    assert [one["number"] for one in items] == list(range(1, 51))
    assert len({one["participant_id"] for one in items}) == 50
    if not design:
        assert [one["row"] for one in items] == list(range(1, 51))
        assert abs(Counter(one["arm"] for one in items)["new"] - 25) <= 2
    assert await replay(world) == {"assignments": 50, "differences": []}


async def test_one_participant_asked_for_many_times_at_once_is_randomised_once(world: Any) -> None:
    await set_up_randomised(world)
    await prepare(world)
    ((participant, _),) = await enrolled(world, 1)

    answers = await asyncio.gather(*(randomise(world, participant) for _ in range(20)))

    refused = [answer.json()["code"] for answer in answers if answer.status_code != 201]
    assert refused == ["already_randomised"] * 19
    assert len((await audit(world))["items"]) == 1


async def test_a_retry_gets_the_first_answer_and_draws_nothing(world: Any) -> None:
    await set_up_randomised(world)
    await prepare(world)
    ((participant, _),) = await enrolled(world, 1)
    path, body = f"/participants/{participant}/randomisations", {"randomisation": "first"}

    first = await world.investigator().post(path, body, key="once")
    again = await world.investigator().post(path, body, key="once")

    assert (first.status_code, again.status_code, first.content) == (201, 201, again.content)
    assert len((await audit(world))["items"]) == 1


# -- several randomisations ---------------------------------------------------------------------------------


async def test_a_later_randomisation_follows_the_first_by_group_and_criterion(world: Any) -> None:
    later = blinded(
        "after-induction",
        at="later",
        after="first",
        for_arms=["new"],
        groups=["responder", "non-responder"],
        criteria=[{"id": "recovered", "text": "blood counts recovered"}],
    )
    await set_up_randomised(world, blinded(blinded=False), later, target=2)
    assert (await upload(world, ["new", "standard", "new"])).status_code == 201
    await prepare(world, "after-induction")
    (one, _), (other, _) = await enrolled(world, 2)
    whole: dict[str, Any] = {"group": "responder", "answers": {"recovered": True}}

    too_early = await randomise(world, one, "after-induction", **whole)
    await randomise(world, one)
    await randomise(world, other)

    assert [guard["code"] for guard in too_early.json()["guards"]] == [
        "earlier_randomisation_missing",
        "randomisation_not_for_arm",
    ]
    assert (await randomise(world, other, "after-induction", **whole)).json()[
        "code"
    ] == "randomisation_not_for_arm"
    for wanted, code in (
        ({"answers": {"recovered": True}}, "randomisation_group_unknown"),
        ({"group": "responder", "answers": {"recovered": False}}, "randomisation_criteria_unmet"),
        ({"group": "responder"}, "randomisation_criteria_unmet"),
        (whole | {"answers": {"recovered": True, "other": True}}, "criteria_unknown"),
    ):
        assert (await randomise(world, one, "after-induction", **wanted)).json()["code"] == code
    made = await randomise(world, one, "after-induction", **whole)
    assert (made.status_code, made.json()["group"], made.json()["arm"]) == (201, "responder", None)
    codes = [
        it["randomisation"]
        for it in (await world.nurse().get(f"/participants/{one}/randomisations")).json()["items"]
    ]
    assert codes == ["first", "after-induction"]


# -- what stops it ------------------------------------------------------------------------------------------


async def test_a_halt_a_voided_registration_and_stopped_treatment_let_nobody_be_randomised(
    world: Any,
) -> None:
    await set_up_randomised(world)
    await prepare(world)
    (one, _), (voided, _), (stopped, _) = await enrolled(world, 3)
    await world.ok(world.manager, f"/participants/{voided}/voidings", {"reason_code": "wrong_child"})
    change = {"elements": {"treatment": "stopped"}, "by": "participant_or_parent"}
    await world.ok(world.investigator(), f"/participants/{stopped}/participation-changes", change)
    await world.sponsor_says(world.halt(dosing=False))

    assert (await randomise(world, one)).json()["code"] == "trial_halted"
    await world.sponsor_says(world.lifted())

    assert (await randomise(world, voided)).json()["code"] == "registration_voided"
    assert (await randomise(world, stopped)).json()["code"] == "treatment_stopped"
    assert (await randomise(world, one)).status_code == 201


async def test_without_fresh_news_nobody_is_randomised(world: Any) -> None:
    await set_up_randomised(world)
    await prepare(world)
    ((participant, _),) = await enrolled(world, 1)
    await world.running.service.database.write(_make_old)

    answer = await randomise(world, participant)

    assert (answer.status_code, answer.json()["code"]) == (503, "trial_state_unknown")
    assert answer.headers["retry-after"]
    await world.freshen()
    assert (await randomise(world, participant)).status_code == 201


async def _make_old(tx: Any) -> None:
    from datetime import timedelta

    from shared.clock import server_now
    from shared.database import Sql, instant_parameter

    at = instant_parameter(tx, server_now() - timedelta(minutes=5))
    await tx.fetch(Sql("UPDATE producer_position SET closed_at = $1"), at)


async def test_only_an_investigator_with_the_duty_randomises(world: Any) -> None:
    await set_up_randomised(world)
    await prepare(world)
    ((participant, _),) = await enrolled(world, 1)

    for person, status in (
        (world.nurse(), 403),
        (world.investigator("034"), 404),
        (world.manager, 403),
        (world.running.person("nobody-delegated", "site_investigator:EP01:012"), 403),
    ):
        assert (await randomise(world, participant, person=person)).status_code == status, person.name


async def test_levels_and_randomisations_that_the_design_does_not_have_are_refused(world: Any) -> None:
    await set_up_randomised(world, blinded(**MINIMISED_FIRST))
    await prepare(world)
    ((participant, _),) = await enrolled(world, 1)

    for levels in ({}, {"sex": "male"}, LEVELS | {"site": "012"}, LEVELS | {"risk": "middle"}):
        answer = await randomise(world, participant, levels=levels)
        assert (answer.status_code, answer.json()["code"]) == (422, "factor_unknown")
    assert (await randomise(world, participant, "second")).json()["code"] == "randomisation_unknown"
    assert await world.rows("SELECT id FROM unblinded_allocation") == []


# -- corrections --------------------------------------------------------------------------------------------


async def correct(world: Any, participant: str, levels: dict[str, str], **more: Any) -> Any:
    body = {"randomisation": "first", "levels": levels, "reason_code": "wrong_report"} | more
    return await world.investigator().post(f"/participants/{participant}/randomisation-corrections", body)


@pytest.mark.parametrize("follow", [True, False], ids=["counted", "not counted"])
async def test_a_wrong_level_is_corrected_and_counts_as_the_protocol_says(world: Any, follow: bool) -> None:
    await set_up_randomised(world, blinded(method=MINIMISED | {"counts_follow_corrections": follow}))
    await prepare(world)
    (one, _), (two, _), (three, _) = await enrolled(world, 3)
    for participant in (one, two):
        await randomise(world, participant, levels=LEVELS)
    before = await arms(world)

    answer = await correct(world, one, LEVELS | {"risk": "low"})

    assert answer.status_code == 201, answer.text
    assert answer.json()["levels_before"] == LEVELS | {"site": "012"}
    assert await arms(world) == before  # nobody is randomised twice
    assert (await randomise(world, one, levels=LEVELS)).json()["code"] == "already_randomised"
    await randomise(world, three, levels=LEVELS)
    assert sum((await audit(world))["items"][2]["counts"]["risk"]) == (1 if follow else 2)
    assert await replay(world) == {"assignments": 3, "differences": []}
    published = await world.running.published()
    (said,) = events_of(published, "randomisation.corrected")
    (named,) = events_of(published, "arm-levels.corrected")
    assert "levels" not in said["body"]
    assert (named["version"], named["body"]["counted"], named["body"]["levels"]["risk"]) == (2, follow, "low")


async def test_a_wrong_stratum_of_a_list_is_recorded_and_the_row_stays(world: Any) -> None:
    await set_up_randomised(
        world, blinded(method={"kind": "permuted_blocks", "block_sizes": [2], "strata": STRATA})
    )
    await prepare(world)
    (one, _), (two, _) = await enrolled(world, 2)
    await randomise(world, one, levels={"risk": "high"})

    await correct(world, one, {"risk": "low"})
    again = await correct(world, one, {"risk": "high"})
    await randomise(world, two, levels={"risk": "high"})

    assert again.json()["levels_before"] == {"risk": "low", "site": "012"}
    assert [one["row"] for one in (await audit(world))["items"]] == [1, 2]
    assert (await correct(world, two, {"risk": "middle"})).json()["code"] == "factor_unknown"
    assert (await correct(world, two, {"risk": "low"}, randomisation="x")).json()["code"] == "not_randomised"

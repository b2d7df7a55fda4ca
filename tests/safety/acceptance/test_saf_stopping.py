"""Acceptance checks SAF-19 and SAF-20 over the service: counts follow the facts, a crossing stays."""

from typing import Any

import pytest

from services.sponsor.events.published import HaltImposedV1
from tests.safety.stopping import (
    DLT_RATE,
    close_windows,
    crossings,
    imposed,
    lifted,
    number_of,
    toxic,
    treat_many,
    watched,
)


@pytest.fixture
async def watching(quiet_world: Any, protocol_with: Any) -> Any:
    """A world whose protocol carries reference 1 as its rule on DLTs, with an officer on duty."""
    await quiet_world.open_trial(protocol_with(stopping_rules=[DLT_RATE]))
    await quiet_world.on_duty("officer")
    return quiet_world


async def _crossed_events(world: Any) -> list[dict[str, Any]]:
    return [event["body"] for event in await world.running.published("safety.stopping-rule.crossed.v1")]


async def test_saf_20_three_of_four_cross_the_rule_in_the_transaction_of_the_third(watching: Any) -> None:
    world = watching
    await treat_many(world, 4)
    await toxic(world, 1)
    await toxic(world, 2)
    assert await crossings(world) == []

    receipt = await toxic(world, 4)

    [crossing] = await crossings(world)
    assert (crossing["n"], crossing["events"], crossing["stops_at"]) == (3, 3, 3)
    assert [step["event"] for step in crossing["path"]] == [True, True, True]
    assert crossing["pending"] == ["participant-3"]
    assert "stopping_rule_crossed" in [alert["kind"] for alert in receipt["alerts"]]
    [alert] = [one for one in await world.alerts() if one["kind"] == "stopping_rule_crossed"]
    assert (alert["priority"], alert["cause_id"]) == ("P1", crossing["crossing_id"])
    [event] = await _crossed_events(world)
    assert (event["part"], event["n"], event["events"], event["pending"]) == ("escalation", 3, 3, 1)


async def test_saf_20_two_of_four_and_three_of_five_go_on(watching: Any) -> None:
    """In the order of registration, so that those without an event are counted between those with one."""
    world = watching
    started = await treat_many(world, 4)
    await toxic(world, 1)
    await close_windows(world, started)
    await treat_many(world, 1, first=5)
    await toxic(world, 5)

    assert await crossings(world) == []
    [rule] = await watched(world)
    assert (rule["counts"]["n"], rule["counts"]["events"]) == (5, 2)


async def test_saf_20_a_crossing_at_an_earlier_n_surfaces_when_first_looked_at_later(
    quiet_world: Any, protocol_with: Any
) -> None:
    world = quiet_world
    await world.open_trial(protocol_with())
    await treat_many(world, 5)
    for place in (1, 2, 4, 5):
        await toxic(world, place)
    assert await crossings(world) == []
    rules = protocol_with(stopping_rules=[DLT_RATE], protocol_version="2.0")
    rules["dlt"]["dlt_definition"]["protocol_version"] = "2.0"

    await world.tell(world.sponsor, world.approved(rules))

    [crossing] = await crossings(world)
    assert (crossing["n"], crossing["events"]) == (3, 3)
    assert crossing["cause"] == "protocol"


async def test_saf_20_a_rule_that_is_adopted_later_sees_everybody_before_it_counts_anybody(
    quiet_world: Any, protocol_with: Any
) -> None:
    """Three events behind two children without one: whoever counted the first three alone would cross."""
    world = quiet_world
    await world.open_trial(protocol_with())
    started = await treat_many(world, 2, first=8)
    await close_windows(world, started)
    await treat_many(world, 3)
    for place in (1, 2, 3):
        await toxic(world, place)
    rules = protocol_with(stopping_rules=[DLT_RATE], protocol_version="2.0")
    rules["dlt"]["dlt_definition"]["protocol_version"] = "2.0"

    await world.tell(world.sponsor, world.approved(rules))

    assert await crossings(world) == []
    [rule] = await watched(world)
    assert (rule["counts"]["n"], rule["counts"]["events"]) == (5, 3)


async def test_saf_20_telling_everything_twice_crosses_once(watching: Any) -> None:
    world = watching
    await treat_many(world, 4)
    for place in (2, 1, 3):
        await toxic(world, place)

    for record in list(world.history):
        producer = world.sponsor if record.topic.startswith("sponsor") else world.enrolment
        await producer.deliver(world.inbox(producer.service), record)
    await world.running.run_timers()

    assert len(await crossings(world)) == 1
    assert len(await _crossed_events(world)) == 1


async def test_saf_20_the_rule_is_shown_with_its_exact_characteristics(watching: Any) -> None:
    answer = await watching.officer.get("/stopping-rules", trial="EP01", p=0.25)

    [rule] = answer.json()["items"]
    assert rule["boundary"][:5] == [None, None, 3, 3, 4]
    [at] = rule["characteristics"]
    assert round(at["stop_probability"], 8) == 0.23832301
    assert round(at["expected_events"], 6) == 6.536293
    assert rule["characteristics_assume"] == "complete_follow_up"


async def test_saf_19_a_lowered_grade_recounts_and_the_crossing_stays_to_be_explained(watching: Any) -> None:
    world = watching
    await treat_many(world, 3)
    await toxic(world, 1)
    await toxic(world, 2)
    receipt = await toxic(world, 3)
    amended = await world.investigator.post(
        f"/adverse-events/{receipt['report_id']}/amendments",
        {
            "verbatim": "rash",
            "term": "Rash maculo-papular",
            "grade": 2,
            "onset": (await world.today()).isoformat(),
            "aware_at": receipt["aware_at"],
            "seriousness": [],
            "causality": "probable",
            "reason": "graded by the wrong table",
        },
    )
    assert amended.status_code == 201

    [rule] = await watched(world)
    assert (rule["counts"]["n"], rule["counts"]["events"]) == (2, 2)
    [crossing] = await crossings(world)
    explained = await world.officer.post(
        f"/stopping-rule-crossings/{crossing['crossing_id']}/explanations",
        {"words": "the third grade was lowered"},
    )

    assert explained.status_code == 201
    [crossing] = await crossings(world)
    assert [one["words"] for one in crossing["explanations"]] == ["the third grade was lowered"]
    assert crossing["decided_at"] is None


async def test_a_provisional_event_is_listed_as_pending_and_shown_what_it_would_do(watching: Any) -> None:
    world = watching
    await treat_many(world, 3)
    await toxic(world, 1)
    await toxic(world, 2)

    await world.reported(
        participant_number=number_of(3),
        term="Rash maculo-papular",
        grade=3,
        causality="probable",
        by=world.nurse,
    )

    assert await crossings(world) == []
    [rule] = await watched(world)
    assert rule["counts"]["provisional"] == ["participant-3"]
    assert (rule["counts"]["n"], rule["counts"]["would_cross_at"]) == (2, 3)


async def test_while_people_have_not_decided_further_events_cross_nothing_more(watching: Any) -> None:
    world = watching
    await treat_many(world, 6)
    for place in (1, 2, 3, 4):
        await toxic(world, place)
    [first] = await crossings(world)

    await world.tell(world.sponsor, imposed(world, first["crossing_id"], await world.now()))
    await world.tell(world.sponsor, lifted(world, first["crossing_id"], await world.now()))
    [decided] = await crossings(world)
    await toxic(world, 5)

    assert decided["decided_at"] is not None
    assert "halt" not in await world.alert_kinds()
    again = await crossings(world)
    assert [(one["n"], one["events"]) for one in again] == [(3, 3), (5, 5)]
    assert again[0]["decided_at"] is not None


async def test_the_sponsors_other_halts_still_alert(watching: Any) -> None:
    halt: HaltImposedV1 = imposed(watching, "somebodys-halt", await watching.now())

    await watching.tell(watching.sponsor, halt)

    assert "halt" in await watching.alert_kinds()


async def test_a_voided_registration_counts_nowhere(watching: Any) -> None:
    world = watching
    await treat_many(world, 2)
    await toxic(world, 1)
    await world.tell(world.enrolment, world.voided("participant-1"))

    [rule] = await watched(world)
    assert (rule["counts"]["n"], rule["counts"]["events"]) == (0, 0)


async def test_a_rule_with_criteria_of_its_own_counts_them_and_closes_by_time(
    quiet_world: Any, protocol_with: Any
) -> None:
    world = quiet_world
    document = protocol_with()
    own = {name: document["dlt"][name] for name in ("minimum_exposure", "duration_convention", "attribution")}
    window = document["dlt"]["window"] | {"days": 60}
    event = {
        "kind": "criteria",
        "window": window,
        "criteria": [{"id": "any-g4", "any_term": True, "grade_at_least": 4}],
        "not_evaluable": ["left_before_window_end_without_dlt"],
        **own,
    }
    rule = DLT_RATE | {"id": "grade-4", "event": event, "boundary": {"kind": "table", "stops_at": [None, 1]}}
    await world.open_trial(document | {"stopping_rules": [rule]})
    started = await treat_many(world, 2)
    await world.reported(
        participant_number=number_of(1), term="Febrile neutropenia", grade=4, causality="probable"
    )
    await close_windows(world, started)
    assert await crossings(world) == []

    await close_windows(world, await world.now())

    [crossing] = await crossings(world)
    assert (crossing["n"], crossing["events"]) == (2, 1)
    assert crossing["cause"] == "timer"


async def test_rules_that_cannot_be_computed_are_told_as_a_problem_of_the_definition(
    quiet_world: Any, protocol_with: Any
) -> None:
    world = quiet_world
    beyond = DLT_RATE | {"boundary": {"kind": "pocock", "participants": 5, "p0": "0.0001", "alpha": "0.1"}}

    await world.open_trial(protocol_with(stopping_rules=[beyond]))

    assert "definition_problem" in await world.alert_kinds()

"""What signed decisions, their successors and late data do to levels and slots."""

from typing import Any


async def test_opening_the_next_level_closes_the_one_before_and_moves_its_reservations_on(trial: Any) -> None:
    screening_id = await trial.ready()
    await trial.reserve(screening_id)

    await trial.sponsor_says(trial.decision("decision-2", level=2))

    closed = (await trial.running.published("enrolment.dose-level.closed.v1"))[-1]["body"]
    assert (closed["cause"], closed["level"], closed["decision_id"]) == ("next_level_opened", 1, "decision-2")
    offered = next(slot for slot in (await trial.level(2))["slots"] if slot["state"] == "offered")
    assert offered["site_number"] == "012"
    slot_id = await trial.reserve(screening_id)
    answer = await trial.register(screening_id, slot_id)
    assert (answer.status_code, answer.json()["level"], answer.json()["decision_id"]) == (
        201,
        2,
        "decision-2",
    )
    await trial.board_matches_events()


async def test_a_followed_decision_lets_nobody_in_but_its_participants_are_dosed_on(trial: Any) -> None:
    registered = await trial.enrol()

    await trial.sponsor_says(trial.decision("decision-2", level=2))

    assert (await trial.authorise(registered["participant_id"])).status_code == 201
    level = await trial.level(1)
    assert (level["state"], level["decision_standing"]) == ("closed", "followed")


async def test_superseded_data_freeze_the_slots_and_stop_dosing_until_people_decide_again(
    trial: Any, codes_of: Any
) -> None:
    registered = await trial.enrol()
    screening_id = await trial.ready()
    slot_id = await trial.reserve(screening_id)

    await trial.sponsor_says(trial.superseded("decision-1"))

    answer = await trial.register(screening_id, slot_id)
    assert (answer.status_code, codes_of(answer)) == (409, ["decision_superseded", "slot_frozen"])
    dosing = await trial.authorise(registered["participant_id"])
    assert dosing.json()["code"] == "decision_superseded"
    await trial.sponsor_says(trial.decision("decision-2", places=0))
    assert (await trial.register(screening_id, slot_id)).status_code == 201
    assert (await trial.authorise(registered["participant_id"])).status_code == 201
    await trial.board_matches_events()


async def test_a_refill_adds_places_at_the_open_level(trial: Any) -> None:
    await trial.sponsor_says(trial.decision("decision-2", "expand", places=2))

    level = await trial.level()
    assert (level["places"], level["decision_id"]) == ({"open": 8}, "decision-2")


async def test_a_restricting_decision_acts_with_one_signature_and_its_second_changes_nothing(
    trial: Any,
) -> None:
    await trial.sponsor_says(trial.decision("decision-2", "close_level", signers=("chair",)))
    closed = (await trial.types()).count("dose-level.closed")

    await trial.sponsor_says(trial.decision("decision-2", "close_level", signers=("chair", "monitor")))

    assert ((await trial.level())["state"], closed) == ("closed", 1)
    assert (await trial.types()).count("dose-level.closed") == 1


async def test_one_person_alone_opens_nothing(world: Any) -> None:
    await world.set_up(decide=False)

    await world.sponsor_says(world.decision("decision-1", signers=("chair", "chair")))

    board = await world.board()
    assert {level["state"] for level in board["levels"]} == {"locked"}
    assert board["decisions_waiting"] == ["decision-1"]


async def test_a_hold_by_decision_stops_registration_until_another_decision(
    trial: Any, codes_of: Any
) -> None:
    screening_id = await trial.ready()
    slot_id = await trial.reserve(screening_id)

    await trial.sponsor_says(trial.decision("decision-2", "hold", signers=("chair",)))

    assert codes_of(await trial.register(screening_id, slot_id)) == ["cohort_hold", "slot_frozen"]
    await trial.sponsor_says(trial.decision("decision-3", places=0))
    assert (await trial.register(screening_id, slot_id)).status_code == 201


async def test_a_hold_of_the_sponsor_ends_with_its_release(trial: Any, codes_of: Any) -> None:
    screening_id = await trial.ready()
    slot_id = await trial.reserve(screening_id)
    await trial.sponsor_says(trial.held())
    assert codes_of(await trial.register(screening_id, slot_id)) == ["cohort_hold", "slot_frozen"]

    await trial.sponsor_says(trial.released())

    assert (await trial.register(screening_id, slot_id)).status_code == 201


async def test_declaring_the_maximum_tolerated_dose_closes_the_part(trial: Any) -> None:
    await trial.sponsor_says(trial.decision("decision-2", "declare_mtd", level=1))

    answer = (await trial.manager.get("/dose-levels", trial="EP01")).json()
    shown = {(one["part"], one["level"]): (one["state"], one["mtd"]) for one in answer["levels"]}
    assert shown["escalation", 1] == ("closed", True)
    assert shown["escalation", 2] == ("locked", False)


async def test_a_closed_trial_takes_its_places_back(trial: Any, codes_of: Any) -> None:
    from services.sponsor.events.published import TrialClosedV1

    screening_id = await trial.ready()
    slot_id = await trial.reserve(screening_id)
    closed = TrialClosedV1(trial_id=trial.trial_id, closed_at=trial.started, reason_code="complete")

    await trial.sponsor_says((closed, trial.trial_id))

    answer = await trial.register(screening_id, slot_id)
    assert codes_of(answer) == ["trial_not_open", "dose_level_closed", "slot_revoked"]
    assert (await trial.running.published("enrolment.dose-level.closed.v1"))[-1]["body"][
        "cause"
    ] == "trial_closed"
    await trial.sponsor_says(trial.decision("decision-2", level=2))
    assert (await trial.level(2))["state"] == "locked"
    await trial.board_matches_events()


async def test_a_revoked_site_gives_its_places_to_the_others_and_registers_nobody(
    trial: Any, codes_of: Any
) -> None:
    screening_id = await trial.ready("034")
    slot_id = await trial.reserve(screening_id, "034")

    await trial.sponsor_says(trial.site_revoked("034"))

    answer = await trial.register(screening_id, slot_id, "034")
    assert answer.json()["code"] == "site_not_activated"
    assert (await trial.level())["places"] == {"open": 6}
    asked = await trial.request(screening_id, "034")
    assert asked.json()["code"] == "site_not_activated"
    await trial.board_matches_events()
    await trial.sponsor_says(trial.green_lit("034"))
    slot_id = await trial.reserve(screening_id, "034")
    assert (await trial.register(screening_id, slot_id, "034")).status_code == 201


async def test_where_the_protocol_asks_for_receipts_nobody_is_registered_before_the_sites_own(
    world: Any,
) -> None:
    decision = {
        "required_roles": ["src_chair", "medical_monitor"],
        "minimum_signers": 2,
        "circulation_receipts": True,
    }
    await world.set_up(decision=decision)
    screening_id = await world.ready()
    slot_id = await world.reserve(screening_id)
    assert (await world.register(screening_id, slot_id)).json()["code"] == "decision_not_received_at_site"

    await world.ok(world.investigator(), "/decisions/decision-1/receipts", {"site_number": "012"})

    assert (await world.register(screening_id, slot_id)).status_code == 201
    other = await world.ready("034")
    answer = await world.register(other, await world.reserve(other, "034"), "034")
    assert answer.json()["code"] == "decision_not_received_at_site"

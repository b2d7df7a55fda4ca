from datetime import timedelta
from typing import Any

import pytest

from shared.database import Sql

NUMBER = "EP01-012-0017"


async def test_a_registration_that_comes_later_matches_the_report(world: Any) -> None:
    receipt = await world.reported(grade=3, causality="probable", onset=(await world.today()).isoformat())

    await world.treat()

    shown = (await world.investigator.get(f"/adverse-events/{receipt['report_id']}")).json()
    assert (shown["adverse_event"]["matched"], shown["adverse_event"]["version"]) == ("matched", 2)
    amended = (await world.running.published("safety.adverse-event.amended.v1"))[0]["body"]
    assert (amended["matched"], amended["participant_id"]) == ("matched", "participant-1")
    assert "matched" in amended["changed"]
    verdict = await world.verdict()
    assert (verdict["verdict"], verdict["criteria"]) == ("dlt", ["nonhaem-g3"])


async def test_a_number_is_compared_without_case_and_blanks(world: Any) -> None:
    await world.treat()

    receipt = await world.reported(participant_number=" ep01-012-0017 ", trial="ep01")

    assert receipt["matched"] == "matched"


async def test_a_number_of_another_trial_than_the_report_says_matches_nobody(world: Any) -> None:
    await world.treat()

    await world.reported(trial="EP99")

    await world.running.run_timers()
    assert await world.rows("SELECT matched FROM adverse_event") == [("unmatched",)]


async def test_a_report_without_a_trial_is_found_by_its_number(world: Any, omit: object) -> None:
    await world.treat()

    receipt = await world.reported(trial=omit)

    assert receipt["matched"] == "matched"


async def test_the_desk_matches_by_hand(world: Any) -> None:
    await world.treat()
    receipt = await world.reported(participant_number="typo", grade=3, causality="probable")

    answer = await world.officer.post(
        f"/adverse-events/{receipt['report_id']}/matches", {"participant_number": NUMBER}
    )

    assert answer.status_code == 201
    assert (answer.json()["matched"], answer.json()["version"]) == ("matched", 2)
    verdict = await world.verdict()
    assert (verdict["verdict"], verdict["cause"]) == ("dlt", "match")


async def test_a_match_to_nobody_or_of_a_matched_report_is_refused(world: Any) -> None:
    await world.treat()
    matched = await world.reported()
    unmatched = await world.reported(participant_number="typo")

    nobody = await world.officer.post(
        f"/adverse-events/{unmatched['report_id']}/matches", {"participant_number": "EP01-012-0999"}
    )
    twice = await world.officer.post(
        f"/adverse-events/{matched['report_id']}/matches", {"participant_number": NUMBER}
    )

    assert (nobody.status_code, nobody.json()["code"]) == (404, "participant_not_found")
    assert (twice.status_code, twice.json()["code"]) == (409, "report_not_unmatched")


async def test_a_clearance_needs_two_people(world: Any) -> None:
    receipt = await world.reported(participant_number="typo")
    path = f"/adverse-events/{receipt['report_id']}/clearances"

    first = await world.officer.post(path, {"reason": "a test report"})
    alone = await world.officer.post(path, {"reason": "a test report"})
    second = await world.monitor.post(path, {"reason": "agreed"})
    again = await world.monitor.post(path, {"reason": "agreed"})

    assert (first.status_code, first.json()["cleared"]) == (201, False)
    assert (alone.status_code, alone.json()["code"]) == (409, "second_person_required")
    assert (second.status_code, second.json()["cleared"], second.json()["version"]) == (201, True, 2)
    assert (again.status_code, again.json()["code"]) == (409, "report_already_cleared")
    events = await world.running.published("safety.adverse-event.amended.v1")
    assert [(event["body"]["matched"], event["body"]["holds_trial"]) for event in events] == [
        ("cleared", False)
    ]
    assert (await world.audited()).count("adverse-event.clearance-requested") == 1


async def test_a_clearance_needs_a_reason_from_each(world: Any) -> None:
    receipt = await world.reported(participant_number="typo")

    answer = await world.officer.post(f"/adverse-events/{receipt['report_id']}/clearances", {"reason": "  "})

    assert (answer.status_code, answer.json()["code"]) == (422, "reason_required")


async def test_a_cleared_report_may_still_find_its_participant(world: Any) -> None:
    receipt = await world.reported(participant_number="typo", grade=3, causality="probable")
    path = f"/adverse-events/{receipt['report_id']}"
    await world.officer.post(f"{path}/clearances", {"reason": "x"})
    await world.monitor.post(f"{path}/clearances", {"reason": "y"})
    await world.treat()

    answer = await world.officer.post(f"{path}/matches", {"participant_number": NUMBER})

    assert answer.json()["matched"] == "matched"
    assert (await world.verdict())["verdict"] == "dlt"


async def test_a_report_that_passed_its_registration_unseen_is_matched_by_the_timer(world: Any) -> None:
    await world.treat()
    receipt = await world.reported()
    await world.running.service.database.write(
        lambda tx: tx.fetch(Sql("UPDATE adverse_event SET matched = 'unmatched', participant_id = NULL"))
    )

    await world.running.run_timers()

    rows = await world.rows("SELECT matched, participant_id, version FROM adverse_event")
    assert rows == [("matched", "participant-1", receipt["version"] + 1)]


async def test_a_report_on_a_trial_not_yet_heard_of_holds_the_trial_once_it_is(quiet_world: Any) -> None:
    world = quiet_world
    await world.reported(participant_number="EP01-012-0999", seriousness=["death"])

    await world.open_trial()

    amended = (await world.running.published("safety.adverse-event.amended.v1"))[0]
    assert (amended["body"]["trial_id"], amended["body"]["matched"]) == (world.trial_id, "unmatched")
    assert (amended["scope"], amended["body"]["changed"]) == ("network", ["trial"])


@pytest.mark.parametrize("days", [1, 3])
async def test_a_matched_report_is_coded_again_in_the_participants_own_zone(world: Any, days: int) -> None:
    onset = (await world.today() - timedelta(days=days)).isoformat()
    receipt = await world.reported(onset=onset, grade=4, term="Neutrophil count decreased")

    await world.tell(
        world.enrolment,
        world.registered(zone="America/New_York"),
        world.first_dose(at=await world.now() - timedelta(days=10)),
    )

    shown = (await world.investigator.get(f"/adverse-events/{receipt['report_id']}")).json()
    assert shown["adverse_event"]["onset_on"] == onset
    assert shown["adverse_event"]["term"] == "Neutrophil count decreased"


@pytest.mark.parametrize(
    ("stated", "holds"),
    [
        ({"grade": 4}, True),  # perhaps a dose-limiting toxicity
        ({"grade": 2, "seriousness": ["hospitalisation"]}, True),
        ({"grade": 2}, False),
    ],
)
async def test_a_report_of_nobody_known_says_whether_the_trial_must_wait(
    world: Any, stated: dict[str, Any], holds: bool
) -> None:
    await world.treat()

    receipt = await world.reported(**{"participant_number": "typo", "seriousness": []} | stated)

    told = (await world.running.published("safety.adverse-event.reported.v1"))[0]["body"]
    assert (told["matched"], told["holds_trial"]) == ("unmatched", holds)
    matching = {"participant_number": NUMBER}
    await world.officer.post(f"/adverse-events/{receipt['report_id']}/matches", matching)
    settled = (await world.running.published("safety.adverse-event.amended.v1"))[0]["body"]
    assert (settled["matched"], settled["holds_trial"]) == ("matched", False)

"""Several people at once: nothing is lost between them, and nothing is told twice."""

import asyncio
from typing import Any


async def test_reports_made_together_all_reach_the_verdict(world: Any) -> None:
    await world.treat()
    terms = ["Fatigue", "Nausea", "Vomiting", "Headache", "Fever", "Sepsis", "Rash maculo-papular", "Pain"]

    receipts = await asyncio.gather(
        *(world.reported(term=term, grade=3, causality="probable") for term in terms)
    )

    verdict = await world.verdict()
    assert (verdict["verdict"], verdict["version"]) == ("dlt", 2)
    told = await world.running.published("safety.dlt-verdict.recorded.v1")
    assert [event["body"]["version"] for event in told] == [1, 2]
    causes = {alert["cause_id"] for alert in await world.alerts() if alert["kind"] == "dlt"}
    assert causes == {receipt["report_id"] for receipt in receipts}


async def test_the_same_key_sent_several_times_at_once_is_one_report(world: Any) -> None:
    await world.treat()
    body = {"trial": "EP01", "participant_number": "EP01-012-0017", "verbatim": "x", "seriousness": ["death"]}

    answers = await asyncio.gather(
        *(world.investigator.post("/adverse-events", body, key="one") for _ in range(8))
    )

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert await world.rows("SELECT count(*) FROM adverse_event") == [(1,)]
    assert await world.alert_kinds() == ["death"]


async def test_a_report_and_a_registration_that_pass_each_other_meet_in_the_end(world: Any) -> None:
    await asyncio.gather(
        world.tell(world.enrolment, world.registered()), *(world.reported(grade=3) for _ in range(5))
    )

    await world.running.run_timers()

    assert await world.rows("SELECT DISTINCT matched FROM adverse_event") == [("matched",)]


async def test_an_alert_acknowledged_by_many_at_once_is_taken_by_one(world: Any) -> None:
    people = [f"officer-{n}" for n in range(6)]
    for person in people:
        await world.on_duty(person)
    await world.treat()
    receipt = await world.reported(seriousness=["death"], by=world.officer)
    path = f"/alerts/{receipt['alerts'][0]['alert_id']}/acknowledgements"

    answers = await asyncio.gather(
        *(world.running.person(person, "safety_officer:EP01:*").post(path, {}) for person in people)
    )

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409, 409]
    assert len(await world.running.published("safety.alert.acknowledged.v1")) == 1


async def test_a_clearance_asked_for_by_two_at_once_is_one_request_and_one_agreement(world: Any) -> None:
    receipt = await world.reported(participant_number="typo")
    path = f"/adverse-events/{receipt['report_id']}/clearances"

    answers = await asyncio.gather(
        *(person.post(path, {"reason": "x"}) for person in (world.officer, world.monitor))
    )

    assert sorted(answer.json()["cleared"] for answer in answers) == [False, True]

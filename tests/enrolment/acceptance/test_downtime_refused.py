"""Downtime: what late entry refuses, and who reads the flags it leaves."""

from typing import Any

import pytest

from tests.enrolment.acceptance.test_downtime import HOUR, late_child
from tests.enrolment.consumers.test_freshness import silent_for


async def test_a_number_of_another_site_is_refused_exactly_like_one_that_was_not_issued(trial: Any) -> None:
    (foreign,) = await trial.issue(1, "034")
    screening_id = await trial.ready()
    never = (await trial.enrol("056"))["participant_number"]

    answers = [await trial.enter_late(screening_id, number) for number in (foreign, never)]

    assert [(it.status_code, it.json()["code"]) for it in answers] == [(404, "not_found")] * 2
    assert answers[0].json()["detail"] == answers[1].json()["detail"]


async def test_a_number_typed_wrong_is_told_by_its_check_digit(trial: Any) -> None:
    (number,) = await trial.issue(1)
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)

    answer = await trial.enter_late(await trial.ready(), wrong)

    assert (answer.status_code, answer.json()["code"]) == (422, "pseudonym_invalid")


async def test_a_number_is_used_once(trial: Any) -> None:
    (number,) = await trial.issue(1)
    await late_child(trial, number)

    answer = await trial.enter_late(await trial.ready(), number)

    assert (answer.status_code, answer.json()["code"]) == (409, "downtime_number_used")


async def test_a_claimed_time_in_the_future_or_before_the_block_is_refused(trial: Any) -> None:
    (number,) = await trial.issue(1)
    screening_id, now = await trial.ready(), await trial.now()

    ahead = await trial.enter_late(screening_id, number, at=now + HOUR, called_at=now)
    before = await trial.enter_late(screening_id, number, at=now - HOUR)

    assert (ahead.status_code, ahead.json()["code"]) == (422, "time_in_future")
    assert (before.status_code, before.json()["code"]) == (422, "downtime_before_block")


async def test_late_entry_waits_until_sponsor_and_safety_are_heard(trial: Any) -> None:
    (number,) = await trial.issue(1)
    screening_id = await trial.ready()
    await silent_for(trial, "safety", 61)

    answer = await trial.enter_late(screening_id, number)

    assert (answer.status_code, answer.json()["code"]) == (503, "trial_state_unknown")
    assert (answer.json()["producer"], answer.headers["retry-after"]) == ("safety", "5")
    await trial.freshen()
    assert (await trial.enter_late(screening_id, number)).status_code == 201


async def test_a_screening_that_has_ended_is_not_entered_late(trial: Any) -> None:
    (number,) = await trial.issue(1)
    screening_id = await trial.ready()
    await trial.ok(trial.nurse(), f"/screenings/{screening_id}/failures", {"reason_code": "withdrew"})

    answer = await trial.enter_late(screening_id, number)

    assert (answer.status_code, answer.json()["code"]) == (409, "screening_ended")


async def test_without_the_duty_nothing_is_entered(trial: Any) -> None:
    (number,) = await trial.issue(1)
    screening_id = await trial.ready()
    await trial.sponsor_says(trial.delegation_ended("investigator-012"))

    answer = await trial.enter_late(screening_id, number)

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize("level", [7, None])
async def test_a_level_that_the_protocol_has_not_is_no_fact(trial: Any, level: int | None) -> None:
    (number,) = await trial.issue(1)

    answer = await trial.enter_late(await trial.ready(), number, level=level)

    assert (answer.status_code, answer.json()["code"]) == (422, "level_unknown")


async def test_only_the_sponsors_people_read_the_list_of_flags(trial: Any) -> None:
    answers = [
        await person.get("/registration-flags", trial="EP01") for person in (trial.nurse(), trial.monitor)
    ]

    assert [answer.status_code for answer in answers] == [403, 200]

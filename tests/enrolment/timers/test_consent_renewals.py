"""Consents that become due by time alone: said once each, at the right instant, and to nobody who died."""

from datetime import timedelta
from typing import Any

import pytest

from services.enrolment.domain.age import local_date
from services.enrolment.timers.consent_renewals import CONSENT_RENEWALS
from shared.clock import format_instant, parse_instant
from tests.enrolment.consents import (
    DAY,
    HOUR,
    LONDON,
    OWN,
    SAME_CRITERIA,
    adult_consent,
    consent_block,
    enrol_turning_sixteen,
    everywhere,
    midnight,
    sign,
    tasks,
    until,
)

ADULT = "enrolment.adult-consent.due.v1"
SECOND = timedelta(seconds=1)


async def answer_heard(trial: Any, participant: str, answer: str, expect: int = 201, **more: Any) -> Any:
    body = {"answer": answer, "answered_at": format_instant(await trial.now()), **more}
    return await trial.ok(trial.nurse(), f"/participants/{participant}/adult-consent-answers", body, expect)


async def test_the_task_appears_thirty_days_before_the_first_possible_birthday(trial: Any) -> None:
    participant, earliest, certain = await enrol_turning_sixteen(trial)
    appears = midnight(earliest - 30 * DAY)

    await until(trial, appears - SECOND)
    assert (await tasks(trial), (await adult_consent(trial, participant))["state"]) == ([], "not_due")
    await until(trial, appears)

    (task,) = await tasks(trial)
    assert (task["kind"], task["state"], task["due_on"]) == (
        "adult_consent",
        "adult_consent_soon",
        str(certain),
    )
    assert (await adult_consent(trial, participant))["blocked"] == []
    assert await trial.running.published(ADULT) == []


async def test_the_days_before_the_task_are_the_protocols(world: Any) -> None:
    trial = world
    await trial.set_up(consent=consent_block(adult_consent={"task_days_before": 3}))
    _, earliest, _ = await enrol_turning_sixteen(trial)

    await until(trial, midnight(earliest - 3 * DAY) - SECOND)
    assert await tasks(trial) == []
    await until(trial, midnight(earliest - 3 * DAY))

    assert len(await tasks(trial)) == 1


async def test_the_state_is_due_by_itself_when_every_possible_day_has_passed_and_is_said_once(
    trial: Any,
) -> None:
    participant, _, certain = await enrol_turning_sixteen(trial)

    await until(trial, midnight(certain) - SECOND)
    assert await trial.running.published(ADULT) == []
    await until(trial, midnight(certain))
    for _ in range(3):
        await trial.pass_time(DAY)

    (event,) = await trial.running.published(ADULT)
    body = event["body"]
    assert (body["participant_id"], body["site_number"]) == (participant, "012")
    assert body["blocks"] == ["optional_procedures"]
    assert parse_instant(body["due_at"]) == midnight(certain)
    state = await adult_consent(trial, participant)
    assert (state["state"], state["blocked"]) == ("adult_consent_due", ["optional_procedures"])
    assert CONSENT_RENEWALS.name == "consent-renewals"


async def test_a_signed_statement_of_age_makes_it_due_at_once(trial: Any) -> None:
    participant, earliest, certain = await enrol_turning_sixteen(trial)
    await until(trial, midnight(earliest + 2 * DAY) + HOUR)
    assert (await adult_consent(trial, participant))["state"] == "adult_consent_soon"
    stated = {"years": 16, "on": str(earliest + 2 * DAY)}

    await trial.ok(trial.nurse(), f"/participants/{participant}/age-statements", stated)
    await trial.pass_time(SECOND)

    assert (await adult_consent(trial, participant))["state"] == "adult_consent_due"
    assert len(await trial.running.published(ADULT)) == 1
    assert local_date(await trial.now(), LONDON) < certain


async def test_own_consent_settles_it_and_the_parents_consent_stays_in_the_history(trial: Any) -> None:
    participant, _, certain = await enrol_turning_sixteen(trial)
    await until(trial, midnight(certain) + HOUR)

    await sign(trial, f"/participants/{participant}", **OWN)

    assert (await adult_consent(trial, participant))["state"] == "adult_consented"
    assert await tasks(trial) == []
    shown = (await trial.nurse().get(f"/participants/{participant}/consents")).json()
    assert [one["purpose"] for one in shown["consents"]] == ["parental_consent", "own_consent"]
    assert shown["adult_consent"]["blocked"] == []
    await trial.pass_time(2 * DAY)
    assert len(await trial.running.published(ADULT)) == 1


async def test_whoever_consented_on_the_birthday_is_never_said_to_be_due(trial: Any) -> None:
    participant, earliest, certain = await enrol_turning_sixteen(trial)
    await until(trial, midnight(earliest) + HOUR)

    await sign(trial, f"/participants/{participant}", **OWN)
    await until(trial, midnight(certain) + DAY)

    assert await trial.running.published(ADULT) == []


async def test_a_childs_signature_of_before_the_birthday_is_no_own_consent(trial: Any) -> None:
    participant, earliest, certain = await enrol_turning_sixteen(trial)
    await until(trial, midnight(earliest) - HOUR)
    await sign(trial, f"/participants/{participant}", **OWN)

    await until(trial, midnight(certain))

    assert len(await trial.running.published(ADULT)) == 1


async def test_declining_opens_the_dialogue_and_changes_nothing_by_itself(trial: Any) -> None:
    participant, _, certain = await enrol_turning_sixteen(trial)
    await until(trial, midnight(certain) + HOUR)

    heard = (await answer_heard(trial, participant, "declines")).json()

    assert (heard["state"], heard["next_step"]) == (
        "declined",
        f"/participants/{participant}/participation-changes",
    )
    assert [one["kind"] for one in await tasks(trial)] == ["participation_dialogue"]
    shown = (await trial.nurse().get(f"/participants/{participant}")).json()["participant"]
    assert (shown["stopped"], shown["treatment_ended_at"]) == ([], None)
    assert await trial.running.published("enrolment.participation.changed.v1") == []
    asked = await trial.nurse().post(
        f"/participants/{participant}/adult-consent-answers",
        {"answer": "declines", "reason_code": "tired", "answered_at": format_instant(await trial.now())},
    )
    assert asked.status_code == 422


@pytest.mark.parametrize("answer", ["unreachable", "lacks_capacity"])
async def test_not_reached_and_without_capacity_are_states_of_their_own(trial: Any, answer: str) -> None:
    participant, _, certain = await enrol_turning_sixteen(trial)
    await until(trial, midnight(certain) + HOUR)
    assert (await answer_heard(trial, participant, answer, expect=422)).json()["code"] == "reason_required"

    heard = (await answer_heard(trial, participant, answer, reason_code="letters_unanswered")).json()

    assert (heard["state"], heard["blocked"]) == (answer, ["optional_procedures"])
    assert [(one["kind"], one["state"]) for one in await tasks(trial)] == [("adult_consent", answer)]
    await sign(trial, f"/participants/{participant}", **OWN)
    assert (await adult_consent(trial, participant))["state"] == "adult_consented"


async def test_an_answer_is_taken_only_once_the_task_is_there(trial: Any) -> None:
    participant, _, _ = await enrol_turning_sixteen(trial)

    answer = await answer_heard(trial, participant, "declines", expect=409)

    assert answer.json()["code"] == "adult_consent_not_due"


async def test_death_ends_the_task_and_nothing_is_said(trial: Any) -> None:
    participant, earliest, certain = await enrol_turning_sixteen(trial)
    await until(trial, midnight(earliest))
    assert len(await tasks(trial)) == 1
    died = {"ended_at": format_instant(await trial.now()), "reason": "death"}

    await trial.ok(trial.investigator(), f"/participants/{participant}/treatment-ends", died)
    await until(trial, midnight(certain) + DAY)

    assert (await tasks(trial), await trial.running.published(ADULT)) == ([], [])


@pytest.mark.parametrize(
    ("blocks", "status"), [(["optional_procedures"], 201), (["optional_procedures", "treatment"], 409)]
)
async def test_treatment_waits_for_own_consent_only_where_the_protocol_says_so(
    world: Any, blocks: list[str], status: int
) -> None:
    trial = world
    await trial.set_up(consent=consent_block(adult_consent={"blocks": blocks}))
    participant, _, certain = await enrol_turning_sixteen(trial)
    assert (await trial.authorise(participant)).status_code == 201
    await until(trial, midnight(certain) + HOUR)

    answer = await trial.authorise(participant)

    assert answer.status_code == status
    if status == 409:
        assert answer.json()["code"] == "adult_consent_due"
        await sign(trial, f"/participants/{participant}", **OWN)
        assert (await trial.authorise(participant)).status_code == 201


# -- signing again --------------------------------------------------------------------------------------


async def modify(trial: Any, by: str | None) -> None:
    fields = {"required_for": ["new", "on_treatment"]} | ({"must_reconsent_by": by} if by else {})
    block = consent_block("2.0", everywhere(**fields))
    since = await trial.now()
    approved = trial.approved("2.0", effective_at=since, eligibility=SAME_CRITERIA, consent=block)
    await trial.sponsor_says(approved, trial.green_lit("012", "2.0"))


async def test_a_form_to_be_signed_again_is_asked_for_once_and_said_to_be_due_on_its_last_day(
    trial: Any,
) -> None:
    participant = (await trial.enrol())["participant_id"]
    await trial.pass_time(SECOND)
    last_day = local_date(await trial.now(), LONDON) + 10 * DAY
    await modify(trial, str(last_day))
    await trial.pass_time(DAY)
    await trial.pass_time(DAY)

    asked = [one["body"] for one in await trial.running.published("enrolment.re-consent.requested.v1")]
    assert {(one["participant_id"], one["document"], one["due_on"]) for one in asked} == {
        (participant, "parents", str(last_day)),
        (participant, "teenagers", str(last_day)),
    }
    await sign(trial, f"/participants/{participant}", version="2.0")
    await until(trial, midnight(last_day) - SECOND)
    assert await trial.running.published("enrolment.re-consent.due.v1") == []
    await until(trial, midnight(last_day))
    await until(trial, midnight(last_day) + 2 * DAY)

    (due,) = await trial.running.published("enrolment.re-consent.due.v1")
    assert (due["body"]["document"], due["body"]["due_on"]) == ("teenagers", str(last_day))
    (task,) = await tasks(trial)
    assert (task["document"], task["overdue"]) == ("teenagers", True)


async def test_without_a_date_it_is_asked_for_and_never_due(trial: Any) -> None:
    await trial.enrol()
    await modify(trial, None)
    for _ in range(3):
        await trial.pass_time(DAY)

    assert len(await trial.running.published("enrolment.re-consent.requested.v1")) == 2
    assert await trial.running.published("enrolment.re-consent.due.v1") == []


async def test_a_sweep_with_nothing_due_says_nothing_and_a_voided_participant_is_left_alone(
    trial: Any,
) -> None:
    participant, _, certain = await enrol_turning_sixteen(trial)
    await trial.ok(trial.manager, f"/participants/{participant}/voidings", {"reason_code": "wrong_child"})

    await until(trial, midnight(certain) + DAY)

    assert await trial.running.published(ADULT) == []
    rows = await trial.rows("SELECT look_at FROM consent_watch")
    assert [row[0] for row in rows] == [None]

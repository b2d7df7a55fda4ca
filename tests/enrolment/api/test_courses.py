"""Over HTTP: samples, courses of cell therapies and transplants, and plans of radiotherapy."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.clock import format_instant
from tests.enrolment.protocol_blocks import follow_up

DAY = timedelta(days=1)


def on(at: datetime) -> str:
    return str(at.date())


# -- samples --------------------------------------------------------------------------------------------


async def test_a_sample_is_passed_on_for_consented_uses_and_destroyed_when_their_use_stops(
    world: Any,
) -> None:
    await world.set_up(kind="sample_study")
    participant = (await world.enrol())["participant_id"]
    decided = {
        "uses": {"this-study": True, "later-studies": False},
        "decided_at": format_instant(await world.now()),
    }
    await world.ok(world.investigator(), f"/participants/{participant}/sample-use-changes", decided)
    now = format_instant(await world.now())
    body = {"material": "bone_marrow", "label": "BM-1", "collected_at": now}
    sample = (await world.ok(world.nurse(), f"/participants/{participant}/samples", body)).json()["sample_id"]
    passed = {"passed_to": "Reference laboratory", "use": "this-study", "at": now}

    await world.ok(world.nurse(), f"/samples/{sample}/transfers", passed)
    other_use = await world.nurse().post(f"/samples/{sample}/transfers", passed | {"use": "later-studies"})
    foreign = await world.nurse("034").post(f"/samples/{sample}/transfers", passed)
    await world.stop(participant, "sample_use")

    assert other_use.json()["code"] == "sample_use_not_consented"
    assert foreign.status_code == 404
    (asked,) = await world.running.published("enrolment.sample-destruction.requested.v1")
    assert asked["body"]["sample_ids"] == [sample]
    (request,) = (await world.shown("/sample-destructions", world.nurse(), trial=world.code))["items"]
    assert (request["sample_id"], request["label"]) == (sample, "BM-1")
    assert (await world.shown("/sample-destructions", world.nurse("034"), trial=world.code))["items"] == []
    later = await world.nurse().post(f"/samples/{sample}/transfers", passed)
    assert later.json()["code"] == "sample_use_stopped"
    taken = await world.nurse().post(f"/participants/{participant}/samples", body)
    assert taken.json()["code"] == "sample_use_stopped"
    await world.ok(world.nurse(), f"/samples/{sample}/destructions", {"at": now})
    assert (await world.shown("/sample-destructions", trial=world.code))["items"] == []
    twice = await world.nurse().post(f"/samples/{sample}/destructions", {"at": now})
    assert twice.json()["code"] == "sample_destroyed"
    (shown,) = (await world.shown(f"/participants/{participant}/samples"))["items"]
    assert shown["state"] == "destroyed"
    assert [one["happening"] for one in shown["happened"]] == [
        "transferred",
        "destruction_requested",
        "destroyed",
    ]


# -- courses and plans ----------------------------------------------------------------------------------


async def step(world: Any, participant: str, name: str, **more: Any) -> dict[str, Any]:
    body = {"step": name, "happened_at": format_instant(await world.now()), "outcome": "done"} | more
    answer = await world.ok(world.investigator(), f"/participants/{participant}/course-steps", body)
    recorded: dict[str, Any] = answer.json()
    return recorded


async def test_a_car_t_course_from_apheresis_to_infusion(world: Any) -> None:
    await world.set_up(kind="advanced_therapy")
    participant = (await world.enrol())["participant_id"]
    made = {"batch": "CART-2", "amount": "1.90", "unit": "10^6 cells/kg"}
    await step(world, participant, "apheresis")
    failed = await step(world, participant, "manufacture", outcome="failed", batch="CART-1")
    await world.pass_time(timedelta(hours=1))
    await step(world, participant, "manufacture", **made)
    await step(world, participant, "lymphodepletion")
    await world.freshen()
    authorised = await world.authorise(participant)
    assert authorised.status_code == 201, authorised.text
    await world.pass_time(timedelta(hours=1))

    infused = await step(world, participant, "infusion", **made)

    assert (failed["flags"], infused["flags"]) == ([], [])
    assert (await world.stand(participant))["state"] == "in_dlt_window"
    course = await world.shown(f"/participants/{participant}/course")
    assert [(one["step"], one["outcome"], one["batch"]) for one in course["steps"]] == [
        ("apheresis", "done", ""),
        ("manufacture", "failed", "CART-1"),
        ("manufacture", "done", "CART-2"),
        ("lymphodepletion", "done", ""),
        ("infusion", "done", "CART-2"),
    ]
    assert course["steps"][2]["amount"] == "1.90"
    today = (await world.now()).date()
    assert (course["rule"]["years"], course["rule"]["status"]) == (30, "verify")
    assert course["traceable_until"] == str(today.replace(year=today.year + 30))
    events = [one["body"] for one in await world.running.published("enrolment.course-step.recorded.v1")]
    assert [(one["step"], one["outcome"]) for one in events][-1] == ("infusion", "done")
    (dose,) = await world.running.published("enrolment.dose.recorded.v1")
    assert dose["body"]["authorised"] is True
    assert next(iter(await world.entries(participant))) == ("day-28", 28)


async def test_an_infusion_that_nobody_authorised_is_recorded_and_flagged(world: Any) -> None:
    await world.set_up(kind="advanced_therapy")
    participant = (await world.enrol())["participant_id"]

    infused = await step(world, participant, "infusion", batch="CART-9")

    assert infused["flags"] == ["batch_unknown", "out_of_order", "unauthorised"]
    (dose,) = await world.running.published("enrolment.dose.recorded.v1")
    assert dose["body"]["authorised"] is False


async def test_the_same_step_said_twice_is_one_row_and_one_event(world: Any) -> None:
    await world.set_up(kind="advanced_therapy")
    participant = (await world.enrol())["participant_id"]
    at = format_instant(await world.now())

    first = await step(world, participant, "infusion", batch="CART-9", happened_at=at)
    again = await step(world, participant, "infusion", batch="CART-9", happened_at=at)

    assert again == first | {"already_recorded": True}
    assert len(await world.running.published("enrolment.course-step.recorded.v1")) == 1
    assert len(await world.running.published("enrolment.dose.recorded.v1")) == 1


async def test_a_step_said_to_lie_ahead_is_announced_with_its_entry(world: Any) -> None:
    await world.set_up(kind="advanced_therapy")
    participant = (await world.enrol())["participant_id"]
    now = await world.now()

    ahead = await step(world, participant, "apheresis", happened_at=format_instant(now + 9 * DAY))

    assert ahead["flags"] == ["time_in_future"]
    (event,) = await world.running.published("enrolment.course-step.recorded.v1")
    assert event["body"]["happened_at"] == event["body"]["recorded_at"]


@pytest.mark.parametrize(
    "body",
    [
        {"step": "apheresis", "batch": "B-1"},
        {"step": "manufacture", "amount": "1"},
        {"step": "apheresis", "handed_over_to": "A hospital"},
        {"step": "lymphodepletion", "outcome": "out_of_specification"},
        {"step": "dance"},
    ],
)
async def test_a_step_that_makes_no_sense_is_unreadable(trial: Any, body: dict[str, Any]) -> None:
    participant = (await trial.enrol())["participant_id"]
    whole = {"happened_at": format_instant(await trial.now()), "outcome": "done"} | body

    answer = await trial.investigator().post(f"/participants/{participant}/course-steps", whole)

    assert answer.status_code == 422


async def test_a_transplant_hands_the_monitoring_over(world: Any) -> None:
    treatment = {"product": "x", "doses_planned_in_window": 4, "dose_basis": "flat", "course": ["transplant"]}
    await world.set_up(treatment=treatment, follow_up=follow_up("transplant", 2))
    participant = (await world.enrol())["participant_id"]
    await world.dose(participant)

    done = await step(world, participant, "transplant", handed_over_to="Transplant unit")

    assert done["flags"] == []
    (shown,) = (await world.shown(f"/participants/{participant}/course"))["steps"]
    assert shown["handed_over_to"] == "Transplant unit"
    assert len(await world.entries(participant)) == 3


async def test_each_plan_of_radiotherapy_has_the_outcome_of_its_quality_assurance(world: Any) -> None:
    await world.set_up(kind="radiotherapy")
    participant = (await world.enrol())["participant_id"]
    path, today = f"/participants/{participant}/plan-checks", on(await world.now())
    for outcome in ("major_deviation", "acceptable"):
        body = {"plan": "RT-7/2", "outcome": outcome, "checked_on": today}
        await world.ok(world.nurse(), path, body)

    checks = (await world.shown(path))["items"]

    assert [(one["plan"], one["outcome"]) for one in checks] == [
        ("RT-7/2", "major_deviation"),
        ("RT-7/2", "acceptable"),
    ]
    ahead = await world.nurse().post(
        path, {"plan": "x", "outcome": "not_done", "checked_on": on(await world.now() + 3 * DAY)}
    )
    assert ahead.json()["code"] == "time_in_future"

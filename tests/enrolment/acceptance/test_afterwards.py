"""Acceptance A15 in full, and what section 9 and practice.md say of stopping, joining again and dying."""

from datetime import timedelta
from typing import Any

import pytest

from shared.clock import format_instant, parse_instant
from tests.enrolment.protocol_blocks import follow_up

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
OPEN = ("due", "overdue", "not_yet")


def schedule(*kinds: str) -> dict[str, Any]:
    """Each kind of contact on day 28."""
    first = follow_up("registration", 5)["visits"][0]
    visits = [first | {"visit": kind, "kind": kind, "label": kind} for kind in kinds]
    return follow_up("registration", 5) | {"visits": visits}


EVERYTHING = schedule("visit", "contact", "questionnaire", "interview", "sample")


async def treated(world: Any, site: str = "012", **replaced: Any) -> str:
    """A child on treatment who is owed one contact of each kind."""
    await world.set_up(**({"follow_up": EVERYTHING} | replaced))
    participant = (await world.enrol(site))["participant_id"]
    await world.dose(participant, site)
    return str(participant)


async def states(world: Any, participant: str) -> dict[str, str]:
    return {visit: state for (visit, _), state in (await world.entries(participant)).items()}


async def test_a15_treatment_stops_alone_and_visits_and_safety_go_on(world: Any) -> None:
    participant = await treated(world)

    stopped = await world.stop(participant, "treatment")

    assert (await world.authorise(participant)).json()["code"] == "treatment_stopped"
    assert set((await states(world, participant)).values()) == {"not_yet"}
    assert "safety_reporting_continues" in stopped["consequences"]
    assert not {"contact_tasks_cancelled", "visits_cancelled"} & set(stopped["consequences"])
    assert await world.running.published("enrolment.participant.died.v1") == []
    given = await world.dose(participant)  # what was given all the same is recorded
    assert "after_treatment_stopped" in given["administrations"][0]["flags"]


async def test_a15_all_cancels_contact_keeps_and_locks_the_data_and_leaves_safety_alone(world: Any) -> None:
    participant = await treated(world)
    await world.pass_time(28 * DAY)
    done = {"visit": "visit", "day": 28, "outcome": "done", "happened_on": str((await world.now()).date())}
    await world.ok(world.nurse(), f"/participants/{participant}/follow-up-contacts", done)
    now = format_instant(await world.now())
    sample = {"material": "blood", "label": "B-1", "collected_at": now}
    await world.ok(world.nurse(), f"/participants/{participant}/samples", sample)

    stopped = await world.stop(participant)

    assert await states(world, participant) == {
        "visit": "done",
        "contact": "cancelled",
        "questionnaire": "cancelled",
        "interview": "cancelled",
        "sample": "cancelled",
    }
    assert await world.worklist() == []
    assert {"collected_data_locked", "safety_reporting_continues"} <= set(stopped["consequences"])
    shown = await world.shown(f"/participants/{participant}")
    assert shown["standing"]["collected_data"] == "locked"
    assert len(shown["administrations"]) == 1  # kept
    (asked,) = (await world.shown("/sample-destructions", trial=world.code))["items"]
    assert asked["label"] == "B-1"
    (ended,) = await world.running.published("enrolment.treatment.ended.v1")
    assert ended["body"]["reason"] == "participant_choice"


async def test_a_clinicians_decision_is_no_withdrawal(world: Any) -> None:
    participant = await treated(world)
    body = {"elements": {"treatment": "stopped"}, "by": "clinician_decision"}

    await world.ok(world.investigator(), f"/participants/{participant}/participation-changes", body)

    (ended,) = await world.running.published("enrolment.treatment.ended.v1")
    (changed,) = await world.running.published("enrolment.participation.changed.v1")
    assert (ended["body"]["reason"], changed["body"]["by"]) == ("clinician", "clinician_decision")


@pytest.mark.parametrize(
    ("element", "cancelled"),
    [
        ("contact", {"contact", "questionnaire", "interview"}),
        ("sample_use", {"sample"}),
        ("data_from_routine_records", set()),
        ("data_already_collected", set()),
    ],
)
async def test_each_element_stops_its_own_and_may_go_on_again(
    world: Any, element: str, cancelled: set[str]
) -> None:
    participant = await treated(world)

    await world.stop(participant, element)

    stands = await states(world, participant)
    assert {visit for visit, state in stands.items() if state == "cancelled"} == cancelled
    body = {"elements": {element: "continues"}, "by": "participant_or_parent"}
    await world.ok(world.nurse(), f"/participants/{participant}/participation-changes", body)
    assert set((await states(world, participant)).values()) == {"not_yet"}


async def test_visits_stop_with_treatment_and_contact_goes_on(world: Any) -> None:
    participant = await treated(world)

    await world.stop(participant, "treatment", "trial_visits_procedures")

    stands = await states(world, participant)
    assert {visit for visit, state in stands.items() if state == "cancelled"} == {"visit", "sample"}


# -- joining again --------------------------------------------------------------------------------------


async def again(world: Any, participant: str, consent_id: str, *elements: str) -> Any:
    body = {"consent_id": consent_id, "elements": list(elements)}
    return await world.nurse().post(f"/participants/{participant}/episodes", body)


async def consent_again(world: Any, participant: str) -> str:
    body = {
        "purpose": "parental_consent",
        "document": "parents",
        "version": "1.0",
        "capacity": "parental_responsibility",
        "signed_at": format_instant(await world.now()),
    }
    answer = await world.ok(world.investigator(), f"/participants/{participant}/consents", body)
    return str(answer.json()["consent_id"])


async def test_who_joins_again_is_the_same_participant_in_a_new_episode_and_counted_once(world: Any) -> None:
    participant = await treated(world)
    before = await world.level()
    await world.stop(participant)
    await world.pass_time(HOUR)
    number = (await world.shown(f"/participants/{participant}"))["participant"]["number"]
    consent_id = await consent_again(world, participant)

    answer = await again(world, participant, consent_id, "contact", "trial_visits_procedures")

    assert (answer.status_code, answer.json()["episode"]) == (201, 2)
    assert answer.json()["elements"] == {
        "treatment": "stopped",
        "trial_visits_procedures": "continues",
        "contact": "continues",
        "data_from_routine_records": "stopped",
        "sample_use": "stopped",
        "data_already_collected": "stopped",
    }
    shown = await world.shown(f"/participants/{participant}")
    assert (shown["participant"]["number"], shown["standing"]["episode"]) == (number, 2)
    stands = await states(world, participant)
    assert {visit for visit, state in stands.items() if state in OPEN} == {
        "visit",
        "contact",
        "questionnaire",
        "interview",
    }
    assert (await world.authorise(participant)).json()["code"] == "treatment_stopped"
    after = await world.level()
    assert (after["n"], after["places"]) == (before["n"], before["places"])
    assert len(await world.running.published("enrolment.participant.registered.v1")) == 1
    (started,) = await world.running.published("enrolment.episode.started.v1")
    assert started["body"]["episode"] == 2
    await world.board_matches_events()


async def test_a_new_episode_needs_a_consent_that_was_signed_since_everything_stopped(world: Any) -> None:
    participant = await treated(world)
    running = await again(world, participant, "none", "contact")
    old = await consent_again(world, participant)
    await world.pass_time(HOUR)
    await world.stop(participant)
    await world.pass_time(HOUR)

    refusals = [
        (await again(world, participant, consent_id, "contact")).json()["code"] for consent_id in ("no", old)
    ]

    assert running.json()["code"] == "episode_running"
    assert refusals == ["consent_missing"] * 2
    new = await consent_again(world, participant)
    treatment = await again(world, participant, new, "treatment")
    assert treatment.json()["code"] == "treatment_stopped"
    assert (await again(world, participant, new, "contact")).status_code == 201


# -- death ----------------------------------------------------------------------------------------------


async def test_a_death_leaves_no_contact_due_and_ends_treatment(world: Any) -> None:
    participant = await treated(world)
    await world.pass_time(30 * DAY)
    assert len(await world.worklist()) == 5

    await world.die(participant, cause="progression")

    assert await world.worklist() == []
    assert set((await states(world, participant)).values()) == {"cancelled"}
    stand = await world.stand(participant)
    assert (stand["state"], stand["died_on"]) == ("died", str((await world.now()).date()))
    assert (await world.authorise(participant)).json()["code"] == "treatment_stopped"
    (ended,) = await world.running.published("enrolment.treatment.ended.v1")
    assert ended["body"]["reason"] == "death"
    (died,) = await world.running.published("enrolment.participant.died.v1")
    assert set(died["body"]) == {
        "trial_id",
        "participant_id",
        "died_on",
        "cause",
        "ended_treatment",
        "recorded_at",
    }
    assert (died["body"]["cause"], died["body"]["ended_treatment"]) == ("progression", True)


async def test_after_a_death_nobody_is_written_to_sought_or_asked_to_join(world: Any) -> None:
    participant = await treated(world)
    screening = (await world.shown(f"/participants/{participant}"))["participant"]["screening_id"]
    today = str((await world.now()).date())
    check = {"checked_on": today, "result": "no_death_found"}
    await world.ok(world.nurse(), f"/screenings/{screening}/death-checks", check)
    await world.die(participant)

    acts = {
        f"/screenings/{screening}/mailings": {"mailing": "birthday", "sent_on": today},
        f"/participants/{participant}/contact-attempts": {
            "channel": "letter",
            "attempted_at": format_instant(await world.now()),
            "reached": False,
        },
        f"/participants/{participant}/losses": {},
        f"/participants/{participant}/episodes": {"consent_id": "x", "elements": ["contact"]},
        f"/participants/{participant}/follow-up-contacts": {
            "visit": "contact",
            "day": 28,
            "outcome": "missed",
            "happened_on": today,
        },
    }
    refused = {path: (await world.nurse().post(path, body)).json()["code"] for path, body in acts.items()}

    assert set(refused.values()) == {"participant_died"}
    tasks = await world.nurse().get("/consent-tasks", trial=world.code)
    assert (tasks.status_code, tasks.json()["items"]) == (200, [])


async def test_a_visit_before_the_death_can_still_be_entered(world: Any) -> None:
    participant = await treated(world)
    await world.pass_time(28 * DAY)
    visited = str((await world.now()).date())
    await world.pass_time(2 * DAY)
    await world.die(participant)
    body = {"visit": "visit", "day": 28, "outcome": "done", "happened_on": visited}

    await world.ok(world.nurse(), f"/participants/{participant}/follow-up-contacts", body)

    assert (await states(world, participant))["visit"] == "done"


async def test_a_death_entered_for_the_wrong_child_is_taken_back_and_treatment_goes_on(world: Any) -> None:
    participant = await treated(world)
    await world.die(participant)
    path = f"/participants/{participant}/death-corrections"
    silent = await world.investigator().post(path, {"reason": " ", "withdrawn": True})
    nurse = await world.nurse().post(path, {"reason": "another child", "withdrawn": True})

    await world.ok(world.investigator(), path, {"reason": "another child", "withdrawn": True})

    assert (silent.json()["code"], nurse.status_code) == ("reason_required", 403)
    assert (await world.stand(participant))["state"] == "in_dlt_window"
    assert set((await states(world, participant)).values()) == {"not_yet"}
    await world.freshen()
    assert (await world.authorise(participant)).status_code == 201
    assert len(await world.running.published("enrolment.treatment.resumed.v1")) == 1
    (corrected,) = await world.running.published("enrolment.death.corrected.v1")
    assert (corrected["body"]["died_on"], "reason" in corrected["body"]) == (None, False)
    again = await world.investigator().post(path, {"reason": "another child", "withdrawn": True})
    assert again.json()["code"] == "no_death_recorded"
    assert len(await world.rows("SELECT id FROM death")) == 1  # what was said stays on record


async def test_the_day_of_a_death_can_be_corrected_and_the_end_of_treatment_follows(world: Any) -> None:
    participant = await treated(world)
    await world.pass_time(5 * DAY)
    await world.die(participant)
    earlier = (await world.now() - 3 * DAY).date()
    body = {"reason": "typed wrong", "died_on": str(earlier), "cause": "toxicity"}

    await world.ok(world.manager, f"/participants/{participant}/death-corrections", body)

    assert (await world.stand(participant))["died_on"] == str(earlier)
    ends = [one["body"] for one in await world.running.published("enrolment.treatment.ended.v1")]
    assert [one["reason"] for one in ends] == ["death", "death"]
    assert parse_instant(ends[1]["ended_at"]) < parse_instant(ends[0]["ended_at"])


@pytest.mark.parametrize(
    ("days", "status", "code"),
    [(1, 422, "time_in_future"), (-2, 422, "death_before_registration"), (0, 409, "death_recorded")],
)
async def test_a_death_is_recorded_once_and_on_a_day_that_can_be_true(
    world: Any, days: int, status: int, code: str
) -> None:
    participant = await treated(world)
    body = {"died_on": str((await world.now() + days * DAY).date()), "cause": "other"}
    if code == "death_recorded":
        await world.die(participant)

    answer = await world.investigator().post(f"/participants/{participant}/deaths", body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_death_after_the_end_of_treatment_ends_contact_and_not_treatment_again(world: Any) -> None:
    participant = await treated(world)
    body = {"ended_at": format_instant(await world.now()), "reason": "progression"}
    await world.ok(world.investigator(), f"/participants/{participant}/treatment-ends", body)

    await world.die(participant)
    correction = {"reason": "another child", "withdrawn": True}
    await world.ok(world.manager, f"/participants/{participant}/death-corrections", correction)

    ends = [one["body"]["reason"] for one in await world.running.published("enrolment.treatment.ended.v1")]
    assert ends == ["progression"]
    assert await world.running.published("enrolment.treatment.resumed.v1") == []
    assert (await world.stand(participant))["state"] == "follow_up"


async def test_treatment_that_ends_by_death_is_a_death_everywhere(world: Any) -> None:
    participant = await treated(world)
    body = {"ended_at": format_instant(await world.now()), "reason": "death"}

    await world.ok(world.investigator(), f"/participants/{participant}/treatment-ends", body)

    assert (await world.stand(participant))["state"] == "died"
    assert set((await states(world, participant)).values()) == {"cancelled"}
    assert len(await world.running.published("enrolment.participant.died.v1")) == 1


async def test_a_death_in_a_trial_without_treatment_ends_no_treatment(world: Any) -> None:
    await world.set_up(kind="qualitative")
    participant = (await world.enrol())["participant_id"]

    await world.die(participant)

    assert (await world.stand(participant))["state"] == "died"
    assert await world.running.published("enrolment.treatment.ended.v1") == []


# -- where a participant stands -------------------------------------------------------------------------


async def test_the_states_from_allocation_to_evaluability(world: Any) -> None:
    await world.set_up(follow_up=EVERYTHING)
    participant = (await world.enrol())["participant_id"]
    seen = [(await world.stand(participant))["state"]]
    await world.dose(participant)
    seen.append((await world.stand(participant))["state"])
    for verdict in ("no_dlt", "not_evaluable"):
        await world.safety_says(world.verdict(participant, verdict))
        seen.append((await world.stand(participant))["state"])
    body = {"ended_at": format_instant(await world.now()), "reason": "completed"}
    await world.ok(world.investigator(), f"/participants/{participant}/treatment-ends", body)
    seen.append((await world.stand(participant))["state"])

    assert seen == ["allocated", "in_dlt_window", "evaluable", "not_evaluable", "follow_up"]

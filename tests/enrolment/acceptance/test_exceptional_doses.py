"""A dose for one named child during a halt or while too little is known: two people together, never one."""

from datetime import timedelta
from typing import Any

from shared.clock import format_instant, server_now
from shared.database import Sql, Tx, instant_parameter

HOUR = timedelta(hours=1)
_AGE = Sql("UPDATE producer_position SET closed_at = $1 WHERE topic = $2")


async def record(trial: Any, participant: str, at: Any) -> Any:
    """Record a dose given; it is never refused."""
    body = {"administrations": [{"at": format_instant(at), "given": True}]}
    return (await trial.ok(trial.investigator(), f"/participants/{participant}/doses", body)).json()


async def bodies(trial: Any, kind: str) -> list[dict[str, Any]]:
    return [event["body"] for event in await trial.running.published(f"enrolment.{kind}.v1")]


async def with_monitor(trial: Any) -> str:
    """A registered child in a trial whose medical monitor holds the duty."""
    await trial.sponsor_says(trial.delegated("monitor", "medical_monitor", None))
    return str((await trial.enrol())["participant_id"])


async def ask(trial: Any, participant: str, *, by: Any = None, second: str = "monitor", **more: Any) -> Any:
    body = {
        "planned_at": format_instant(await trial.now()),
        "second_person": second,
        "channel": "telephone",
        "reason": "cells are thawed",
        "harm": "the graft would be lost",
    }
    path = f"/participants/{participant}/exceptional-authorisations"
    return await (by or trial.investigator()).post(path, body | more)


async def test_two_people_authorise_one_child_during_a_halt(trial: Any) -> None:
    participant = await with_monitor(trial)
    await trial.sponsor_says(trial.halt())
    assert (await trial.authorise(participant)).json()["code"] == "dosing_halted"

    answer = await ask(trial, participant)

    assert answer.status_code == 201, answer.text
    authorisation = answer.json()["authorisation"]
    assert (authorisation["investigator"], authorisation["medical_monitor"], authorisation["set_aside"]) == (
        "investigator-012",
        "monitor",
        ["dosing_halted"],
    )
    (told,) = await bodies(trial, "exceptional-authorisation.recorded")
    assert (told["channel"], told["set_aside"]) == ("telephone", ["dosing_halted"])
    assert "thawed" not in str(told)
    recorded = await record(trial, participant, await trial.now())
    assert recorded["authorised"] is True
    assert "exceptional" in recorded["administrations"][0]["flags"]
    later = await record(trial, participant, await trial.now() + HOUR)
    assert later["authorised"] is False


async def test_two_people_authorise_one_child_when_the_state_is_unknown(trial: Any) -> None:
    participant = await with_monitor(trial)
    await silence(trial)
    assert (await trial.authorise(participant)).status_code == 503

    answer = await ask(trial, participant, by=trial.monitor, second="investigator-012")

    assert answer.status_code == 201, answer.text
    authorisation = answer.json()["authorisation"]
    assert (authorisation["stated_by"], authorisation["set_aside"]) == ("monitor", ["trial_state_unknown"])
    assert authorisation["missing"] == ["site_investigator", "medical_monitor"]


async def silence(trial: Any) -> None:
    """Safety has last been heard an hour ago, as if its relay had stopped."""

    async def age(tx: Tx) -> None:
        at = instant_parameter(tx, server_now() - HOUR)
        await tx.fetch(_AGE, at, "safety.events.v1")

    await trial.running.service.database.write(age)


async def test_one_person_alone_authorises_nothing_by_exception(trial: Any) -> None:
    participant = await with_monitor(trial)
    body, _ = trial.delegated("investigator-012", "medical_monitor", None)
    both = body.model_copy(update={"delegation_id": "both-duties"})
    await trial.sponsor_says((both, "both-duties"), trial.halt())

    answer = await ask(trial, participant, second="investigator-012")

    assert (answer.status_code, answer.json()["code"]) == (409, "second_person_required")
    assert "exceptional-authorisation.recorded" not in await trial.types()
    kept = await trial.rows("SELECT details FROM audit WHERE action = 'exceptional-authorisation.refused'")
    assert len(kept) == 1


async def test_the_second_person_holds_the_other_duty(trial: Any) -> None:
    participant = await with_monitor(trial)
    await trial.sponsor_says(trial.halt())

    answer = await ask(trial, participant, second="nurse-012")

    assert (answer.status_code, answer.json()["code"]) == (409, "second_person_required")


async def test_nobody_sets_aside_that_treatment_was_stopped(trial: Any) -> None:
    participant = await with_monitor(trial)
    await trial.sponsor_says(trial.halt())
    body = {"ended_at": format_instant(await trial.now()), "reason": "participant_choice"}
    await trial.ok(trial.nurse(), f"/participants/{participant}/treatment-ends", body)

    answer = await ask(trial, participant)

    assert (answer.status_code, answer.json()["code"]) == (409, "override_not_possible")


async def test_without_an_obstacle_there_is_no_exception(trial: Any) -> None:
    participant = await with_monitor(trial)

    answer = await ask(trial, participant)

    assert (answer.status_code, answer.json()["code"]) == (409, "override_not_needed")


async def test_nurses_and_other_sites_authorise_nothing_by_exception(trial: Any) -> None:
    participant = await with_monitor(trial)
    await trial.sponsor_says(trial.halt())

    answers = [await ask(trial, participant, by=who) for who in (trial.nurse(), trial.investigator("034"))]

    assert [answer.status_code for answer in answers] == [403, 404]


async def test_both_countersign_and_nobody_is_reported(trial: Any) -> None:
    participant = await with_monitor(trial)
    await trial.sponsor_says(trial.halt())
    made = (await ask(trial, participant)).json()["authorisation"]
    path = f"/exceptional-authorisations/{made['authorisation_id']}/countersignatures"

    first = await trial.ok(trial.investigator(), path, {})
    twice = await trial.investigator().post(path, {})
    other = await trial.running.person("monitor-2", f"medical_monitor:{trial.code}:*").post(path, {})
    second = await trial.ok(trial.monitor, path, {})

    assert first.json()["missing"] == ["medical_monitor"]
    assert (twice.status_code, twice.json()["code"]) == (409, "countersigned_already")
    assert other.status_code == 403
    assert second.json()["missing"] == []
    await trial.pass_time(25 * HOUR)
    assert "countersignature.overdue" not in await trial.types()


async def test_a_missing_countersignature_is_reported_once_after_a_day(trial: Any) -> None:
    participant = await with_monitor(trial)
    await trial.sponsor_says(trial.halt())
    made = (await ask(trial, participant)).json()["authorisation"]
    path = f"/exceptional-authorisations/{made['authorisation_id']}/countersignatures"
    await trial.ok(trial.investigator(), path, {})
    await trial.pass_time(23 * HOUR)
    assert "countersignature.overdue" not in await trial.types()

    await trial.pass_time(2 * HOUR)
    await trial.pass_time(48 * HOUR)

    (told,) = await bodies(trial, "countersignature.overdue")
    assert told["missing"] == ["medical_monitor"]
    late = await trial.ok(trial.monitor, path, {})
    assert late.json()["missing"] == []
    listed = (await trial.manager.get("/exceptional-authorisations", trial=trial.code)).json()["items"]
    assert [one["missing"] for one in listed] == [[]]

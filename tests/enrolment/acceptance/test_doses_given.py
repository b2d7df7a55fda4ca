"""Doses given: confirmed for the pharmacy, corrected when they were wrong, listed when out of order."""

from datetime import timedelta
from typing import Any

from shared.clock import format_instant, parse_instant

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
BY_SURFACE = {"product": "example", "doses_planned_in_window": 4, "dose_basis": "body_surface"}


def pharmacist(trial: Any, site: str = "012") -> Any:
    return trial.running.person(f"pharmacist-{site}", f"pharmacist:{trial.code}:{site}")


async def record(trial: Any, participant: str, *administrations: dict[str, Any], site: str = "012") -> Any:
    path = f"/participants/{participant}/doses"
    answer = await trial.ok(trial.investigator(site), path, {"administrations": list(administrations)})
    return answer.json()


def given(at: Any, **more: Any) -> dict[str, Any]:
    return {"at": format_instant(at), "given": True} | more


async def shown(trial: Any, participant: str) -> Any:
    return (await trial.manager.get(f"/participants/{participant}")).json()


async def dose_id(trial: Any, participant: str, n: int = -1) -> str:
    """Id of one recorded dose, in the order of their times."""
    return str((await shown(trial, participant))["administrations"][n]["id"])


async def correct(
    trial: Any, participant: str, administration: str, truth: dict[str, Any], *, code: str = "wrong_time"
) -> Any:
    body = {"administration": truth, "reason_code": code, "reason": "the drug chart says so"}
    path = f"/participants/{participant}/doses/{administration}/corrections"
    return (await trial.ok(trial.investigator(), path, body)).json()


async def void(trial: Any, participant: str, administration: str, **more: Any) -> Any:
    body = {"reason_code": "not_given", "reason": "the infusion was cancelled"} | more
    path = f"/participants/{participant}/doses/{administration}/voidings"
    return (await trial.ok(trial.investigator(), path, body)).json()


async def bodies(trial: Any, kind: str) -> list[dict[str, Any]]:
    return [event["body"] for event in await trial.running.published(f"enrolment.{kind}.v1")]


# -- the pharmacy ---------------------------------------------------------------------------------------


async def test_registration_and_authorised_dose_are_confirmed_and_acknowledged(world: Any) -> None:
    trial = world
    await trial.set_up(treatment=BY_SURFACE)
    registered = await trial.enrol()
    today = (await trial.now()).date()
    measure = {"body_surface_m2": "1.137", "measured_on": str(today)}
    body = {"planned_at": format_instant(await trial.now()), "doses": 2, "measure": measure}

    path = f"/participants/{registered['participant_id']}/dose-authorisations"
    confirmed = (await trial.ok(trial.investigator(), path, body)).json()["confirmation"]

    assert (confirmed["planned"], confirmed["planned_shown"], confirmed["planned_unit"]) == (
        "11.370",
        "11.37",
        "mg",
    )
    assert (confirmed["measure"], confirmed["measured_on"]) == ("1.137", str(today))
    listed = (await pharmacist(trial).get("/confirmations", trial=trial.code)).json()["items"]
    assert [(one["kind"], one["planned"], one["participant_number"]) for one in listed] == [
        ("registration", None, registered["participant_number"]),
        ("authorisation", "11.370", registered["participant_number"]),
    ]
    path = f"/confirmations/{confirmed['confirmation_id']}/acknowledgements"
    await trial.ok(pharmacist(trial), path, {})
    again = await pharmacist(trial).post(path, {})
    assert (again.status_code, again.json()["code"]) == (409, "confirmation_acknowledged")
    left = (await pharmacist(trial).get("/confirmations", trial=trial.code)).json()["items"]
    assert [one["kind"] for one in left] == ["registration"]
    await record(trial, registered["participant_id"], given(await trial.now(), amount="11.4", batch="B-77"))
    every = (await pharmacist(trial).get("/confirmations", trial=trial.code, state="all")).json()["items"]
    assert [(one["amount"], one["batch"]) for one in every[1]["given"]] == [("11.4", "B-77")]


async def test_only_a_pharmacist_of_the_site_acknowledges(trial: Any) -> None:
    await trial.enrol()
    (one,) = (await trial.manager.get("/confirmations", trial=trial.code)).json()["items"]
    path = f"/confirmations/{one['confirmation_id']}/acknowledgements"

    answers = [await person.post(path, {}) for person in (trial.investigator(), pharmacist(trial, "034"))]

    assert [answer.status_code for answer in answers] == [403, 404]
    elsewhere = (await pharmacist(trial, "034").get("/confirmations", trial=trial.code)).json()
    assert elsewhere["items"] == []


async def test_a_measure_that_the_protocol_does_not_dose_by_is_refused(trial: Any) -> None:
    participant = (await trial.enrol())["participant_id"]
    now = await trial.now()
    measure = {"weight_kg": "30", "measured_on": str(now.date())}

    answer = await trial.investigator().post(
        f"/participants/{participant}/dose-authorisations",
        {"planned_at": format_instant(now), "measure": measure},
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "measure_unsuitable")


async def test_more_than_ten_percent_from_planned_opens_a_query(trial: Any) -> None:
    participant = (await trial.enrol())["participant_id"]
    await trial.authorise(participant)

    recorded = await record(trial, participant, given(await trial.now(), amount="11.5"))

    assert recorded["administrations"][0]["flags"] == ["differs_from_planned"]
    (query,) = (await trial.nurse().get("/dose-queries", trial=trial.code)).json()["items"]
    assert (query["planned"], query["given"], query["state"]) == ("10", "11.5", "open")
    path = f"/dose-queries/{query['query_id']}/answers"
    elsewhere = await trial.investigator("034").post(path, {"answer": "a full vial"})
    assert elsewhere.status_code == 404
    await trial.ok(trial.nurse(), path, {"answer": "a full vial"})
    assert (await trial.nurse().get("/dose-queries", trial=trial.code)).json()["items"] == []
    again = await trial.nurse().post(path, {"answer": "a full vial"})
    assert again.json()["code"] == "dose_query_answered"


async def test_exactly_ten_percent_from_planned_opens_no_query(trial: Any) -> None:
    participant = (await trial.enrol())["participant_id"]
    await trial.authorise(participant)

    await record(trial, participant, given(await trial.now(), amount="11"))

    assert (await trial.nurse().get("/dose-queries", trial=trial.code)).json()["items"] == []


async def test_a_correction_of_the_amount_answers_its_query(trial: Any) -> None:
    participant = (await trial.enrol())["participant_id"]
    await trial.authorise(participant)
    at = await trial.now()
    await record(trial, participant, given(at, amount="100"))

    await correct(
        trial, participant, await dose_id(trial, participant), given(at, amount="10"), code="wrong_amount"
    )

    assert (await trial.nurse().get("/dose-queries", trial=trial.code)).json()["items"] == []
    (query,) = (await trial.nurse().get("/dose-queries", trial=trial.code, state="all")).json()["items"]
    assert (query["state"], query["answer"]) == ("answered", "the drug chart says so")
    assert "first-dose.corrected" not in await trial.types()


async def test_doses_recorded_one_after_the_other_use_their_authorisation_up(trial: Any) -> None:
    participant = (await trial.enrol())["participant_id"]
    body = {"planned_at": format_instant(await trial.now()), "doses": 2}
    await trial.ok(trial.investigator(), f"/participants/{participant}/dose-authorisations", body)
    start = await trial.now()
    await trial.pass_time(3 * HOUR)

    authorised = [(await record(trial, participant, given(start + n * HOUR)))["authorised"] for n in range(3)]

    assert authorised == [True, True, False]


# -- corrections ----------------------------------------------------------------------------------------


async def test_a_first_dose_corrected_to_a_later_time_moves_it_later(trial: Any) -> None:
    participant = (await trial.enrol())["participant_id"]
    await trial.authorise(participant)
    start = await trial.now()
    await trial.pass_time(2 * DAY)
    await record(trial, participant, given(start, batch="B1"))
    wrong = await dose_id(trial, participant)

    corrected = await correct(trial, participant, wrong, given(start + 5 * HOUR, batch="B1"))

    assert parse_instant(corrected["first_dose_at"]) == start + 5 * HOUR
    view = await shown(trial, participant)
    assert parse_instant(view["participant"]["first_dose_at"]) == start + 5 * HOUR
    kept = [(one["standing"], one["correction_code"], one["replaced_by"]) for one in view["administrations"]]
    assert kept == [(False, "wrong_time", corrected["replaced_by"]), (True, None, None)]
    assert [one["authorised"] for one in view["administrations"]] == [True, True]
    (told,) = await bodies(trial, "first-dose.corrected")
    assert [parse_instant(told[name]) for name in ("given_at_before", "given_at")] == [
        start,
        start + 5 * HOUR,
    ]
    (dose,) = await bodies(trial, "dose.corrected")
    assert (dose["first_dose_follows"], dose["newly_unauthorised"]) == (True, False)
    assert [parse_instant(one["at"]) for one in dose["administrations"]] == [start + 5 * HOUR]
    assert "the drug chart says so" not in str(await trial.running.published())
    await trial.board_matches_events()


async def test_a_first_dose_of_another_level_is_corrected_and_no_longer_authorised(trial: Any) -> None:
    participant = (await trial.enrol())["participant_id"]
    await trial.authorise(participant)
    at = await trial.now()
    await record(trial, participant, given(at))

    corrected = await correct(
        trial, participant, await dose_id(trial, participant), given(at, level=2), code="wrong_level"
    )

    assert corrected["flags"] == ["level_differs", "unauthorised"]
    (told,) = await bodies(trial, "first-dose.corrected")
    assert (told["level_received_before"], told["level_received"]) == (1, 2)
    (dose,) = await bodies(trial, "dose.corrected")
    assert dose["newly_unauthorised"] is True
    assert await trial.rows("SELECT used FROM dose_authorisation") == [(0,)]


async def test_a_dose_of_the_wrong_child_is_moved_to_the_right_one_in_one_act(trial: Any) -> None:
    wrong, right = [(await trial.enrol())["participant_id"] for _ in range(2)]
    await trial.authorise(right)
    at = await trial.now()
    await trial.dose(wrong, at=at)

    moved = await void(
        trial, wrong, await dose_id(trial, wrong), reason_code="wrong_participant", recorded_for=right
    )

    assert (moved["moved_to"], moved["first_dose_at"]) == (right, None)
    before, after = await shown(trial, wrong), await shown(trial, right)
    assert before["participant"]["first_dose_at"] is None
    assert parse_instant(after["participant"]["first_dose_at"]) == at
    (recorded,) = after["administrations"]
    assert (recorded["id"], recorded["authorised"]) == (moved["replaced_by"], True)
    (dose,) = await bodies(trial, "dose.voided")
    assert (dose["participant_id"], dose["moved_to"]) == (wrong, right)
    assert [body["participant_id"] for body in await bodies(trial, "first-dose.voided")] == [wrong]
    assert [body["participant_id"] for body in await bodies(trial, "first-dose.recorded")] == [wrong, right]
    await trial.board_matches_events()


async def test_a_dose_is_not_moved_to_a_child_of_another_site(trial: Any) -> None:
    wrong = (await trial.enrol())["participant_id"]
    elsewhere = (await trial.enrol("034"))["participant_id"]
    await trial.dose(wrong)

    path = f"/participants/{wrong}/doses/{await dose_id(trial, wrong)}/voidings"
    body = {"reason_code": "wrong_participant", "reason": "mixed up", "recorded_for": elsewhere}
    answer = await trial.investigator().post(path, body)

    assert answer.status_code == 404
    assert (await shown(trial, wrong))["administrations"][0]["standing"] is True
    assert (await shown(trial, elsewhere))["administrations"] == []


async def test_a_voided_dose_makes_the_voiding_of_the_registration_possible_again(trial: Any) -> None:
    participant = (await trial.enrol())["participant_id"]
    await trial.dose(participant)
    path = f"/participants/{participant}/voidings"
    assert (await trial.manager.post(path, {"reason_code": "error"})).json()["code"] == "already_dosed"

    await void(trial, participant, await dose_id(trial, participant))

    await trial.ok(trial.manager, path, {"reason_code": "error"})
    assert (await trial.level())["n"] == 0
    await trial.board_matches_events()


async def test_a_correction_before_the_registration_voids_the_first_dose(trial: Any) -> None:
    participant = (await trial.enrol())["participant_id"]
    at = await trial.now()
    await trial.dose(participant, at=at)

    corrected = await correct(trial, participant, await dose_id(trial, participant), given(at - 30 * DAY))

    assert corrected["first_dose_at"] is None
    assert "before_registration" in corrected["flags"]
    assert len(await bodies(trial, "first-dose.voided")) == 1
    again = await correct(trial, participant, corrected["replaced_by"], given(at))
    assert parse_instant(again["first_dose_at"]) == at
    assert len(await bodies(trial, "first-dose.recorded")) == 2


async def test_the_next_dose_becomes_the_first_when_the_first_is_voided(trial: Any) -> None:
    participant = (await trial.enrol())["participant_id"]
    start = await trial.now()
    await trial.pass_time(2 * DAY)
    await record(trial, participant, given(start), given(start + DAY))

    await void(trial, participant, await dose_id(trial, participant, 0))

    (told,) = await bodies(trial, "first-dose.corrected")
    assert parse_instant(told["given_at"]) == start + DAY
    await record(trial, participant, given(start + HOUR))
    assert parse_instant((await shown(trial, participant))["participant"]["first_dose_at"]) == start + HOUR


async def test_a_record_is_corrected_once_and_by_something_else(trial: Any) -> None:
    participant = (await trial.enrol())["participant_id"]
    at = await trial.now()
    await trial.dose(participant, at=at)
    wrong = await dose_id(trial, participant)
    path = f"/participants/{participant}/doses/{wrong}/corrections"
    why = {"reason_code": "wrong_time", "reason": "misread"}

    same = await trial.investigator().post(path, {"administration": given(at), **why})
    await correct(trial, participant, wrong, given(at + HOUR))
    twice = await trial.investigator().post(path, {"administration": given(at + 2 * HOUR), **why})
    unknown = await trial.investigator("034").post(path, {"administration": given(at), **why})

    assert (same.status_code, same.json()["code"]) == (422, "correction_without_change")
    assert (twice.status_code, twice.json()["code"]) == (409, "dose_corrected_already")
    assert unknown.status_code == 404
    silent = await trial.investigator().post(path, {"administration": given(at), "reason_code": "other"})
    assert silent.status_code == 422


async def test_a_correction_moves_the_interval_between_first_doses(world: Any) -> None:
    trial = world
    await trial.set_up(stagger={"sentinel_n": 0, "interval_between_hours": 168})
    participant = (await trial.enrol())["participant_id"]
    start = await trial.now()
    await trial.pass_time(3 * DAY)
    await trial.freshen()
    await trial.dose(participant, at=start)

    await correct(trial, participant, await dose_id(trial, participant), given(start + 2 * DAY))

    assert parse_instant((await trial.level())["earliest_first_dose_at"]) == start + 9 * DAY


async def test_a_closed_level_stays_closed_when_its_doses_are_voided(trial: Any) -> None:
    children = [(await trial.enrol())["participant_id"] for _ in range(3)]
    for child in children:
        await trial.dose(child)
    await trial.safety_says(trial.verdict(children[0]), trial.verdict(children[1]))
    assert (await trial.level())["state"] == "closed"

    for child in children[:2]:
        await void(trial, child, await dose_id(trial, child))
        await trial.safety_says(trial.verdict(child, "pending"))

    assert (await trial.level())["state"] == "closed"
    assert (await trial.level())["dlt"] == 0
    await trial.sponsor_says(trial.decision("decision-2", "reopen_level"))
    assert (await trial.level())["state"] == "open"
    await trial.board_matches_events()


async def test_a_child_registered_before_a_halt_was_seen_gets_no_first_dose(trial: Any) -> None:
    participant = (await trial.enrol())["participant_id"]
    body, name = trial.halt()
    early = body.model_copy(update={"imposed_at": trial.started - HOUR})

    await trial.sponsor_says((early, name))

    assert (await shown(trial, participant))["participant"]["halts_seen_late"] == ["halt-1"]
    answer = await trial.authorise(participant)
    assert (answer.status_code, answer.json()["code"]) == (409, "dosing_halted")
    await trial.sponsor_says(trial.lifted())
    assert (await trial.authorise(participant)).status_code == 201
    assert (await shown(trial, participant))["participant"]["halts_seen_late"] == ["halt-1"]


# -- lists ----------------------------------------------------------------------------------------------


async def test_deviations_are_listed_for_those_who_see_the_site(trial: Any) -> None:
    here, there = [(await trial.enrol(site))["participant_id"] for site in ("012", "034")]
    start = await trial.now()
    await trial.pass_time(3 * DAY)
    await record(trial, here, given(start))
    await record(trial, there, given(await trial.now()), site="034")

    everywhere = (await trial.manager.get("/dose-deviations", trial=trial.code)).json()["items"]
    own = (await trial.nurse().get("/dose-deviations", trial=trial.code)).json()["items"]
    late = (await trial.manager.get("/dose-deviations", trial=trial.code, flag="late_entry")).json()["items"]

    assert [one["participant_id"] for one in everywhere] == [here, there]
    assert [(one["participant_id"], one["flags"]) for one in own] == [(here, ["late_entry", "unauthorised"])]
    assert [one["participant_id"] for one in late] == [here]
    paged = (await trial.manager.get("/dose-deviations", trial=trial.code, limit=1)).json()
    rest = (await trial.manager.get("/dose-deviations", trial=trial.code, cursor=paged["next_cursor"])).json()
    assert [one["participant_id"] for one in paged["items"] + rest["items"]] == [here, there]
    await void(trial, here, await dose_id(trial, here))
    left = (await trial.manager.get("/dose-deviations", trial=trial.code)).json()["items"]
    assert [one["participant_id"] for one in left] == [there]

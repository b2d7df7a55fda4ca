"""Doses: authorised under guards, recorded without any; the end of treatment; registrations in error."""

from datetime import timedelta
from typing import Any

import pytest

from shared.clock import format_instant, parse_instant

DAY = timedelta(days=1)


async def record(trial: Any, participant: str, *administrations: dict[str, Any]) -> dict[str, Any]:
    answer = await trial.ok(
        trial.investigator(), f"/participants/{participant}/doses", {"administrations": list(administrations)}
    )
    recorded: dict[str, Any] = answer.json()
    return recorded


def given(at: Any, **more: Any) -> dict[str, Any]:
    return {"at": format_instant(at), "given": True} | more


def missed(at: Any, because: str | None = None) -> dict[str, Any]:
    return {"at": format_instant(at), "given": False} | ({"missed_because": because} if because else {})


async def test_a_dose_without_authorisation_is_recorded_as_a_deviation(trial: Any) -> None:
    participant = (await trial.enrol())["participant_id"]

    recorded = await record(trial, participant, given(await trial.now()))

    assert recorded["authorised"] is False
    assert recorded["administrations"][0]["flags"] == ["unauthorised"]
    events = [event["body"] for event in await trial.running.published("enrolment.dose.recorded.v1")]
    assert [event["authorised"] for event in events] == [False]
    assert (await trial.running.published("enrolment.first-dose.recorded.v1"))[0]["version"] == 3


async def test_several_administrations_are_recorded_at_once_in_the_order_of_time(trial: Any) -> None:
    participant = (await trial.enrol())["participant_id"]
    start = await trial.now()
    await trial.ok(
        trial.investigator(),
        f"/participants/{participant}/dose-authorisations",
        {"planned_at": format_instant(start), "doses": 2},
    )
    await trial.pass_time(3 * DAY)

    recorded = await record(
        trial,
        participant,
        missed(start + 2 * DAY, "toxicity"),
        given(start + timedelta(hours=1)),
        given(start + DAY),
        missed(start + 2 * DAY + timedelta(hours=1)),
    )

    assert (recorded["authorised"], recorded["late_entry"]) == (True, True)
    assert parse_instant(recorded["first_dose_at"]) == start + timedelta(hours=1)
    (event,) = await trial.running.published("enrolment.dose.recorded.v1")
    assert [(one["given"], one["missed_because"]) for one in event["body"]["administrations"]] == [
        (True, None),
        (True, None),
        (False, "toxicity"),
        (False, "other"),
    ]
    shown = (await trial.manager.get(f"/participants/{participant}")).json()
    assert len(shown["administrations"]) == 4
    assert [one["authorised"] for one in shown["administrations"]] == [True] * 4


async def test_an_authorisation_covers_as_many_doses_as_it_names(trial: Any) -> None:
    participant = (await trial.enrol())["participant_id"]
    start = await trial.now()
    assert (await trial.authorise(participant)).status_code == 201
    await trial.pass_time(2 * DAY)

    recorded = await record(trial, participant, given(start + timedelta(hours=1)), given(start + DAY))

    assert [one["flags"] for one in recorded["administrations"]] == [
        ["late_entry"],
        ["late_entry", "unauthorised"],
    ]


async def test_an_authorisation_that_was_not_used_within_a_day_has_lapsed(trial: Any) -> None:
    participant = (await trial.enrol())["participant_id"]
    await trial.authorise(participant)
    await trial.pass_time(2 * DAY)

    recorded = await record(trial, participant, given(await trial.now()))

    assert recorded["administrations"][0]["flags"] == ["unauthorised"]


async def test_a_dose_found_later_before_the_first_one_moves_the_first(trial: Any) -> None:
    participant = (await trial.enrol())["participant_id"]
    await trial.pass_time(2 * DAY)
    now = await trial.now()
    await record(trial, participant, given(now))

    await record(trial, participant, given(now - DAY, level=2))

    first = [event["body"] for event in await trial.running.published("enrolment.first-dose.recorded.v1")]
    assert [parse_instant(one["given_at"]) for one in first] == [now, now - DAY]
    assert first[-1]["level_received"] == 2
    shown = (await trial.manager.get(f"/participants/{participant}")).json()
    assert parse_instant(shown["participant"]["first_dose_at"]) == now - DAY


async def test_a_dose_of_another_level_is_unauthorised_and_leaves_the_authorisation_unused(
    trial: Any,
) -> None:
    participant = (await trial.enrol())["participant_id"]
    await trial.authorise(participant)
    now = await trial.now()

    wrong = await record(trial, participant, given(now, level=3))
    right = await record(trial, participant, given(now + timedelta(minutes=1)))

    assert wrong["authorised"] is False
    assert wrong["administrations"][0]["flags"] == ["level_differs", "unauthorised"]
    assert (right["authorised"], right["administrations"][0]["flags"]) == (True, [])
    events = [event["body"] for event in await trial.running.published("enrolment.dose.recorded.v1")]
    assert [event["authorised"] for event in events] == [False, True]
    assert await trial.rows("SELECT used FROM dose_authorisation") == [(1,)]


async def test_a_dose_before_the_registration_is_kept_and_is_not_the_first(trial: Any) -> None:
    participant = (await trial.enrol())["participant_id"]
    now = await trial.now()

    recorded = await record(trial, participant, given(now - 365 * DAY))

    assert recorded["administrations"][0]["flags"] == ["before_registration", "late_entry", "unauthorised"]
    assert (recorded["authorised"], recorded["first_dose_at"]) == (False, None)
    assert "first-dose.recorded" not in await trial.types()
    voiding = await trial.manager.post(
        f"/participants/{participant}/voidings", {"reason_code": "wrong_child"}
    )
    assert voiding.json()["code"] == "already_dosed"
    genuine = await record(trial, participant, given(now))
    assert parse_instant(genuine["first_dose_at"]) == now
    await trial.board_matches_events()


async def test_a_dose_claimed_for_the_future_begins_the_window_at_its_entry(trial: Any) -> None:
    participant = (await trial.enrol())["participant_id"]
    claimed = await trial.now() + 365 * DAY

    recorded = await record(trial, participant, given(claimed))

    assert "time_in_future" in recorded["administrations"][0]["flags"]
    assert recorded["administrations"][0]["at"] == format_instant(claimed)
    told = (await trial.running.published("enrolment.first-dose.recorded.v1"))[0]["body"]
    assert parse_instant(told["given_at"]) <= await trial.now()
    assert recorded["first_dose_at"] == told["given_at"]


async def test_no_dose_moves_the_window_of_a_dose_claimed_for_the_future_later(trial: Any) -> None:
    participant = (await trial.enrol())["participant_id"]
    entered = await trial.now()
    begun = await record(trial, participant, given(entered + 10 * DAY))
    await trial.pass_time(3 * DAY)

    at_once = await record(trial, participant, given(entered + 2 * DAY))
    several = await record(
        trial, participant, given(await trial.now()), given(entered + 9 * DAY), given(entered + 11 * DAY)
    )

    assert (at_once["first_dose_at"], several["first_dose_at"]) == (None, None)
    shown = (await trial.manager.get(f"/participants/{participant}")).json()
    assert shown["participant"]["first_dose_at"] == begun["first_dose_at"]
    assert (await trial.types()).count("first-dose.recorded") == 1


async def test_a_dose_given_before_the_entry_of_one_claimed_for_the_future_moves_its_window(
    trial: Any,
) -> None:
    participant = (await trial.enrol())["participant_id"]
    await trial.pass_time(2 * DAY)
    entered = await trial.now()
    begun = await record(trial, participant, given(entered + 10 * DAY), given(entered + 11 * DAY))
    assert entered <= parse_instant(begun["first_dose_at"]) <= await trial.now()

    moved = await record(trial, participant, given(entered - DAY), given(entered - DAY / 2))

    assert parse_instant(moved["first_dose_at"]) == entered - DAY
    told = [event["body"] for event in await trial.running.published("enrolment.first-dose.recorded.v1")]
    assert [one["given_at"] for one in told] == [begun["first_dose_at"], moved["first_dose_at"]]


async def test_a_dose_before_the_registration_moves_no_first_dose(trial: Any) -> None:
    participant = (await trial.enrol())["participant_id"]
    now = await trial.now()
    await record(trial, participant, given(now))

    await record(trial, participant, given(now - 365 * DAY))

    shown = (await trial.manager.get(f"/participants/{participant}")).json()
    assert parse_instant(shown["participant"]["first_dose_at"]) == now
    assert len(shown["administrations"]) == 2
    assert (await trial.types()).count("first-dose.recorded") == 1


async def test_the_same_dose_reported_again_is_not_recorded_twice(trial: Any) -> None:
    participant = (await trial.enrol())["participant_id"]
    await trial.authorise(participant)
    now = await trial.now()
    first = await record(trial, participant, given(now, amount="10"), given(now, amount="10.0", level=1))

    again = await record(trial, participant, given(now, amount="10"))

    assert [one["already_recorded"] for one in first["administrations"]] == [False, True]
    assert [one["already_recorded"] for one in again["administrations"]] == [True]
    assert (again["record_id"], again["authorised"]) == (first["record_id"], True)
    shown = (await trial.manager.get(f"/participants/{participant}")).json()
    assert len(shown["administrations"]) == 1
    assert (await trial.types()).count("dose.recorded") == 1
    assert await trial.rows("SELECT used FROM dose_authorisation") == [(1,)]


@pytest.mark.parametrize(
    "other",
    [
        {"given": True, "amount": "20"},
        {"given": True, "amount": "10", "level": 3},
        {"given": False, "missed_because": "toxicity"},
    ],
)
async def test_what_contradicts_an_earlier_record_is_kept_with_a_flag(
    trial: Any, other: dict[str, Any]
) -> None:
    participant = (await trial.enrol())["participant_id"]
    body = {"planned_at": format_instant(await trial.now()), "doses": 2}
    await trial.ok(trial.investigator(), f"/participants/{participant}/dose-authorisations", body)
    at = format_instant(await trial.now())
    await record(trial, participant, {"at": at, "given": True, "amount": "10"})

    contradicting = await record(trial, participant, {"at": at} | other)
    taken_back = await record(trial, participant, {"at": at, "given": True, "amount": "10"})

    assert "contradicts_earlier" in contradicting["administrations"][0]["flags"]
    assert taken_back["administrations"][0]["flags"] == ["contradicts_earlier"]
    assert await trial.rows("SELECT used FROM dose_authorisation") == [(1,)]
    assert (await trial.types()).count("first-dose.recorded") == 1


async def test_nothing_about_a_dose_that_was_given_is_refused(trial: Any) -> None:
    participant = (await trial.enrol())["participant_id"]
    now = await trial.now()
    await trial.ok(
        trial.investigator(), f"/participants/{participant}/voidings", {"reason_code": "wrong_child"}
    )
    await trial.sponsor_says(trial.halt("halt-1"), trial.site_revoked("012"))

    recorded = await record(
        trial, participant, given(now + DAY, level=9, amount="50", planned_amount="10"), given(now - 9 * DAY)
    )

    flags = {flag for one in recorded["administrations"] for flag in one["flags"]}
    assert flags >= {"unauthorised", "time_in_future", "before_registration", "registration_voided"}
    assert "differs_from_planned" in flags
    counted = await trial.level()
    assert counted["n"] == 1  # a dose given outweighs the voiding


async def test_a_dose_is_authorised_a_week_ahead_at_most(trial: Any) -> None:
    participant = (await trial.enrol())["participant_id"]

    answer = await trial.investigator().post(
        f"/participants/{participant}/dose-authorisations",
        {"planned_at": format_instant(await trial.now() + 8 * DAY)},
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "planned_time_out_of_range")


async def test_after_the_end_of_treatment_no_dose_is_authorised(trial: Any) -> None:
    participant = (await trial.enrol())["participant_id"]
    body = {"ended_at": format_instant(await trial.now()), "reason": "progression"}
    await trial.ok(trial.nurse(), f"/participants/{participant}/treatment-ends", body)

    answer = await trial.authorise(participant)

    assert answer.json()["code"] == "treatment_stopped"
    again = await trial.nurse().post(f"/participants/{participant}/treatment-ends", body)
    assert again.json()["code"] == "treatment_stopped"
    (event,) = await trial.running.published("enrolment.treatment.ended.v1")
    assert (event["body"]["reason"], event["body"]["before_first_dose"]) == ("progression", True)


async def test_a_refused_authorisation_keeps_every_guard_in_the_audit(trial: Any, codes_of: Any) -> None:
    participant = (await trial.enrol())["participant_id"]
    await trial.sponsor_says(trial.halt("halt-1"), trial.superseded("decision-1"))

    answer = await trial.authorise(participant)

    assert codes_of(answer) == ["dosing_halted", "decision_superseded"]
    details = await trial.rows("SELECT details FROM audit WHERE action = 'dose-authorisation.refused'")
    assert b"decision_superseded" in bytes(details[0][0])


async def test_a_registration_in_error_is_voided_and_its_place_comes_back(trial: Any) -> None:
    registered = await trial.enrol()
    path = f"/participants/{registered['participant_id']}/voidings"

    await trial.ok(trial.manager, path, {"reason_code": "wrong_child"})

    level = await trial.level()
    assert (level["n"], level["places"]) == (0, {"open": 6})
    assert {slot["origin"] for slot in level["slots"]} == {"decision", "registration_voided"}
    again = await trial.manager.post(path, {"reason_code": "wrong_child"})
    assert again.json()["code"] == "registration_voided"
    await trial.board_matches_events()
    number = (await trial.enrol())["participant_number"]
    assert number != registered["participant_number"]


async def test_after_a_dose_a_registration_cannot_be_voided(trial: Any) -> None:
    participant = (await trial.enrol())["participant_id"]
    await trial.dose(participant)

    answer = await trial.manager.post(f"/participants/{participant}/voidings", {"reason_code": "wrong_child"})

    assert (answer.status_code, answer.json()["code"]) == (409, "already_dosed")


@pytest.mark.parametrize(
    "body",
    [
        {"administrations": []},
        {"administrations": [{"at": "2026-01-01T00:00:00Z"}]},
        {"administrations": [{"at": "yesterday", "given": True}]},
        {"administrations": [{"at": "2026-01-01T00:00:00Z", "given": True, "note": "x"}]},
    ],
)
async def test_what_is_not_a_list_of_doses_is_not_read(trial: Any, body: dict[str, Any]) -> None:
    participant = (await trial.enrol())["participant_id"]

    answer = await trial.investigator().post(f"/participants/{participant}/doses", body)

    assert answer.status_code == 422

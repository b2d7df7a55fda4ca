"""Dated requests and offers: what a site states about dates stays with the child through the line and every offer."""

from datetime import date, timedelta
from typing import Any

import pytest

from shared.clock import format_instant, parse_instant

REASON = "no other open trial for this relapse"


async def dated(trial: Any, site: str = "034", **stated: Any) -> tuple[str, dict[str, Any]]:
    """A request that states these dates: the screening and the answer."""
    screening_id = (await trial.screen(site))["screening_id"]
    body = {"trial": trial.code, "part": trial.part, "screening_id": screening_id, **stated}
    answer = await trial.investigator(site).post("/reservation-requests", body)
    assert answer.status_code in (201, 202), answer.text
    return screening_id, answer.json()


async def dates(trial: Any) -> dict[str, str]:
    today: date = (await trial.now()).date()
    return {
        "earliest_start_on": str(today + timedelta(days=10)),
        "washout_ends_on": str(today + timedelta(days=14)),
    }


async def full_level(world: Any, **replaced: Any) -> str:
    """A trial whose one place is held at site 012; the slot."""
    await world.set_up(places=1, **replaced)
    return str(await world.reserve((await world.screen("012"))["screening_id"], "012"))


async def waiting_list(trial: Any, person: Any = None) -> dict[str, Any]:
    listed: dict[str, Any] = await trial.shown("/waiting-list", person or trial.monitor, trial=trial.code)
    return listed


async def test_a_line_shows_its_dates_to_its_site_and_to_who_chooses(world: Any) -> None:
    await full_level(world)
    stated = await dates(world)
    await dated(world, **stated, priority_reason=REASON)

    own = await waiting_list(world, world.nurse("034"))
    chooses = await waiting_list(world)
    other = await waiting_list(world, world.nurse("056"))
    manages = await waiting_list(world, world.manager)

    assert own["entries"][0]["stated"] == stated | {"priority_reason": REASON}
    assert chooses["entries"][0]["stated"] == stated | {"priority_reason": REASON}
    assert (other["entries"], other["others_waiting"]) == ([], {"escalation": 1})
    assert manages["entries"][0]["stated"] == stated | {"priority_reason": ""}


async def test_the_reason_to_go_first_is_in_the_audit_and_in_no_event(world: Any) -> None:
    await full_level(world)

    await dated(world, **await dates(world), priority_reason=REASON)

    rows = await world.rows("SELECT reason FROM audit WHERE action = 'place-request.dated'")
    assert [row[0] for row in rows] == [REASON]
    assert "relapse" not in str(await world.running.published())


async def test_an_offer_carries_its_deadline_its_origin_and_the_dates(world: Any) -> None:
    held = await full_level(world)
    stated = await dates(world)
    await dated(world, **stated)

    await world.ok(world.investigator("012"), f"/slots/{held}/releases")

    (offer,) = (await waiting_list(world, world.nurse("034")))["offers"]
    assert (offer["origin"], offer["zone"], offer["frozen"]) == ("reservation_lapsed", "Europe/London", False)
    assert format_instant(parse_instant(offer["deadline_local"])) == offer["deadline"]
    assert offer["stated"] == stated | {"priority_reason": ""}
    said = (await world.running.published("enrolment.slot.offered.v1"))[-1]["body"]
    assert (said["origin"], said["deadline"]) == ("lapsed", offer["deadline"])
    assert not set(stated) & set(said)
    await world.board_matches_events()


async def test_an_offer_says_when_the_stagger_would_let_the_child_be_dosed(world: Any) -> None:
    stagger = {"interval_between_hours": 168, "sentinel_n": 0, "interval_after_sentinel_hours": 0}
    await world.set_up(places=2, stagger=stagger)
    registered = await world.enrol()
    dosed_at = await world.now()
    await world.dose(registered["participant_id"], at=dosed_at)
    held = await world.reserve((await world.screen("012"))["screening_id"], "012")
    await dated(world)

    await world.ok(world.investigator("012"), f"/slots/{held}/releases")

    said = (await world.running.published("enrolment.slot.offered.v1"))[-1]["body"]
    earliest = parse_instant(said["earliest_first_dose_at"])
    assert abs(earliest - dosed_at - timedelta(days=7)) < timedelta(seconds=1)
    (offer,) = (await waiting_list(world))["offers"]
    assert offer["earliest_first_dose_at"] == said["earliest_first_dose_at"]


async def test_dates_survive_a_freeze_a_lapsed_offer_and_being_asked_for_again(world: Any) -> None:
    held = await full_level(world)
    stated = await dates(world)
    screening_id, _ = await dated(world, **stated)
    await world.ok(world.investigator("012"), f"/slots/{held}/releases")
    await world.sponsor_says(world.halt())
    (offer,) = (await waiting_list(world))["offers"]
    assert (offer["frozen"], offer["stated"]["washout_ends_on"]) == (True, stated["washout_ends_on"])
    await world.sponsor_says(world.lifted())
    await world.ok(world.investigator("034"), f"/slots/{offer['slot_id']}/releases")
    blocking = await world.reserve((await world.screen("056"))["screening_id"], "056")

    answer = await world.request(screening_id, "034")  # says nothing of dates: they stay as they were

    assert answer.status_code == 202
    await world.ok(world.investigator("056"), f"/slots/{blocking}/releases")
    (again,) = (await waiting_list(world))["offers"]
    assert (again["site_number"], again["stated"]) == ("034", stated | {"priority_reason": ""})
    await world.board_matches_events()


async def test_dates_survive_a_first_refusal(world: Any) -> None:
    await world.set_up(places=6)
    stated = await dates(world)
    await dated(world, "034", **stated)
    await world.sponsor_says(world.decision("decision-2", "close_level"))

    (right,) = (await waiting_list(world))["entries"]
    assert (right["first_refusal"], right["stated"]) == (True, stated | {"priority_reason": ""})
    await world.sponsor_says(world.decision("decision-3", level=2, places=1))

    (offer,) = (await waiting_list(world))["offers"]
    assert (offer["level"], offer["origin"]) == (2, "decision")
    assert offer["stated"] == stated | {"priority_reason": ""}
    await world.board_matches_events()


async def test_dates_may_be_stated_with_a_named_place_too(trial: Any) -> None:
    stated = await dates(trial)
    screening_id = (await trial.screen())["screening_id"]
    slot_id = (await trial.level())["slots"][0]["slot_id"]

    await trial.ok(
        trial.investigator(), f"/slots/{slot_id}/reservations", {"screening_id": screening_id, **stated}
    )

    (row,) = await trial.rows("SELECT screening_id, priority_reason FROM dated_request")
    assert tuple(row) == (screening_id, "")


@pytest.mark.parametrize(
    ("earliest", "washout"), [(-367, None), (None, -367), (367, None), (10, 39)], ids=str
)
async def test_dates_that_cannot_be_meant_are_refused(
    trial: Any, earliest: int | None, washout: int | None
) -> None:
    today: date = (await trial.now()).date()
    screening_id = (await trial.screen())["screening_id"]
    days = {"earliest_start_on": earliest, "washout_ends_on": washout}
    stated = {name: str(today + timedelta(days=it)) for name, it in days.items() if it is not None}
    body = {"trial": "EP01", "part": "escalation", "screening_id": screening_id, **stated}

    answer = await trial.investigator().post("/reservation-requests", body)

    assert (answer.status_code, answer.json()["code"]) == (422, "dates_implausible")
    assert (await trial.level())["places"] == {"open": 6}


async def test_a_reason_that_names_a_child_is_refused_and_kept_nowhere(trial: Any) -> None:
    body = {"trial": "EP01", "part": "escalation", "screening_id": (await trial.screen())["screening_id"]}

    answer = await trial.investigator().post(
        "/reservation-requests", body | {"priority_reason": "943 476 5919"}
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "identifier_in_text")
    assert "943" not in answer.text


async def test_the_medical_monitors_choice_needs_a_reason(world: Any) -> None:
    policy = {"policy": "medical_monitor_choice", "reserve_window_hours": 72}
    held = await full_level(world, slots=policy)
    _, line = await dated(world, **await dates(world), priority_reason=REASON)
    await world.ok(world.investigator("012"), f"/slots/{held}/releases")
    (slot,) = (await world.level())["slots"]

    answer = await world.monitor.post(
        f"/slots/{slot['slot_id']}/offers", {"entry_id": line["entry_id"], "reason": "  "}
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "reason_required")
    assert (await world.level())["places"] == {"open": 1}

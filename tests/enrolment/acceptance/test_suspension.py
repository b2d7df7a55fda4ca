"""A site suspended by the sponsor: it takes nobody in, keeps what it has reserved, and goes on treating."""

from datetime import timedelta
from typing import Any


async def test_a_suspended_site_registers_and_screens_nobody_until_its_green_light_is_issued_again(
    trial: Any, codes_of: Any
) -> None:
    screening_id = await trial.ready("034")
    slot_id = await trial.reserve(screening_id, "034")

    await trial.sponsor_says(trial.site_suspended("034"))

    answer = await trial.register(screening_id, slot_id, "034")
    assert (answer.status_code, answer.json()["code"]) == (409, "site_suspended")
    assert codes_of(answer) == ["site_suspended"]
    body = {"trial": trial.code, "part": trial.part, "site_number": "034", "born": {"year": 2014, "month": 2}}
    screened = await trial.investigator("034").post("/screenings", body)
    assert (screened.status_code, screened.json()["code"]) == (409, "site_suspended")
    assert (await trial.enrol("012"))["site_number"] == "012"
    await trial.sponsor_says(trial.green_lit("034"))
    await trial.safety_says()
    assert (await trial.register(screening_id, slot_id, "034")).status_code == 201
    await trial.board_matches_events()


async def test_a_suspended_site_keeps_its_reservation_and_its_clock_runs_on(trial: Any) -> None:
    screening_id = await trial.ready("034")
    slot_id = await trial.reserve(screening_id, "034")

    await trial.sponsor_says(trial.site_suspended("034"))

    kept = next(slot for slot in (await trial.level())["slots"] if slot["slot_id"] == slot_id)
    assert (kept["state"], kept["site_number"]) == ("reserved", "034")
    await trial.pass_time(timedelta(hours=73))
    slots = {slot["slot_id"]: slot["state"] for slot in (await trial.level())["slots"]}
    assert slots.get(slot_id) != "reserved"
    await trial.board_matches_events()


async def test_a_suspended_site_asks_for_no_place_and_offers_pass_it_by(world: Any) -> None:
    await world.set_up(places=1)
    holder, waiting, other = [await world.ready(site) for site in ("012", "034", "056")]
    slot_id = await world.reserve(holder, "012")
    for screening_id, site in ((waiting, "034"), (other, "056")):
        assert (await world.request(screening_id, site)).status_code == 202
    await world.sponsor_says(world.site_suspended("034"))

    await world.ok(world.investigator("012"), f"/slots/{slot_id}/releases")

    (offered,) = (await world.level())["slots"]
    assert (offered["state"], offered["site_number"]) == ("offered", "056")
    assert (await world.request(waiting, "034")).json()["code"] == "site_suspended"
    await world.board_matches_events()


async def test_an_offer_that_a_suspended_site_has_not_taken_goes_to_the_next_and_its_turn_is_kept(
    world: Any,
) -> None:
    await world.set_up(places=1)
    holder, waiting, other = [await world.ready(site) for site in ("012", "034", "056")]
    slot_id = await world.reserve(holder, "012")
    for screening_id, site in ((waiting, "034"), (other, "056")):
        assert (await world.request(screening_id, site)).status_code == 202
    await world.ok(world.investigator("012"), f"/slots/{slot_id}/releases")
    (offered,) = (await world.level())["slots"]
    assert offered["site_number"] == "034"

    await world.sponsor_says(world.site_suspended("034"))

    (passed_on,) = (await world.level())["slots"]
    assert (passed_on["state"], passed_on["site_number"]) == ("offered", "056")
    revoked = (await world.running.published("enrolment.slot.revoked.v1"))[-1]["body"]
    assert (revoked["site_number"], revoked["reason"]) == ("034", "site suspended")
    await world.board_matches_events()
    await world.sponsor_says(world.green_lit("034"))
    await world.ok(world.investigator("056"), f"/slots/{passed_on['slot_id']}/releases")
    (back,) = (await world.level())["slots"]
    assert (back["state"], back["site_number"]) == ("offered", "034")
    await world.board_matches_events()


async def test_treatment_at_a_suspended_site_goes_on(trial: Any) -> None:
    treated = await trial.enrol("034")

    await trial.sponsor_says(trial.site_suspended("034"))
    await trial.safety_says()

    authorised = await trial.authorise(treated["participant_id"], "034")
    assert authorised.status_code == 201, authorised.text
    dosed = await trial.dose(treated["participant_id"], "034")
    assert dosed["authorised"] is True, dosed


async def test_a_revocation_takes_the_reservation_of_a_suspended_site_as_well(trial: Any) -> None:
    screening_id = await trial.ready("034")
    slot_id = await trial.reserve(screening_id, "034")
    await trial.sponsor_says(trial.site_suspended("034"))

    await trial.sponsor_says(trial.site_revoked("034"))

    answer = await trial.register(screening_id, slot_id, "034")
    assert answer.json()["code"] == "site_not_activated"
    assert (await trial.level())["places"] == {"open": 6}
    await trial.board_matches_events()

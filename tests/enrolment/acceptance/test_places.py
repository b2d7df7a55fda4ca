"""Acceptance A1 to A3: places, waiting list, expiry."""

import asyncio
from datetime import timedelta
from typing import Any

from shared.clock import format_instant, parse_instant

REPEATS = 50


async def free_slots(trial: Any) -> list[str]:
    level = await trial.level()
    return [slot["slot_id"] for slot in level["slots"] if slot["state"] == "open"]


async def test_a1_two_sites_race_for_the_last_slot_and_exactly_one_wins(world: Any) -> None:
    trial = world
    await trial.set_up(places=1)
    screenings = {site: (await trial.screen(site))["screening_id"] for site in ("012", "034")}

    for repeat in range(REPEATS):
        (slot_id,) = await free_slots(trial)
        order = list(screenings) if repeat % 2 else list(reversed(screenings))
        answers = dict(
            zip(
                order,
                await asyncio.gather(
                    *(
                        trial.investigator(site).post(
                            f"/slots/{slot_id}/reservations", {"screening_id": screenings[site]}
                        )
                        for site in order
                    )
                ),
                strict=True,
            )
        )

        assert sorted(answer.status_code for answer in answers.values()) == [201, 202]
        winner = next(site for site, answer in answers.items() if answer.status_code == 201)
        loser = next(site for site in answers if site != winner)
        assert (answers[winner].json()["outcome"], answers[winner].json()["slot_id"]) == ("reserved", slot_id)
        assert (answers[loser].json()["outcome"], answers[loser].json()["position"]) == ("waitlisted", 1)
        await trial.ok(trial.investigator(winner), f"/slots/{slot_id}/releases")
        (offered,) = (await trial.level())["slots"]
        assert (offered["state"], offered["site_number"]) == ("offered", loser)
        await trial.ok(trial.investigator(loser), f"/slots/{offered['slot_id']}/releases")

    types = await trial.types()
    assert (types.count("slot.reserved"), types.count("slot.waitlisted")) == (REPEATS, REPEATS)
    await trial.board_matches_events()


async def test_a2_the_same_request_three_times_makes_one_reservation(trial: Any) -> None:
    screening_id = (await trial.screen())["screening_id"]
    body = {"trial": "EP01", "part": "escalation", "screening_id": screening_id}

    answers = [
        await trial.investigator().post("/reservation-requests", body, key="one-key") for _ in range(3)
    ]

    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert len({answer.content for answer in answers}) == 1
    assert (await trial.types()).count("slot.reserved") == 1


async def test_a2_another_body_under_the_same_key_is_refused(trial: Any) -> None:
    one, other = (await trial.screen())["screening_id"], (await trial.screen())["screening_id"]
    body = {"trial": "EP01", "part": "escalation", "screening_id": one}
    await trial.investigator().post("/reservation-requests", body, key="one-key")

    answer = await trial.investigator().post(
        "/reservation-requests", body | {"screening_id": other}, key="one-key"
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_mismatch")


async def test_a3_an_unused_reservation_expires_and_the_next_in_line_is_offered(world: Any) -> None:
    trial = world
    await trial.set_up(places=1)
    late = await trial.ready("012")
    slot_id = await trial.reserve(late, "012")
    waiting = (await trial.screen("034"))["screening_id"]
    assert (await trial.request(waiting, "034")).status_code == 202

    await trial.pass_time(timedelta(hours=72))

    (slot,) = (await trial.level())["slots"]
    assert (slot["state"], slot["site_number"], slot["origin"]) == ("offered", "034", "reservation_lapsed")
    assert (await trial.types())[-3:] == ["slot.expired", "slot.opened", "slot.offered"]
    await trial.freshen()
    answer = await trial.register(late, slot_id, "012")
    assert (answer.status_code, answer.json()["code"]) == (409, "slot_expired")


async def test_a3_a_reservation_is_over_at_its_deadline_before_any_sweep(trial: Any) -> None:
    screening_id = await trial.ready()
    slot_id = await trial.reserve(screening_id)
    deadline = await trial.now() + timedelta(hours=73)

    await trial.running.operator.post("/demonstration-clock", {"move_to": format_instant(deadline)})

    await trial.freshen()
    answer = await trial.register(screening_id, slot_id)
    assert (answer.status_code, answer.json()["code"]) == (409, "slot_expired")


async def test_an_extension_moves_the_deadline_and_keeps_its_reason_in_the_audit(trial: Any) -> None:
    screening_id = (await trial.screen())["screening_id"]
    reserved = (await trial.request(screening_id)).json()

    answer = await trial.investigator().post(
        f"/slots/{reserved['slot_id']}/extensions", {"reason": "wash-out ends on Monday", "hours": 24}
    )

    assert answer.status_code == 201
    later = parse_instant(answer.json()["expires_at"])
    assert later - parse_instant(reserved["expires_at"]) == timedelta(hours=24)
    rows = await trial.rows("SELECT reason FROM audit WHERE reason IS NOT NULL")
    assert [row[0] for row in rows] == ["wash-out ends on Monday"]
    assert "Monday" not in str(await trial.running.published())
    await trial.board_matches_events()


async def test_an_offer_that_lapses_goes_to_the_next_in_line(world: Any) -> None:
    trial = world
    await trial.set_up(places=1)
    await trial.reserve((await trial.screen("012"))["screening_id"], "012")
    for site in ("034", "056"):
        await trial.request((await trial.screen(site))["screening_id"], site)
    await trial.pass_time(timedelta(hours=72))

    await trial.pass_time(timedelta(hours=72))

    (slot,) = (await trial.level())["slots"]
    assert (slot["state"], slot["site_number"]) == ("offered", "056")
    waiting = (await trial.manager.get("/waiting-list", trial="EP01")).json()
    assert (waiting["entries"], len(waiting["offers"])) == ([], 1)


async def test_a_site_that_was_offered_a_slot_takes_it_up(world: Any) -> None:
    trial = world
    await trial.set_up(places=1)
    first = (await trial.screen("012"))["screening_id"]
    held = await trial.reserve(first, "012")
    second = await trial.ready("034")
    await trial.request(second, "034")
    await trial.ok(trial.investigator("012"), f"/slots/{held}/releases")

    slot_id = await trial.reserve(second, "034")

    answer = await trial.register(second, slot_id, "034")
    assert answer.status_code == 201, answer.text
    await trial.board_matches_events()


async def test_a_failed_screening_gives_its_slot_to_the_next_in_line(world: Any) -> None:
    trial = world
    await trial.set_up(places=1)
    first = (await trial.screen("012"))["screening_id"]
    await trial.reserve(first, "012")
    await trial.request((await trial.screen("034"))["screening_id"], "034")

    await trial.ok(trial.nurse("012"), f"/screenings/{first}/failures", {"reason_code": "organ_function"})

    (slot,) = (await trial.level())["slots"]
    assert (slot["state"], slot["site_number"]) == ("offered", "034")
    answer = await trial.investigator("012").post(
        f"/screenings/{first}/failures", {"reason_code": "organ_function"}
    )
    assert answer.json()["code"] == "screening_ended"


async def test_round_robin_serves_another_site_before_the_same_one_again(world: Any) -> None:
    trial = world
    await trial.set_up(places=1, slots={"policy": "round_robin_by_site", "reserve_window_hours": 72})
    held = await trial.reserve((await trial.screen("056"))["screening_id"], "056")
    for site in ("012", "012", "034"):
        await trial.request((await trial.screen(site))["screening_id"], site)
    served = []
    site = "056"

    for _ in range(3):
        await trial.ok(trial.investigator(site), f"/slots/{held}/releases")
        (slot,) = (await trial.level())["slots"]
        site, held = slot["site_number"], slot["slot_id"]
        served.append(site)

    assert served == ["012", "034", "012"]


async def test_the_medical_monitor_chooses_where_the_policy_says_so(world: Any) -> None:
    trial = world
    await trial.set_up(places=1, slots={"policy": "medical_monitor_choice", "reserve_window_hours": 72})
    held = await trial.reserve((await trial.screen("012"))["screening_id"], "012")
    await trial.request((await trial.screen("034"))["screening_id"], "034")
    chosen = (await trial.request((await trial.screen("056"))["screening_id"], "056")).json()["entry_id"]
    await trial.ok(trial.investigator("012"), f"/slots/{held}/releases")
    (slot,) = (await trial.level())["slots"]
    assert slot["state"] == "open"

    await trial.ok(
        trial.monitor, f"/slots/{slot['slot_id']}/offers", {"entry_id": chosen, "reason": "shorter wash-out"}
    )

    (slot,) = (await trial.level())["slots"]
    assert (slot["state"], slot["site_number"]) == ("offered", "056")
    await trial.board_matches_events()


async def test_a_site_is_stopped_at_its_limit_of_open_reservations(world: Any) -> None:
    trial = world
    await trial.set_up(
        slots={
            "policy": "fifo_by_notification",
            "reserve_window_hours": 72,
            "max_open_reservations_per_site": 1,
        }
    )
    await trial.reserve((await trial.screen())["screening_id"])

    answer = await trial.request((await trial.screen())["screening_id"])

    assert (answer.status_code, answer.json()["code"]) == (409, "reservation_limit_reached")


async def test_a_screening_holds_one_place_at_a_time(trial: Any) -> None:
    screening_id = (await trial.screen())["screening_id"]
    await trial.reserve(screening_id)

    answer = await trial.request(screening_id)

    assert (answer.status_code, answer.json()["code"]) == (409, "place_held_already")


async def test_asking_twice_while_waiting_gives_the_same_place_in_line(world: Any) -> None:
    trial = world
    await trial.set_up(places=1)
    await trial.reserve((await trial.screen())["screening_id"])
    screening_id = (await trial.screen("034"))["screening_id"]

    first, second = [(await trial.request(screening_id, "034")).json() for _ in range(2)]

    assert first["entry_id"] == second["entry_id"]
    assert (await trial.types()).count("slot.waitlisted") == 1

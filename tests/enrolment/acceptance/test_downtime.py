"""Downtime: a number gives an identity, never a place; late entry keeps the fact and says what differs."""

import csv
import io
from datetime import timedelta
from typing import Any

from shared.clock import format_instant
from tests.enrolment.acceptance.test_cohorts import enrol, judge

COUNTS = ("state", "n", "dlt", "pending", "rule", "held_because")
HOUR = timedelta(hours=1)


async def late_child(trial: Any, number: str, site: str = "012", **entry: Any) -> dict[str, Any]:
    """A child with everything signed, entered late."""
    answer = await trial.enter_late(await trial.ready(site), number, site, **entry)
    assert answer.status_code == 201, answer.text
    entered: dict[str, Any] = answer.json()
    return entered


async def codes_of(entered: dict[str, Any]) -> list[str]:
    return [difference["code"] for difference in entered["differences"]]


async def another_trial(trial: Any) -> Any:
    """A second trial in the same service, told the same."""
    other = type(trial)(
        trial.running,
        trial_id="01993f6e-0000-7000-8000-0000000000e2",
        code="EP02",
        sponsor=trial.sponsor,
        safety=trial.safety,
    )
    await other.set_up(decide=False)
    await other.sponsor_says(other.decision("decision-of-another"))
    return other


# -- numbers --------------------------------------------------------------------------------------------


async def test_a_block_is_numbers_of_the_site_that_nobody_else_is_given(trial: Any) -> None:
    before = await trial.enrol()

    numbers = await trial.issue(3)

    after = await trial.enrol()
    given = [before["participant_number"], *numbers, after["participant_number"]]
    assert [number[:10] for number in given] == [
        f"EP01-012-0{n}"[:10] for n in ("01", "02", "03", "04", "05")
    ]
    assert len(set(given)) == 5
    rows = await trial.rows("SELECT actor FROM audit WHERE action = 'downtime-block.issued'")
    assert [row[0] for row in rows] == ["manager"]


async def test_a_site_prints_its_own_blocks_and_sees_no_other(trial: Any) -> None:
    numbers = await trial.issue(2, "012")
    await trial.issue(1, "034")
    own = (await trial.nurse("012").get("/downtime-blocks", trial="EP01")).json()["items"]
    every = (await trial.manager.get("/downtime-blocks", trial="EP01")).json()["items"]

    printed = await trial.nurse("012").get(f"/downtime-blocks/{own[0]['id']}/numbers.csv")

    assert ([one["site_number"] for one in own], len(every)) == (["012"], 2)
    lines = list(csv.DictReader(io.StringIO(printed.text)))
    assert [line["number"] for line in lines] == numbers
    assert {line["duty_person"] for line in lines} == {""}
    foreign = await trial.nurse("034").get(f"/downtime-blocks/{own[0]['id']}/numbers.csv")
    absent = await trial.nurse("034").get("/downtime-blocks/none/numbers.csv")
    assert (foreign.status_code, absent.status_code) == (404, 404)


async def test_a_block_of_a_site_that_the_trial_has_not_is_refused(trial: Any) -> None:
    body = {"trial": "EP01", "site_number": "099", "count": 1}

    answer = await trial.manager.post("/downtime-blocks", body)

    assert (answer.status_code, answer.json()["code"]) == (422, "site_unknown")


# -- the fact -------------------------------------------------------------------------------------------


async def test_a_late_registration_in_order_is_as_if_it_had_been_made_in_time(trial: Any) -> None:
    (number,) = await trial.issue(1)
    screening_id = await trial.ready()
    slot_id = await trial.reserve(screening_id)
    claimed = await trial.now()
    await trial.pass_time(2 * HOUR)
    await trial.freshen()

    answer = await trial.enter_late(screening_id, number, at=claimed)

    assert answer.status_code == 201, answer.text
    entered = answer.json()
    registration = entered["registration"]
    assert (entered["slot_id"], entered["differences"]) == (slot_id, [])
    assert (registration["participant_number"], registration["level"]) == (number, 1)
    assert registration["registered_at"] == format_instant(claimed)
    said = (await trial.running.published("enrolment.participant.registered.v1"))[-1]["body"]
    assert (said["slot_id"], said["registered_at"]) == (slot_id, format_instant(claimed))
    assert "registration.flagged" not in await trial.types()
    level = await trial.level()
    assert (level["n"], level["pending"], level["places"]) == (1, 1, {"open": 5})
    (block,) = (await trial.manager.get("/downtime-blocks", trial="EP01")).json()["items"]
    assert block["numbers"][0]["participant_id"] == registration["participant_id"]
    await trial.board_matches_events()


async def test_a_child_without_a_reservation_takes_a_free_place(trial: Any) -> None:
    (number,) = await trial.issue(1)

    entered = await late_child(trial, number)

    assert entered["slot_id"] is not None
    assert await codes_of(entered) == []
    assert (await trial.level())["places"] == {"open": 5}
    await trial.board_matches_events()


async def test_a_child_for_whom_no_place_is_left_is_kept_and_counts(world: Any) -> None:
    trial = world
    await trial.set_up(places=1)
    await trial.reserve((await trial.screen("034"))["screening_id"], "034")
    (number,) = await trial.issue(1)

    entered = await late_child(trial, number)

    assert (entered["slot_id"], await codes_of(entered)) == (None, ["slot_required"])
    level = await trial.level()
    assert (level["n"], level["places"]) == (1, {"reserved": 1})
    flagged = (await trial.running.published("enrolment.registration.flagged.v1"))[-1]["body"]
    assert (flagged["flag"], flagged["codes"]) == ("late_entry", ["slot_required"])
    (flag,) = await trial.flags()
    assert (flag["flag"], flag["about"]) == ("late_entry", ["slot_required"])
    assert flag["late"]["call"]["duty_person"] == "duty-a"
    assert "duty-a" not in str(await trial.running.published())
    await trial.board_matches_events()


async def test_a_place_held_at_another_level_is_given_back(trial: Any) -> None:
    (number,) = await trial.issue(1)
    screening_id = await trial.ready()
    held = await trial.reserve(screening_id)

    answer = await trial.enter_late(screening_id, number, level=2)

    assert answer.status_code == 201, answer.text
    assert answer.json()["slot_id"] is None
    assert {"dose_level_closed", "slot_required"} <= set(await codes_of(answer.json()))
    assert (await trial.level(1))["places"] == {"open": 6}
    assert (await trial.level(2))["n"] == 1
    released = (await trial.running.published("enrolment.slot.released.v1"))[-1]["body"]
    assert released["slot_id"] == held
    await trial.board_matches_events()


async def test_whoever_waited_in_line_waits_no_more_once_entered_late(world: Any) -> None:
    trial = world
    await trial.set_up(places=1)
    await trial.reserve((await trial.screen("034"))["screening_id"], "034")
    (number,) = await trial.issue(1)
    screening_id = await trial.ready()
    assert (await trial.request(screening_id)).status_code == 202

    await trial.enter_late(screening_id, number)

    assert (await trial.manager.get("/waiting-list", trial="EP01")).json()["entries"] == []
    await trial.board_matches_events()


async def test_a_part_without_levels_needs_neither_place_nor_level(world: Any) -> None:
    trial = world
    await trial.set_up(kind="quality_of_life")
    (number,) = await trial.issue(1)

    entered = await late_child(trial, number)

    assert (entered["registration"]["level"], entered["slot_id"], entered["differences"]) == (None, None, [])
    assert "enrolment.participant.registered.v2" in [
        event["type"] for event in await trial.running.published()
    ]
    await trial.board_matches_events()


# -- what differs ---------------------------------------------------------------------------------------


async def test_every_guard_that_fails_is_kept_and_listed_and_none_refuses(trial: Any) -> None:
    (number,) = await trial.issue(1)
    screening_id = (await trial.screen())["screening_id"]

    answer = await trial.enter_late(screening_id, number)

    assert answer.status_code == 201, answer.text
    codes = await codes_of(answer.json())
    assert {"consent_missing", "eligibility_incomplete", "judgement_missing"} <= set(codes)
    guards = await trial.shown(f"/registrations/{answer.json()['registration']['registration_id']}/guards")
    failed = [one["code"] for one in guards["results"] if not one["passed"]]
    assert set(codes) == set(failed)
    assert sorted(flag["about"][0] for flag in await trial.flags()) == sorted(set(codes))


async def test_a_halt_heard_meanwhile_flags_the_late_registration(trial: Any) -> None:
    (number,) = await trial.issue(1)
    screening_id = await trial.ready()
    slot_id = await trial.reserve(screening_id)
    body, name = trial.halt()
    early = body.model_copy(update={"imposed_at": trial.started - HOUR})
    await trial.sponsor_says((early, name))

    answer = await trial.enter_late(screening_id, number)

    entered = answer.json()
    assert (answer.status_code, entered["slot_id"]) == (201, slot_id)
    assert await codes_of(entered) == ["trial_halted", "slot_frozen"]
    said = (await trial.running.published("enrolment.participant.registered.v1"))[-1]["body"]
    assert said["before_halt_seen"] is True
    flags = {flag["flag"]: flag for flag in await trial.flags() if flag["flag"] == "halt_seen_late"}
    assert flags["halt_seen_late"]["about"] == ["halt-1"]
    await trial.board_matches_events()


async def test_a_registration_that_a_halt_overtook_is_in_the_same_list(trial: Any) -> None:
    registered = await trial.enrol()
    body, name = trial.halt()
    early = body.model_copy(update={"imposed_at": trial.started - HOUR})

    await trial.sponsor_says((early, name))

    (flag,) = await trial.flags()
    assert (flag["flag"], flag["about"], flag["late"]) == ("halt_seen_late", ["halt-1"], None)
    assert flag["participant_id"] == registered["participant_id"]


async def test_what_was_in_order_then_and_is_not_now_says_so(trial: Any) -> None:
    (number,) = await trial.issue(1)
    screening_id = await trial.ready()
    claimed = await trial.now()
    await trial.pass_time(timedelta(days=20))
    await trial.freshen()

    answer = await trial.enter_late(screening_id, number, at=claimed)

    (difference,) = answer.json()["differences"]
    assert (difference["code"], difference["then"], difference["now"]) == ("eligibility_expired", False, True)


async def test_a_consent_signed_after_the_claimed_registration_shows(trial: Any) -> None:
    (number,) = await trial.issue(1)
    claimed = await trial.now()
    await trial.pass_time(timedelta(hours=5))
    await trial.freshen()
    screening_id = await trial.ready()

    answer = await trial.enter_late(screening_id, number, at=claimed)

    found = {one["code"]: (one["then"], one["now"]) for one in answer.json()["differences"]}
    assert found["time_in_future"] == (True, False)


async def test_a_place_given_after_the_claimed_registration_shows(trial: Any) -> None:
    (number,) = await trial.issue(1)
    screening_id = await trial.ready()
    claimed = await trial.now()
    await trial.pass_time(HOUR)
    await trial.freshen()

    answer = await trial.enter_late(
        screening_id, number, at=claimed, called_at=claimed + timedelta(minutes=30)
    )

    assert await codes_of(answer.json()) == ["place_given_later"]
    assert answer.json()["registration"]["registered_at"] == format_instant(claimed)


# -- the cohort -----------------------------------------------------------------------------------------


async def test_a_late_entry_counts_exactly_as_a_registration_in_time(trial: Any) -> None:
    """Two equal trials; the third child of one is registered, of the other entered late: one truth."""
    other = await another_trial(trial)
    in_time, late = await enrol(trial, 2), await enrol(other, 2)
    (number,) = await other.issue(1)
    claimed = await other.now()
    in_time.append((await trial.enrol())["participant_id"])
    await judge(trial, in_time[:1], "dlt")
    await judge(other, late[:1], "dlt")

    entered = await late_child(other, number, at=claimed)

    late.append(entered["registration"]["participant_id"])
    first, second = await trial.level(), await other.level()
    assert {name: first[name] for name in COUNTS} == {name: second[name] for name in COUNTS}
    assert first["places"] == second["places"]
    await judge(trial, in_time[2:], "dlt")
    await judge(other, late[2:], "dlt")
    first, second = await trial.level(), await other.level()
    assert (first["state"], second["state"]) == ("closed", "closed")
    cells = [
        event["body"]["rule_cell"]
        for event in await trial.running.published("enrolment.dose-level.closed.v1")
    ]
    assert len(cells) == 2
    assert cells[0] == cells[1]
    await other.board_matches_events()


async def test_a_level_closed_meanwhile_stays_closed_and_the_child_counts_in_it(trial: Any) -> None:
    children = await enrol(trial, 3)
    (number,) = await trial.issue(1)
    claimed = await trial.now()
    screening_id = await trial.ready()
    await judge(trial, children[:2], "dlt")
    assert (await trial.level())["state"] == "closed"

    answer = await trial.enter_late(screening_id, number, at=claimed)

    assert answer.status_code == 201, answer.text
    codes = await codes_of(answer.json())
    assert {"dose_level_closed", "cohort_hold", "slot_required"} <= set(codes)
    level = await trial.level()
    assert (level["state"], level["n"], level["dlt"], level["pending"]) == ("closed", 4, 2, 2)
    assert level["slots"] == []
    await trial.board_matches_events()


async def test_a_late_child_closes_the_level_at_once_where_the_rule_says_so(world: Any) -> None:
    """A table that closes at one DLT among four: with the child that came by telephone there are four."""
    trial = world
    rule = {
        "kind": "table",
        "source": {"design": "closes with the fourth"},
        "counts": [{"part": "escalation", "level": 1}],
        "rows": [*([n, 0, n, "same"] for n in range(4)), [3, 1, 2, "same"], [4, 1, 3, "close"]],
    }
    await trial.set_up(decide=False)
    await trial.sponsor_says(trial.decision("decision-1", rule=rule))
    children = await enrol(trial, 3)
    await judge(trial, children[:1], "dlt")
    (number,) = await trial.issue(1)
    reserved = await trial.reserve((await trial.screen("034"))["screening_id"], "034")
    assert (await trial.level())["state"] == "open"

    entered = await late_child(trial, number)

    assert entered["slot_id"] is not None
    level = await trial.level()
    assert (level["state"], level["n"], level["slots"]) == ("closed", 4, [])
    closed = (await trial.running.published("enrolment.dose-level.closed.v1"))[-1]["body"]
    assert (closed["cause"], closed["rule_cell"]) == ("cohort_rule", "n=4 dlt=1 pending=3: close")
    revoked = [
        event["body"]["slot_id"] for event in await trial.running.published("enrolment.slot.revoked.v1")
    ]
    assert reserved in revoked
    await trial.board_matches_events()


async def test_a_late_child_makes_the_rule_hold_the_next_registration(world: Any) -> None:
    """With one DLT among three, this rule lets a fourth child in; the fourth came by telephone."""
    trial = world
    rule = {
        "kind": "boundary",
        "source": {"text": "three at a time"},
        "counts": [{"part": "escalation", "level": 1}],
        "max_evaluable": 4,
        "close_if_dlts_at_least": [[2, 2]],
    }
    await trial.set_up(decide=False)
    await trial.sponsor_says(trial.decision("decision-1", rule=rule))
    await enrol(trial, 3)
    (number,) = await trial.issue(1)
    screening_id = await trial.ready()
    slot_id = await trial.reserve(screening_id)
    assert (await trial.level())["rule"]["output"] == "same"

    await late_child(trial, number)

    level = await trial.level()
    assert (level["n"], level["rule"]["output"]) == (4, "hold")
    answer = await trial.register(screening_id, slot_id)
    assert (answer.status_code, answer.json()["code"]) == (409, "cohort_hold")
    await trial.board_matches_events()

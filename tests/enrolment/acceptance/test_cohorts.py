"""Acceptance A6 to A9: cohorts, closing by the rule, replacement."""

import asyncio
from typing import Any

import pytest

LEVEL_2 = {"level": 2}


async def enrol(trial: Any, count: int, *, dosed: bool = True, level: int = 1) -> list[str]:
    """Children registered at the open level, one after the other, round the sites."""
    participants = []
    for number in range(count):
        site = ("012", "034", "056")[number % 3]
        registered = await trial.enrol(site)
        assert registered["level"] == level
        if dosed:
            await trial.dose(registered["participant_id"], site)
        participants.append(registered["participant_id"])
    return participants


async def judge(trial: Any, participants: list[str], verdict: str, level: int = 1) -> None:
    await trial.safety_says(*(trial.verdict(one, verdict, level=level) for one in participants))


async def test_a6_the_second_dlt_closes_the_level_until_a_new_decision_is_signed(world: Any) -> None:
    trial = world
    await trial.set_up(decide=False)
    await trial.sponsor_says(trial.decision("decision-2", level=2, places=5))
    children = await enrol(trial, 4, level=2)
    reserved = await trial.ready("012")
    slot_id = await trial.reserve(reserved, "012")
    waiting = (await trial.screen("034"))["screening_id"]
    assert (await trial.request(waiting, "034")).status_code == 202
    await judge(trial, children[:1], "no_dlt", 2)
    await judge(trial, [children[2]], "dlt", 2)
    assert (await trial.level(2))["state"] == "open"

    await judge(trial, [children[3]], "dlt", 2)

    level = await trial.level(2)
    assert (level["state"], level["slots"], level["n"], level["dlt"]) == ("closed", [], 4, 2)
    closed = (await trial.running.published("enrolment.dose-level.closed.v1"))[-1]["body"]
    assert (closed["cause"], closed["rule_cell"]) == ("cohort_rule", "n=4 dlt=2 pending=1: close")
    revoked = (await trial.running.published("enrolment.slot.revoked.v1"))[-1]["body"]
    assert (revoked["site_number"], revoked["reason"]) == ("012", "cohort_rule")
    answer = await trial.register(reserved, slot_id, "012")
    assert answer.json()["code"] == "dose_level_closed"
    line = (await trial.manager.get("/waiting-list", trial="EP01")).json()["entries"]
    assert [(one["site_number"], one["first_refusal"]) for one in line] == [("012", True), ("034", False)]
    await trial.board_matches_events()

    await trial.sponsor_says(trial.decision("decision-3", level=1, places=2))

    slots = (await trial.level(1))["slots"]
    assert [(slot["state"], slot["site_number"]) for slot in slots] == [
        ("offered", "012"),
        ("offered", "034"),
    ]
    taken = await trial.reserve(reserved, "012")
    answer = await trial.register(reserved, taken, "012")
    assert (answer.status_code, answer.json()["level"]) == (201, 1)
    await trial.board_matches_events()


async def test_a6_closing_happens_on_arrival_and_not_at_the_next_registration(trial: Any) -> None:
    children = await enrol(trial, 3)
    await judge(trial, children[:1], "dlt")

    await judge(trial, children[1:2], "dlt")

    (row,) = await trial.rows(
        "SELECT state, closed_because FROM dose_level WHERE level = 1 AND part = 'escalation'"
    )
    assert tuple(row) == ("closed", "cohort_rule")
    causes = await trial.rows(
        "SELECT o.causation_id, i.topic FROM outbox AS o JOIN inbox AS i ON i.event_id = o.causation_id"
        " WHERE o.type = 'enrolment.dose-level.closed.v1'"
    )
    assert [row[1] for row in causes] == ["safety.events.v1"]


async def test_a6_the_sponsor_need_not_say_anything(trial: Any, codes_of: Any) -> None:
    children = await enrol(trial, 2)
    screening_id = await trial.ready()
    slot_id = await trial.reserve(screening_id)
    await judge(trial, children, "dlt")
    await trial.sponsor_says()  # its relay is alive, its consumer is not

    answer = await trial.register(screening_id, slot_id)

    assert (answer.status_code, answer.json()["code"]) == (409, "dose_level_closed")
    assert codes_of(answer) == ["dose_level_closed", "cohort_hold", "slot_revoked"]


async def test_a_provisional_dlt_is_read_as_a_dlt_where_that_is_stricter(trial: Any) -> None:
    children = await enrol(trial, 3)
    await judge(trial, children[:1], "dlt")

    await trial.safety_says(trial.verdict(children[1], "pending", provisional="dlt"))

    assert (await trial.level())["state"] == "closed"


async def test_a_verdict_word_that_is_not_known_counts_against_the_level(trial: Any) -> None:
    children = await enrol(trial, 3)
    await judge(trial, children[:1], "dlt")
    body, name = trial.verdict(children[1])
    unknown = body.model_construct(**(body.model_dump() | {"verdict": "late_dlt"}))

    await trial.safety_says((unknown, name))

    assert (await trial.level())["state"] == "closed"


async def test_a_dlt_of_nobody_known_here_counts_against_the_level(trial: Any) -> None:
    children = await enrol(trial, 2)
    await judge(trial, children[:1], "dlt")

    await judge(trial, ["somebody-registered-during-a-cut"], "dlt")

    assert (await trial.level())["state"] == "closed"


async def test_a7_the_board_says_hold_while_windows_are_open_and_follows_by_itself(trial: Any) -> None:
    children = await enrol(trial, 6)
    await judge(trial, children[:4], "no_dlt")
    level = await trial.level()
    assert (level["n"], level["dlt"], level["pending"], level["rule"]["output"]) == (6, 0, 2, "hold")
    assert [one["dlts_among_pending"] for one in level["preview"]] == [0, 1, 2]
    assert all(one["window_ends_at"] for one in level["pending_windows"])

    await judge(trial, children[4:5], "no_dlt")

    level = await trial.level()
    assert (level["pending"], len(level["pending_windows"])) == (1, 1)


async def test_a8_three_clear_end_the_level_and_one_pending_leaves_three_places(trial: Any) -> None:
    children = await enrol(trial, 3)
    await judge(trial, children[:2], "no_dlt")
    level = await trial.level()
    assert (level["rule"]["output"], level["places"]) == ("same", {"open": 3})

    await judge(trial, children[2:], "no_dlt")

    screening_id = await trial.ready()
    answer = await trial.register(screening_id, await trial.reserve(screening_id))
    assert (answer.status_code, answer.json()["code"]) == (409, "cohort_hold")
    kept = await trial.investigator().get(f"/registrations/{answer.json()['registration_id']}/guards")
    cohort = next(one for one in kept.json()["results"] if one["guard"] == "cohort")
    assert (cohort["inputs"]["output"], cohort["inputs"]["cell"]) == ("hold", [3, 0, 0])


async def test_a9_a_child_who_cannot_be_judged_is_replaced_once_and_a_dlt_never(trial: Any) -> None:
    children = await enrol(trial, 3)
    await trial.ok(
        trial.nurse("012"),
        f"/participants/{children[0]}/treatment-ends",
        {"ended_at": "2026-01-01T00:00:00Z", "reason": "progression"},
    )

    await judge(trial, children[:1], "not_evaluable")
    await judge(trial, children[:1], "not_evaluable")
    await judge(trial, children[1:2], "dlt")

    level = await trial.level()
    assert (level["n"], level["dlt"], level["places"]) == (2, 1, {"open": 4})
    extra = [event["body"] for event in await trial.running.published("enrolment.slot.opened.v1")][6:]
    assert [(one["origin"], one["replaces_participant_id"]) for one in extra] == [
        ("replacement", children[0])
    ]
    await trial.board_matches_events()


async def test_a9_the_extra_slot_is_taken_back_when_the_child_counts_again(trial: Any) -> None:
    children = await enrol(trial, 1)
    await judge(trial, children, "not_evaluable")
    assert (await trial.level())["places"] == {"open": 6}

    await judge(trial, children, "no_dlt")

    assert (await trial.level())["places"] == {"open": 5}
    await judge(trial, children, "not_evaluable")
    assert (await trial.level())["places"] == {"open": 6}
    await trial.board_matches_events()


async def test_a9_no_extra_slot_at_a_level_that_is_closed_nor_later_when_it_opens_again(trial: Any) -> None:
    children = await enrol(trial, 2)
    await trial.sponsor_says(trial.decision("decision-2", "close_level"))

    await judge(trial, children[:1], "not_evaluable")

    assert (await trial.level())["slots"] == []
    await trial.sponsor_says(trial.decision("decision-3", "reopen_level", places=2))
    assert (await trial.level())["places"] == {"open": 2}


async def test_a_late_dlt_below_closes_the_level_above(trial: Any) -> None:
    below = await enrol(trial, 3)
    await judge(trial, below, "no_dlt")
    await trial.sponsor_says(trial.decision("decision-2", level=2))
    assert (await trial.level(2))["state"] == "open"

    await judge(trial, below[:2], "dlt")

    assert ((await trial.level(1))["state"], (await trial.level(2))["state"]) == ("closed", "closed")
    closed = (await trial.running.published("enrolment.dose-level.closed.v1"))[-1]["body"]
    assert (closed["level"], closed["cause"], closed["rule_cell"]) == (
        2,
        "cohort_rule",
        "level 1: n=3 dlt=2 pending=0: close",
    )
    await trial.sponsor_says(trial.decision("decision-3", "reopen_level", level=2))
    assert (await trial.level(2))["state"] == "open"
    await trial.freshen()
    assert (await trial.level(2))["state"] == "open"  # people knew when they signed
    await judge(trial, below[2:], "dlt")
    assert (await trial.level(2))["state"] == "closed"  # one more DLT they did not know


async def test_a_rule_that_counts_another_part_closes_the_expansion(trial: Any) -> None:
    children = await enrol(trial, 2)
    counts = [{"part": "expansion", "level": 1}, {"part": "escalation", "level": 1}]
    rule = {
        "kind": "boundary",
        "source": {"text": "section 9"},
        "counts": counts,
        "max_evaluable": 12,
        "close_if_dlts_at_least": [[2, 2]],
    }
    await trial.sponsor_says(trial.decision("decision-2", "expand", part="expansion", places=3, rule=rule))
    assert (await trial.level(1, "expansion"))["places"] == {"open": 3}
    assert {slot["origin"] for slot in (await trial.level(1, "expansion"))["slots"]} == {"expansion"}

    await judge(trial, children, "dlt")

    assert (await trial.level(1, "expansion"))["state"] == "closed"


async def test_a_decision_whose_own_rule_closes_the_level_leaves_it_closed(trial: Any) -> None:
    children = await enrol(trial, 2)
    await judge(trial, children, "dlt")

    await trial.sponsor_says(trial.decision("decision-2", "reopen_level"))

    assert (await trial.level())["state"] == "closed"
    await trial.board_matches_events()


async def test_a_dlt_among_fifty_registrations_lets_none_commit_after_it(world: Any) -> None:
    trial = world
    rule = {
        "kind": "boundary",
        "source": {"text": "wide"},
        "counts": [{"part": "escalation", "level": 1}],
        "max_evaluable": 100,
        "close_if_dlts_at_least": [[0, 1]],
    }
    await trial.set_up(decide=False)
    await trial.sponsor_says(trial.decision("decision-1", places=51, rule=rule))
    (treated,) = await enrol(trial, 1)
    ready = []
    for number in range(50):
        site = ("012", "034", "056")[number % 3]
        screening_id = await trial.ready(site)
        ready.append((screening_id, await trial.reserve(screening_id, site), site))
    today = str((await trial.now()).date())
    answers: list[Any] = []
    under_way = asyncio.Event()

    async def site_desk() -> None:
        while ready:
            screening_id, slot_id, site = ready.pop()
            age = {"years": 13, "on": today}
            answers.append(await trial.register(screening_id, slot_id, site, age_statement=age))
            if len(answers) >= 10:
                under_way.set()

    async def toxicity() -> None:
        await under_way.wait()
        await judge(trial, [treated], "dlt")

    await asyncio.gather(toxicity(), *(site_desk() for _ in range(8)))

    statuses = [answer.status_code for answer in answers]
    assert 10 <= statuses.count(201) < 50
    assert set(statuses) == {201, 409}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"dose_level_closed"}
    order = [row[0] for row in await trial.rows("SELECT type FROM outbox ORDER BY seq")]
    closed = order.index("enrolment.dose-level.closed.v1")
    assert "enrolment.participant.registered.v1" not in order[closed:]
    assert order.count("enrolment.participant.registered.v1") == statuses.count(201) + 1


@pytest.mark.parametrize("matched", ["matched", "cleared"])
async def test_a_report_of_nobody_known_holds_every_level_until_it_is_settled(
    trial: Any, matched: str, codes_of: Any
) -> None:
    screening_id = await trial.ready()
    slot_id = await trial.reserve(screening_id)
    await trial.safety_says(trial.report("report-1"))

    answer = await trial.register(screening_id, slot_id)

    assert (answer.status_code, codes_of(answer)) == (409, ["cohort_hold", "slot_frozen"])
    assert "unmatched_report:report-1" in answer.json()["detail"]
    await trial.safety_says(trial.report("report-1", matched, amended=True))
    assert (await trial.register(screening_id, slot_id)).status_code == 201


async def test_a_report_that_matters_to_nobody_holds_nothing(trial: Any) -> None:
    screening_id = await trial.ready()
    slot_id = await trial.reserve(screening_id)

    await trial.safety_says(trial.report("report-1", holds=False))

    assert (await trial.register(screening_id, slot_id)).status_code == 201

"""Acceptance A4 and A5: halts."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from shared.clock import parse_instant

REGISTRATIONS = 50


async def test_a4_a_halt_before_the_registration_refuses_it_and_freezes_the_reservation(
    trial: Any, codes_of: Any
) -> None:
    screening_id = await trial.ready()
    reserved = (await trial.request(screening_id)).json()
    await trial.sponsor_says(trial.halt("halt-7"))

    answer = await trial.register(screening_id, reserved["slot_id"])

    assert (answer.status_code, answer.json()["code"]) == (409, "trial_halted")
    assert "halt-7" in answer.json()["detail"]
    assert codes_of(answer) == ["trial_halted", "slot_frozen"]
    kept = (await trial.investigator().get(f"/screenings/{screening_id}")).json()
    assert (kept["state"], len(kept["consents"]), kept["eligibility"]["delegated"]) == (
        "in_screening",
        1,
        True,
    )
    await trial.pass_time(timedelta(hours=100))
    await trial.sponsor_says(trial.lifted("halt-7"))
    await trial.safety_says()
    slot = next(one for one in (await trial.level())["slots"] if one["screening_number"])
    assert slot["state"] == "reserved"
    moved = parse_instant(slot["expires_at"]) - parse_instant(reserved["expires_at"])
    assert timedelta(hours=100) <= moved < timedelta(hours=101)
    await trial.board_matches_events()
    answer = await trial.register(screening_id, reserved["slot_id"])
    assert answer.status_code == 201, answer.text


async def test_a4_two_halts_must_both_be_lifted(trial: Any) -> None:
    screening_id = await trial.ready()
    slot_id = await trial.reserve(screening_id)
    await trial.sponsor_says(trial.halt("halt-1"), trial.halt("halt-2"))

    await trial.sponsor_says(trial.lifted("halt-1"))

    answer = await trial.register(screening_id, slot_id)
    assert answer.json()["code"] == "trial_halted"
    assert "halt-2" in answer.json()["detail"]
    assert (await trial.types()).count("slot.frozen") == 6  # once per slot, not once per halt
    await trial.board_matches_events()


async def test_a5_a_halt_of_recruitment_alone_lets_dosing_go_on(trial: Any) -> None:
    treated = await trial.enrol()
    waiting = await trial.ready()
    slot_id = await trial.reserve(waiting)

    await trial.sponsor_says(trial.halt(dosing=False))

    assert (await trial.register(waiting, slot_id)).json()["code"] == "trial_halted"
    assert (await trial.authorise(treated["participant_id"])).status_code == 201


async def test_a5_a_halt_of_dosing_alone_lets_registration_go_on(trial: Any) -> None:
    treated = await trial.enrol()
    waiting = await trial.ready()
    slot_id = await trial.reserve(waiting)

    await trial.sponsor_says(trial.halt(recruitment=False))

    answer = await trial.authorise(treated["participant_id"])
    assert (answer.status_code, answer.json()["code"]) == (409, "dosing_halted")
    assert (await trial.register(waiting, slot_id)).status_code == 201


async def test_a5_a_halt_of_one_site_leaves_the_others_alone(trial: Any) -> None:
    ready = {site: await trial.ready(site) for site in ("012", "034", "056")}
    slots = {site: await trial.reserve(ready[site], site) for site in ready}

    await trial.sponsor_says(trial.halt(site_number="034"))

    answers = {site: await trial.register(ready[site], slots[site], site) for site in ready}
    assert {site: answer.status_code for site, answer in answers.items()} == {
        "012": 201,
        "034": 409,
        "056": 201,
    }
    assert answers["034"].json()["code"] == "site_halted"
    refused = await trial.request((await trial.screen("034"))["screening_id"], "034")
    assert refused.json()["code"] == "site_halted"


@pytest.mark.parametrize(
    ("scope", "code"),
    [
        ({"part": "expansion"}, 201),
        ({"part": "escalation", "level": 2}, 201),
        ({"part": "escalation", "level": 1}, 409),
    ],
)
async def test_a_halt_covers_its_own_part_and_level_only(
    trial: Any, scope: dict[str, Any], code: int
) -> None:
    screening_id = await trial.ready()
    slot_id = await trial.reserve(screening_id)

    await trial.sponsor_says(trial.halt(**scope))

    assert (await trial.register(screening_id, slot_id)).status_code == code


async def test_a_registration_made_before_a_halt_was_heard_stands_and_is_flagged(trial: Any) -> None:
    registered = await trial.enrol()
    body, name = trial.halt()
    early = body.model_copy(update={"imposed_at": trial.started - timedelta(hours=1)})

    await trial.sponsor_says((early, name))

    shown = (await trial.manager.get(f"/participants/{registered['participant_id']}")).json()
    assert shown["participant"]["halts_seen_late"] == ["halt-1"]
    assert shown["participant"]["voided_at"] is None


async def test_a_pause_stops_registration_and_the_clock_of_reservations(trial: Any) -> None:
    from services.sponsor.events.published import TrialPausedV1

    screening_id = await trial.ready()
    slot_id = await trial.reserve(screening_id)
    paused = TrialPausedV1(trial_id=trial.trial_id, paused_at=trial.started, reason_code="review")

    await trial.sponsor_says((paused, trial.trial_id))

    answer = await trial.register(screening_id, slot_id)
    assert (answer.status_code, answer.json()["code"]) == (409, "trial_not_open")
    assert {slot["state"] for slot in (await trial.level())["slots"]} == {"frozen"}
    await trial.sponsor_says(trial.opened())
    assert (await trial.register(screening_id, slot_id)).status_code == 201
    await trial.board_matches_events()


async def test_a_halt_among_fifty_registrations_lets_none_commit_after_it(world: Any) -> None:
    trial = world
    wide = {
        "kind": "table",
        "source": {"design": "wide"},
        "counts": [{"part": "escalation", "level": 1}],
        "rows": [[n, 0, n, "same"] for n in range(REGISTRATIONS)],
    }
    await trial.set_up(decide=False)
    await trial.sponsor_says(trial.decision("decision-1", places=REGISTRATIONS, rule=wide))
    ready = []
    for number in range(REGISTRATIONS):
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

    async def halt() -> None:
        await under_way.wait()
        await trial.sponsor_says(trial.halt("halt-1"))

    await asyncio.gather(halt(), *(site_desk() for _ in range(8)))

    statuses = [answer.status_code for answer in answers]
    assert set(statuses) <= {201, 409}
    assert 10 <= statuses.count(201) < REGISTRATIONS
    refused = [answer.json()["code"] for answer in answers if answer.status_code == 409]
    assert set(refused) == {"trial_halted"}
    rows = await trial.rows("SELECT type FROM outbox ORDER BY seq")
    order = [row[0] for row in rows]
    first_frozen = order.index("enrolment.slot.frozen.v1")
    assert "enrolment.participant.registered.v1" not in order[first_frozen:]

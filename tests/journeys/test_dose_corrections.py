"""A first dose entered wrongly is corrected: window, counts and the decision that rests on them follow."""

from datetime import timedelta
from typing import Any

from deploy.trialops.demo.hospital import Registered
from shared.clock import format_instant, parse_instant
from tests.journeys.world import Trial, World

DAY = timedelta(days=1)
WINDOW_DAYS = 28
LAST_DOSE = 21 * DAY


async def verdict_of(trial: Trial, one: Registered) -> Any:
    path = f"/participants/{one.participant_id}/dlt-verdicts"
    return (await trial.officer.get("safety", path))["dlt_verdict"]


async def correct_first_dose(trial: Trial, one: Registered, later: timedelta) -> None:
    """The first dose was the last of the course, and the days before `later` had none."""
    investigator, path = trial.investigator(one.child.site), f"/participants/{one.participant_id}"
    first, *others = (await investigator.get("enrolment", path))["administrations"]
    body = {
        "administration": {"at": format_instant(one.first_dose_at + LAST_DOSE), "given": True},
        "reason_code": "wrong_time",
        "reason": "the drug chart has another day",
    }
    await investigator.post("enrolment", f"{path}/doses/{first['id']}/corrections", body)
    for dose in others:
        if parse_instant(dose["at"]) < one.first_dose_at + later:
            why = {"reason_code": "not_given", "reason": "the course began later"}
            await investigator.post("enrolment", f"{path}/doses/{dose['id']}/voidings", why)
    await trial.stage.quiet()


async def test_a_corrected_first_dose_moves_the_window_and_flags_the_decision(world: World) -> None:
    trial = await world.opened_trial()
    children = [await trial.dosed() for _ in range(3)]
    await trial.stage.move_to(children[-1].first_dose_at + (WINDOW_DAYS + 1) * DAY)
    for one in children:
        await trial.hospitals.record_doses(one, 2, 21)
    await trial.stage.quiet()
    before = await verdict_of(trial, children[-1])
    assert before["verdict"] == "no_dlt"
    await trial.office.decide("stratum-1", "open_level", 2, "opens the next level", places=6)
    decision = await decision_in_force(trial)
    assert (decision["state"], decision["first_doses_changed"]) == ("in_force", [])

    await correct_first_dose(trial, children[-1], 5 * DAY)

    after = await verdict_of(trial, children[-1])
    assert (after["verdict"], after["cause"]) == ("pending", "correction")
    assert parse_instant(after["closes_at"]) > parse_instant(before["closes_at"]) + 4 * DAY
    flagged = await trial.office.chair.get("sponsor", f"/decisions/{decision['decision_id']}")
    assert flagged["first_doses_changed"] == [children[-1].participant_id]
    assert (flagged["state"], flagged["ended"]["because"]) == ("superseded", "late_data")
    board = await trial.office.manager.get("enrolment", "/slot-board", trial=trial.office.code)
    slots = [slot for level in board["levels"] if level["level"] == 2 for slot in level["slots"]]
    assert {slot["state"] for slot in slots} == {"frozen"}
    check = await trial.stage.operator.get("enrolment", "/slot-board/verification", trial=trial.office.code)
    assert check["differences"] == []


async def decision_in_force(trial: Trial) -> Any:
    listed = await trial.office.chair.get("sponsor", "/decisions", trial=trial.office.trial_id)
    return next(one for one in listed["items"] if (one["level"], one["state"]) == (2, "in_force"))

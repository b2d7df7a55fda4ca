"""The sweep: nothing due costs nothing, frozen slots do not expire, and each trial is swept by itself."""

from datetime import timedelta
from typing import Any

from services.enrolment.timers.slot_expiry import SLOT_EXPIRY


async def test_a_sweep_with_nothing_due_does_nothing(trial: Any) -> None:
    await trial.reserve((await trial.screen())["screening_id"])
    types = await trial.types()

    await trial.running.run_timers()

    assert SLOT_EXPIRY.name == "slot-expiry"
    assert await trial.types() == types


async def test_a_frozen_reservation_does_not_expire(trial: Any) -> None:
    await trial.reserve((await trial.screen())["screening_id"])
    await trial.sponsor_says(trial.halt())

    await trial.pass_time(timedelta(days=30))

    assert "slot.expired" not in await trial.types()


async def test_everything_due_is_done_in_one_turn_in_every_trial(trial: Any) -> None:
    other = type(trial)(
        trial.running,
        trial_id="01993f6e-0000-7000-8000-0000000000e2",
        code="EP02",
        sponsor=trial.sponsor,
        safety=trial.safety,
    )
    await other.set_up(sites=("012",), decide=False)
    await other.sponsor_says(other.decision("decision-of-another"))
    for world in (trial, trial, other):
        await world.reserve((await world.screen())["screening_id"])

    await trial.pass_time(timedelta(hours=72))

    assert (await trial.types()).count("slot.expired") == 3
    assert (await trial.level())["places"] == {"open": 6}
    await trial.board_matches_events()
    await other.board_matches_events()


async def test_the_sweep_says_that_it_was_the_timer(trial: Any) -> None:
    await trial.reserve((await trial.screen())["screening_id"])

    await trial.pass_time(timedelta(hours=72))

    rows = await trial.rows("SELECT actor, actor_role FROM audit WHERE action = 'enrolment.slot.expired.v1'")
    assert [tuple(row) for row in rows] == [("service:enrolment", "timer")]

"""An event that one service cannot apply: its own trial waits, everything else flows, people put it right."""

from functools import partial
from typing import Any

import pytest

from deploy.trialops.calls import Refused
from shared.database import Sql
from shared.testing.stores import wait_until
from tests.journeys.world import Trial, World

# A fault of the store, as an operator's mistake makes it: nobody can be entered into enrolment's list of halts.
_BREAK = Sql(
    "ALTER TABLE halt_copy ADD CONSTRAINT planted CHECK (halt_id = '') NOT VALID",
    "CREATE TRIGGER planted BEFORE INSERT ON halt_copy BEGIN SELECT raise(ABORT, 'planted'); END",
)
_REPAIR = Sql("ALTER TABLE halt_copy DROP CONSTRAINT planted", "DROP TRIGGER planted")


async def parked_at_enrolment(trial: Trial) -> list[dict[str, Any]]:
    listed = await trial.stage.operator.get("enrolment", "/delivery/parked")
    return sorted(listed["items"], key=lambda one: one["sequence"])


async def both_wait(trial: Trial) -> bool:
    return [one["reason"] for one in await parked_at_enrolment(trial)] == ["handler_failed", "follower"]


async def officer_is_told(trial: Trial) -> bool:
    return [one["priority"] for one in await trial.alerts("unreadable_event")] == ["P1"]


async def test_a_halt_that_cannot_be_applied_stops_registration_until_operators_release_it(
    world: World,
) -> None:
    trial = await world.opened_trial()
    screened, slot_id = await trial.ready()
    store = world.service("enrolment").database
    await store.write(lambda tx: tx.fetch(_BREAK))

    halt_id = await trial.halt()
    await trial.lift(halt_id)

    await wait_until(partial(both_wait, trial), what="halt and lifting in waiting")
    with pytest.raises(Refused) as refusal:
        await trial.hospitals.register(screened, slot_id)
    assert (refusal.value.status, refusal.value.problem["reason"]) == (503, "event_parked")
    await wait_until(partial(officer_is_told, trial), what="the duty officer's alert")
    another = await trial.screened("002")  # what does not rest on the halt goes on
    assert await trial.hospitals.ask_for_place(another) is not None

    first = (await parked_at_enrolment(trial))[0]
    release = f"/delivery/parked/{first['id']}/releases"
    assert await trial.stage.operator.post("enrolment", release) == {"applied": 0}
    await store.write(lambda tx: tx.fetch(_REPAIR))
    assert await trial.stage.operator.post("enrolment", release) == {"applied": 2}

    assert await parked_at_enrolment(trial) == []
    await trial.stage.quiet()
    await trial.hospitals.register(screened, slot_id)
    assert await trial.registered() == 1
    assert len(await trial.alerts("unreadable_event")) == 1

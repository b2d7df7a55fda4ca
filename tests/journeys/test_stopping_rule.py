"""A crossed stopping rule: the next child is refused at once, and two people decide how it goes on."""

from deploy.trialops.demo.office import read_protocol
from shared.testing.stores import wait_until
from tests.journeys.trial_office import refused
from tests.journeys.world import CODE, ESCALATION, World

# Reached by the first toxicity, so that the cohort rule alone would go on.
RULE = {
    "id": "toxicity",
    "version": 1,
    "scope": {"part": ESCALATION.part},
    "event": {"kind": "dlt"},
    "boundary": {"kind": "table", "stops_at": [1, 2, 2, 3]},
    "action": "Hold recruitment until the committee has met.",
}


async def test_crossing_refuses_the_next_child_until_two_people_have_lifted_its_halt(world: World) -> None:
    trial = await world.opened_trial(protocol=read_protocol() | {"stopping_rules": [RULE]})
    treated = await trial.dosed()
    screened, slot_id = await trial.ready()
    await trial.stage.quiet()
    await world.installation.stop_intake("sponsor")

    await trial.hospitals.report_toxicity(treated)

    async def crossed() -> bool:
        listed = await trial.officer.get("safety", "/stopping-rule-crossings", trial=CODE)
        return bool(listed["items"])

    async def frozen() -> bool:
        return "enrolment.slot.frozen.v1" in [one["type"] for one in await world.published("enrolment")]

    await wait_until(crossed, what="the crossing")
    [crossing] = (await trial.officer.get("safety", "/stopping-rule-crossings", trial=CODE))["items"]
    assert (crossing["n"], crossing["events"]) == (1, 1)
    assert len(await trial.alerts("stopping_rule_crossed")) == 1
    await wait_until(frozen, what="the frozen place")
    held = await refused(trial.hospitals.register(screened, slot_id), 409, "trial_halted")
    assert crossing["crossing_id"] in held["detail"]

    await world.installation.start_intake("sponsor")
    await trial.stage.quiet()
    await trial.lift(crossing["crossing_id"])
    await trial.stage.quiet()

    await trial.hospitals.register(screened, slot_id)
    assert await trial.alerts("halt") == []
    shown = await trial.officer.get("safety", f"/stopping-rule-crossings/{crossing['crossing_id']}")
    assert shown["decided_at"] is not None

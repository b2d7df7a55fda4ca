"""Bad reports while the broker is cut: taken at once, matched when it is back, and each wakes somebody once."""

from collections import Counter
from random import Random
from typing import Any

import pytest

from shared.testing.stores import wait_until
from tests.journeys.conftest import ON_KAFKA, Make
from tests.journeys.world import CODE, Trial
from tests.safety.generated import generated_reports

SEED, CHILDREN, REPORTS = 20261122, 4, 60
MATCHED_WITHIN_SECONDS = 60.0


@pytest.mark.slow
@pytest.mark.parametrize("shape", [ON_KAFKA])
async def test_reports_sent_while_the_broker_was_cut_find_their_children_within_a_minute_of_its_return(
    shape: str, installation_in: Make
) -> None:
    async with installation_in(shape) as world:
        assert world.broker is not None
        trial = await world.wide_trial(places=CHILDREN + 2)
        ready = [await trial.ready("001") for _ in range(CHILDREN)]
        await trial.stage.quiet()

        await world.broker.stop()
        numbers = [(await trial.hospitals.register(*one)).number for one in ready]
        sent = await _sent(trial, numbers)
        during = await _states(trial)
        await world.broker.start()
        await world.broker.wait()
        theirs = {report_id for report_id, number in sent.items() if number in numbers}

        async def all_matched() -> bool:
            return {state for one, state in (await _states(trial)).items() if one in theirs} == {"matched"}

        await wait_until(all_matched, seconds=MATCHED_WITHIN_SECONDS, what="the matches")

        assert len(theirs) > REPORTS // 3
        assert {state for one, state in during.items() if one in sent} == {"unmatched"}
        causes = Counter(alert["cause_id"] for alert in await trial.alerts() if alert["kind"] != "dlt")
        assert {one: causes[one] for one in theirs} == dict.fromkeys(theirs, 1)


async def _sent(trial: Trial, numbers: list[str]) -> dict[str, str]:
    """Every report is taken; by id, the participant number that it names."""
    found: dict[str, str] = {}
    reporter = trial.stage.person("desk", "safety_officer:*:*")
    bad = generated_reports(Random(SEED), REPORTS, trial=CODE, numbers=numbers, now=trial.stage.now)
    for one in bad:
        receipt: dict[str, Any] = await reporter.post("safety", "/adverse-events", dict(one.body))
        found[str(receipt["report_id"])] = str(one.body["participant_number"]) if one.known else ""
    return found


async def _states(trial: Trial) -> dict[str, str]:
    """Whether each report of the trial has its participant."""
    page = await trial.officer.get("safety", "/adverse-events", trial=CODE, limit=200)
    return {one["report_id"]: one["matched"] for one in page["items"]}

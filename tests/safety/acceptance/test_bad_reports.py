"""Five hundred bad reports: every one is taken, and every one wakes somebody exactly once."""

from collections import Counter
from random import Random
from typing import Any

from tests.safety.generated import REPORTERS, Generated, generated_reports

SEED, REPORTS = 20261122, 500
NUMBERS = ["EP01-012-0017", "EP01-012-0025", "EP01-012-0033", "EP01-012-0041"]


async def _register(world: Any) -> None:
    """Participants who have not begun treatment: what happens to them is no dose-limiting toxicity."""
    told = [world.registered(f"participant-{n}", number) for n, number in enumerate(NUMBERS)]
    await world.tell(world.enrolment, *told)


async def _send(world: Any, rng: Random, one: Generated) -> str:
    name, grants = REPORTERS[rng.choice(sorted(REPORTERS))]
    answer = await world.running.person(name, *grants).post("/adverse-events", one.body, key=None)
    assert answer.status_code == 201, (one, answer.text)
    return str(answer.json()["report_id"])


async def test_five_hundred_bad_reports_are_all_taken_and_wake_somebody_once_each(world: Any) -> None:
    await _register(world)
    rng, now = Random(SEED), await world.now()
    bad = list(generated_reports(rng, REPORTS, trial="EP01", numbers=NUMBERS, now=now))

    sent = {await _send(world, rng, one): one for one in bad}
    await world.running.run_timers()

    assert len(sent) == REPORTS
    assert {one.wrong.split("+")[0] for one in bad} == {
        "another_site",
        "contradictory",
        "undated",
        "undelegated",
        "unmatched",
    }
    alerts = Counter(row[0] for row in await world.rows("SELECT cause_id FROM alert"))
    assert alerts == dict.fromkeys(sent, 1)
    matched = dict(await world.rows("SELECT id, matched FROM adverse_event"))
    assert {report_id: matched[report_id] for report_id in sent} == {
        report_id: "matched" if one.known else "unmatched" for report_id, one in sent.items()
    }


async def test_bad_reports_find_their_participants_when_these_become_known_and_wake_nobody_again(
    world: Any,
) -> None:
    rng, now = Random(SEED), await world.now()
    bad = [one for one in generated_reports(rng, 60, trial="EP01", numbers=NUMBERS, now=now) if one.known]
    sent = [await _send(world, rng, one) for one in bad]
    unmatched = await world.rows("SELECT count(*) FROM adverse_event WHERE matched = 'unmatched'")

    await _register(world)
    await world.running.run_timers()

    assert unmatched == [(len(sent),)]
    assert await world.rows("SELECT count(*) FROM adverse_event WHERE matched = 'unmatched'") == [(0,)]
    alerts = Counter(row[0] for row in await world.rows("SELECT cause_id FROM alert"))
    assert alerts == dict.fromkeys(sent, 1)


async def test_a_bad_report_that_is_a_toxicity_too_wakes_once_for_itself_and_once_for_the_verdict(
    world: Any,
) -> None:
    await world.treat()

    receipt = await world.reported(
        grade=5, term="Sepsis", outcome="recovered", causality=None, seriousness=["death"]
    )

    assert [(alert["kind"], alert["priority"]) for alert in receipt["alerts"]] == [
        ("death", "P1"),
        ("dlt", "P1"),
    ]

"""A crossed stopping rule is a halt here, in force at once, which two people lift."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.safety.events.published import StoppingRuleCrossedV1
from tests.sponsor.office import Office, created, shown

AT = datetime(2026, 10, 1, tzinfo=UTC)


def crossed(office: Office, part: str | None = "escalation", level: int | None = None) -> Any:
    body = StoppingRuleCrossedV1(
        trial_id=office.trial_id,
        crossing_id="crossing-1",
        rule_id="dlt-rate",
        rule_version=1,
        part=part,
        level=level,
        n=4,
        events=3,
        stops_at=3,
        pending=0,
        action="Stop recruitment.",
        crossed_at=AT,
    )
    return office.network.safety.event(body, aggregate_id="crossing-1", scope=office.trial_id)


@pytest.mark.parametrize(("part", "level"), [("escalation", None), ("escalation", 1), (None, None)])
async def test_a_crossing_halts_recruitment_where_its_rule_counts(
    office: Office, part: str | None, level: int | None
) -> None:
    await office.network.hear(crossed(office, part, level))

    [halt] = shown(await office.manager.get("/halts", trial=office.trial_id))["items"]
    assert (halt["halt_id"], halt["state"], halt["reason_code"]) == (
        "crossing-1",
        "in_force",
        "stopping_rule_crossed",
    )
    assert halt["scope"] == {
        "part": part,
        "level": level,
        "site_number": None,
        "recruitment": True,
        "dosing": False,
    }
    [event] = await office.running.published("sponsor.halt.imposed.v1")
    assert event["body"]["halt_id"] == "crossing-1"


async def test_a_crossing_told_twice_is_one_halt(office: Office) -> None:
    record = crossed(office)
    await office.network.hear(record)
    await office.network.hear(record)

    assert len(await office.running.published("sponsor.halt.imposed.v1")) == 1


async def test_two_people_lift_the_halt_of_a_crossing(office: Office) -> None:
    await office.network.hear(crossed(office))
    path = "/halts/crossing-1"

    created(await office.chair.post(f"{path}/plans", {"plan": "Treatment goes on."}))
    asked = {"reason": "Reviewed by the committee.", "evidence_id": "minutes-3"}
    created(await office.monitor.post(f"{path}/lift-requests", asked))
    lifted = created(await office.chair.post(f"{path}/lift-approvals"))

    assert lifted["state"] == "lifted"
    [event] = await office.running.published("sponsor.halt.lifted.v1")
    assert event["body"]["halt_id"] == "crossing-1"

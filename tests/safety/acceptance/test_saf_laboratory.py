"""Acceptance checks SAF-13 and SAF-14: grades that do not fit, and grades of laboratory values."""

from datetime import timedelta
from typing import Any

import pytest

NEUTROPHILS = {"term": "Neutrophil count decreased", "grade": None, "causality": "possible"}


@pytest.fixture
def six(protocol_with: Any) -> Any:
    """A protocol that pins CTCAE 6.0."""
    document = protocol_with(ctcae="6.0+2026-01-20")
    document["dlt"]["dlt_definition"]["ctcae"] = "6.0+2026-01-20"
    return document


async def content_of(world: Any, report_id: str) -> dict[str, Any]:
    shown = (await world.officer.get(f"/adverse-events/{report_id}")).json()
    content: dict[str, Any] = shown["versions"][-1]["content"]
    return content


async def graded(world: Any, **result: Any) -> tuple[dict[str, Any], list[str]]:
    """The laboratory part of a nurse's report of a low neutrophil count, and what is asked about it."""
    receipt = await world.reported(**NEUTROPHILS, laboratory=[result], by=world.nurse)
    [entry] = (await content_of(world, receipt["report_id"]))["laboratory"]
    return entry, [query["code"] for query in receipt["queries"]]


async def test_saf_13_a_second_grade_5_is_a_warning_that_blocks_nothing(world: Any) -> None:
    await world.treat()
    today = (await world.now()).date().isoformat()
    death = {"term": "Sepsis", "grade": 5, "outcome": "fatal", "seriousness": ["death"], "death_on": today}
    await world.reported(**death, by=world.officer)

    second = await world.reported(**death, by=world.officer)

    assert "second_grade_5" in [query["code"] for query in second["queries"]]
    assert "death" in [alert["kind"] for alert in second["alerts"]]
    shown = (await world.officer.get(f"/adverse-events/{second['report_id']}")).json()
    assert shown["versions"][0]["conclusion"]["submission_blocked"] is False


async def test_saf_13_a_grade_5_without_a_date_of_death_is_saved_and_its_alert_sent(world: Any) -> None:
    await world.treat()

    receipt = await world.reported(
        term="Sepsis", grade=5, outcome="fatal", seriousness=["death"], by=world.officer
    )

    assert "death" in [alert["kind"] for alert in receipt["alerts"]]
    assert "grade_5_without_death_date" in [query["code"] for query in receipt["queries"]]


async def test_saf_14_a_neutrophil_count_of_0_3_is_grade_4_under_version_5(world: Any) -> None:
    await world.treat()

    entry, asked = await graded(world, value="0.3", unit="10^9/L")

    assert (entry["grade"], entry["dictionary"]) == (4, "5.0+0")
    assert entry["cell"] == "Neutrophil count decreased, Grade 4"
    assert "laboratory_grade_to_be_confirmed" in asked


async def test_saf_14_a_neutrophil_count_of_0_3_is_grade_3_under_version_6(
    quiet_world: Any, six: Any
) -> None:
    await quiet_world.open_trial(six)
    await quiet_world.treat()

    entry, _ = await graded(quiet_world, value=0.3, unit="10^9/L")

    assert (entry["grade"], entry["dictionary"]) == (3, "6.0+2026-01-20")


async def test_saf_14_below_a_high_limit_a_count_of_1_6_is_grade_1_under_version_5(world: Any) -> None:
    await world.treat()

    entry, _ = await graded(world, value="1.6", unit="10^9/L", lln="2")

    assert entry["grade"] == 1


async def test_saf_14_below_a_high_limit_a_count_of_1_6_is_grade_0_under_version_6(
    quiet_world: Any, six: Any
) -> None:
    await quiet_world.open_trial(six)
    await quiet_world.treat()

    entry, _ = await graded(quiet_world, value="1.6", unit="10^9/L", lln="2")

    assert entry["grade"] == 0


async def test_saf_14_without_a_unit_there_is_no_grade_and_a_question(world: Any) -> None:
    await world.treat()

    entry, asked = await graded(world, value="0.3")

    assert (entry["grade"], entry["reason"], entry["value"]) == (None, "unit_missing", "0.3")
    assert {"laboratory_not_graded", "grade_missing"} <= set(asked)


async def test_saf_14_a_proposed_grade_is_a_provisional_dlt_until_the_investigator_confirms_it(
    world: Any,
) -> None:
    await world.treat()
    receipt = await world.reported(**NEUTROPHILS, laboratory=[{"value": "0.3", "unit": "10^9/L"}])
    await world.move(await world.now() + timedelta(days=6))
    await world.running.run_timers()

    proposed = await world.verdict()
    answer = await world.investigator.post(
        f"/adverse-events/{receipt['report_id']}/confirmations", {"grades": True}
    )
    confirmed = await world.verdict()

    assert (proposed["verdict"], proposed["provisional"]) == ("pending", "dlt")
    assert "dlt" in [alert["kind"] for alert in await world.alerts()]
    assert answer.status_code == 201
    assert confirmed["verdict"] == "dlt"
    assert confirmed["criteria"] == ["anc-long"]

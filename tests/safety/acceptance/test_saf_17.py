"""SAF-17: those who left treatment or data collection, and what comes years later at a closed site."""

from datetime import timedelta
from typing import Any

MALIGNANCY = {
    "term": "Treatment related secondary malignancy",
    "grade": 4,
    "seriousness": ["medically_important"],
    "causality": "possible",
}


async def _owed(world: Any, report_id: str) -> list[dict[str, Any]]:
    shown = (await world.officer.get(f"/adverse-events/{report_id}/follow-up")).json()
    found: list[dict[str, Any]] = shown["obligations"]
    return found


async def test_saf_17_a_serious_event_learned_twenty_days_after_the_last_dose_is_taken_and_its_clock_runs(
    world: Any,
) -> None:
    at = await world.treat()
    await world.tell(world.enrolment, world.ended("participant_choice", at=at))
    await world.move(at + timedelta(days=20))

    receipt = await world.reported(seriousness=["hospitalisation"], causality="probable", term="Sepsis")

    assert (receipt["matched"], [one["kind"] for one in receipt["alerts"]]) == (
        "matched",
        ["serious_adverse_event"],
    )
    assert receipt["site_due_at"] is not None
    assert [one["state"] for one in await _owed(world, receipt["report_id"])] == ["open"]


async def test_saf_17_after_a_withdrawal_from_data_collection_the_statutory_record_is_kept(
    world: Any,
) -> None:
    at = await world.treat()
    before = await world.reported(narrative="told before the withdrawal")
    stopped = {"treatment": "stopped", "data_from_routine_records": "stopped"}
    await world.tell(world.enrolment, world.participation(stopped, at=at))

    serious = await world.reported(seriousness=["death"], by=world.officer)

    assert (serious["matched"], serious["alerts"][0]["kind"]) == ("matched", "death")
    kept = (await world.officer.get(f"/adverse-events/{before['report_id']}")).json()
    assert kept["versions"][0]["narrative"] == "told before the withdrawal"


async def test_saf_17_a_second_malignancy_at_month_fifty_is_taken_and_judged_as_a_susar(world: Any) -> None:
    at = await world.treat()
    await world.tell(world.enrolment, world.ended("completed", at=at + timedelta(days=30)))
    await world.tell(world.sponsor, world.delegation_ended())
    await world.move(at + timedelta(days=50 * 30 + 20))

    receipt = await world.reported(by=world.investigator, **MALIGNANCY)
    late = await world.nurse.post(
        "/special-reports",
        {
            "kind": "late_effect",
            "trial": "EP01",
            "participant_number": "EP01-012-0017",
            "watched": "second_malignancy",
            "began_on": (await world.today()).isoformat(),
        },
    )
    link = await world.officer.post(
        f"/adverse-events/{receipt['report_id']}/links",
        {"to": late.json()["special_report_id"], "relation": "late_effect_of"},
    )

    assert receipt["matched"] == "matched"
    assert "delegation_ended" in receipt["flags"]
    shown = (await world.officer.get(f"/adverse-events/{receipt['report_id']}/follow-up")).json()
    assert [one["event_class"] for one in shown["classes"]] == ["SUSAR"]
    assert [one["state"] for one in shown["obligations"]] == ["open"]
    assert [(one["kind"], one["priority"]) for one in late.json()["alerts"]] == [("late_effect", "P1")]
    assert link.status_code == 201, link.text

from typing import Any

import pytest

NUMBER = "EP01-012-0017"
PREGNANCY = {"kind": "pregnancy", "whose": "participant", "known_on": "2026-10-01", "outcome": "ongoing"}
ERROR = {
    "kind": "medication_error",
    "error": "wrong_dose",
    "happened_on": "2026-10-01",
    "reached": True,
    "harm": "none",
}
CRS = {"kind": "syndrome", "scale": "crs", "began_on": "2026-10-01"}
LATE = {"kind": "late_effect", "watched": "second_malignancy", "began_on": "2026-10-01"}


async def _post(world: Any, stated: dict[str, Any], by: Any = None) -> dict[str, Any]:
    body = {"trial": "EP01", "participant_number": NUMBER, "site_number": "012"} | stated
    answer = await (by or world.nurse).post("/special-reports", body, key=None)
    assert answer.status_code == 201, answer.text
    receipt: dict[str, Any] = answer.json()
    return receipt


async def _amend(world: Any, report_id: str, **facts: Any) -> Any:
    return await world.nurse.post(f"/special-reports/{report_id}/amendments", facts)


def _kinds(receipt: dict[str, Any]) -> list[tuple[str, str]]:
    return [(alert["kind"], alert["priority"]) for alert in receipt["alerts"]]


async def test_a_pregnancy_is_followed_to_its_outcome_and_an_abnormal_one_is_serious(world: Any) -> None:
    await world.treat()

    begun = await _post(world, PREGNANCY)
    facts = {name: value for name, value in PREGNANCY.items() if name != "kind"}
    ended = await _amend(
        world, begun["special_report_id"], **facts | {"outcome": "congenital_anomaly", "reason": "born"}
    )

    assert (begun["open"], begun["queries"], _kinds(begun)) == (True, [], [("special_report", "P2")])
    assert ended.status_code == 201, ended.text
    assert ended.json()["changed"] == ["outcome"]
    assert (ended.json()["open"], ended.json()["adverse_event_needed"]) == (False, True)
    assert _kinds(ended.json()) == [("serious_adverse_event", "P2")]
    shown = (await world.officer.get(f"/special-reports/{begun['special_report_id']}")).json()
    assert [version["facts"]["outcome"] for version in shown["versions"]] == ["ongoing", "congenital_anomaly"]
    assert shown["versions"][1]["reason"] == "born"


async def test_a_partners_pregnancy_asks_for_the_partners_consent(world: Any) -> None:
    await world.treat()

    receipt = await _post(world, PREGNANCY | {"whose": "partner"})

    assert receipt["queries"] == ["partner_consent_missing"]


@pytest.mark.parametrize(
    ("stated", "alerts", "needed"),
    [
        ({}, [("special_report", "P2")], False),
        ({"harm": "serious"}, [("serious_adverse_event", "P2")], True),
        ({"harm": "not_serious"}, [("special_report", "P2")], True),
        ({"reached": False}, [], False),
    ],
)
async def test_a_medication_error_wakes_by_what_it_did(
    world: Any, stated: dict[str, Any], alerts: list[Any], needed: bool
) -> None:
    await world.treat()

    receipt = await _post(world, ERROR | stated)

    assert (_kinds(receipt), receipt["adverse_event_needed"]) == (alerts, needed)


@pytest.mark.parametrize(
    ("findings", "grade"),
    [
        ({"fever": "present"}, 1),
        ({"fever": "treated", "hypotension": "no_vasopressor"}, 2),
        ({"fever": "present", "hypoxia": "low_flow", "hypotension": "one_vasopressor"}, 3),
        ({"fever": "present", "hypoxia": "positive_pressure"}, 4),
        ({"hypotension": "several_vasopressors"}, None),
        ({"fever": "present", "hypoxia": "a lot"}, None),
        ({}, None),
    ],
)
async def test_a_cytokine_release_syndrome_is_graded_by_its_own_table(
    world: Any, findings: dict[str, str], grade: int | None
) -> None:
    await world.treat()

    receipt = await _post(world, CRS | {"findings": findings})

    assert receipt["grade"] == grade
    urgent = ("life_threatening", "P1") if grade == 4 else ("special_report", "P2")
    assert _kinds(receipt) == [urgent]


async def test_a_stated_grade_that_the_findings_do_not_give_is_asked_about_and_the_worse_one_wakes(
    world: Any,
) -> None:
    await world.treat()

    receipt = await _post(world, CRS | {"findings": {"fever": "present"}, "grade": 4})

    assert receipt["queries"] == ["adverse_event_missing", "grade_differs_from_findings"]
    assert (receipt["grade"], _kinds(receipt)) == (1, [("life_threatening", "P1")])


async def test_a_hit_on_the_watch_list_is_urgent_however_late(world: Any) -> None:
    at = await world.treat()
    await world.move(at.replace(year=at.year + 4))

    receipt = await _post(world, LATE)

    assert _kinds(receipt) == [("late_effect", "P1")]
    assert receipt["adverse_event_needed"] is True


async def test_whatever_is_missing_is_taken_and_asked(world: Any) -> None:
    for kind in ("pregnancy", "medication_error", "syndrome", "late_effect"):
        receipt = await _post(world, {"kind": kind, "participant_number": "typo"}, by=world.officer)

        assert "participant_unmatched" in receipt["queries"]
        assert len(receipt["queries"]) > 2


async def test_a_change_needs_a_reason_and_a_change(world: Any) -> None:
    await world.treat()
    report_id = (await _post(world, ERROR))["special_report_id"]
    facts = {name: value for name, value in ERROR.items() if name != "kind"}

    silent = await _amend(world, report_id, **facts | {"harm": "serious", "reason": " "})
    same = await _amend(world, report_id, **facts | {"reason": "again"})

    assert (silent.status_code, silent.json()["code"]) == (422, "reason_required")
    assert (same.status_code, same.json()["code"]) == (409, "nothing_changed")

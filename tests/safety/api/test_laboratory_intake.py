"""Laboratory results of a report: whatever can be read is kept, graded if it can be, and never a reason to refuse."""

from typing import Any

import pytest

ANC = {"term": "Neutrophil count decreased", "grade": None}


async def entries_of(world: Any, *results: dict[str, Any], **stated: Any) -> list[dict[str, Any]]:
    receipt = await world.reported(**(ANC | stated), laboratory=list(results))
    shown = (await world.officer.get(f"/adverse-events/{receipt['report_id']}")).json()
    entries: list[dict[str, Any]] = shown["versions"][-1]["content"]["laboratory"]
    return entries


@pytest.mark.parametrize(
    ("value", "kept"),
    [(0.3, "0.3"), ("0.30", "0.30"), (1e-7, "0.0000001"), (0, "0"), (123456789.5, "123456789.5")],
)
async def test_a_number_is_kept_as_the_decimal_that_was_written(world: Any, value: Any, kept: str) -> None:
    await world.treat()

    [entry] = await entries_of(world, {"value": value, "unit": "10^9/L", "lln": "2"})

    assert entry["value"] == kept
    assert entry["grade"] is not None


@pytest.mark.parametrize("value", [1e308, "<0.1", "many", "-3", "١", "0.3 ", "\u0000"])
async def test_an_odd_value_is_taken_in_with_its_words(world: Any, value: Any) -> None:
    await world.treat()

    [entry] = await entries_of(
        world, {"value": value, "unit": "10^9/L", "lln": "x" * 5_000, "on": "2026-02-30"}
    )

    assert entry["reason"] in ("value_missing", None)
    assert entry["on"] == "2026-02-30"


async def test_each_result_of_a_course_gets_a_grade_of_its_day(world: Any) -> None:
    await world.treat()
    today = (await world.now()).date().isoformat()
    unit = {"unit": "10^9/L", "lln": "2.0"}

    entries = await entries_of(
        world, {"value": "0.4", **unit}, {"value": "2.5", "on": today, **unit}, onset=today
    )

    assert [entry["grade"] for entry in entries] == [4, 0]


async def test_ionised_calcium_is_graded_by_its_own_numbers(world: Any) -> None:
    await world.treat()

    [entry] = await entries_of(
        world,
        {"analyte": "Hypocalcemia (Ionized)", "value": "0.85", "unit": "mmol/L"},
        term="Hypocalcemia",
    )

    assert (entry["grade"], entry["cell"]) == (3, "Hypocalcemia, Grade 3")


@pytest.mark.parametrize(
    "result",
    [{"value": True}, {"value": ["0.3"]}, {"value": "0.3", "colour": "red"}, {"fasting": "yes"}, "0.3"],
)
async def test_a_field_of_another_type_is_refused_with_its_path(world: Any, result: Any) -> None:
    await world.treat()

    answer = await world.report(**ANC, laboratory=[result])

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"].startswith("laboratory.0")


async def test_a_result_alone_is_a_report(world: Any) -> None:
    await world.treat()
    bare = {"trial": "EP01", "participant_number": "EP01-012-0017", "laboratory": [{"value": "0.3"}]}

    answer = await world.nurse.post("/adverse-events", bare)

    assert answer.status_code == 201

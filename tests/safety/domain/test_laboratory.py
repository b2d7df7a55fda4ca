"""A laboratory value is graded by the pinned CTCAE, or the answer names what is missing; nothing is guessed."""

from decimal import Decimal
from typing import Any

import pytest

from services.safety.domain.laboratory import (
    LaboratoryGrade,
    LaboratoryResult,
    NotGradable,
    grade_laboratory,
)
from services.safety.domain.laboratory_rules import Position
from services.safety.domain.laboratory_units import unit_name
from services.safety.store.laboratory_rules import laboratory_rules_for

ANC = "Neutrophil count decreased"
ALT = "Alanine aminotransferase increased"
ALP = "Alkaline phosphatase increased"
CREATININE = "Creatinine increased"


def graded(ctcae: str, name: str, value: str | None, unit: str = "", **stated: Any) -> LaboratoryGrade:
    rules = laboratory_rules_for(ctcae)
    analyte = rules.find(name)
    assert analyte is not None
    numbers: dict[str, Any] = {
        key: one if isinstance(one, bool | Position) else Decimal(one) for key, one in stated.items()
    }
    number = None if value is None else Decimal(value)
    return grade_laboratory(rules, analyte, LaboratoryResult(value=number, unit=unit, **numbers))


def grade(*asked: Any, **stated: Any) -> int | str | None:
    """The grade, or the reason why there is none."""
    found = graded(*asked, **stated)
    assert (found.grade is None) == (found.reason is not None) == (not found.candidates)
    return found.grade if found.reason is None else found.reason.value


def test_a_neutrophil_count_of_0_3_is_grade_4_in_version_5_and_grade_3_in_version_6() -> None:
    assert grade("5.0", ANC, "0.3", "10^9/L") == 4
    assert grade("6.0", ANC, "0.3", "10^9/L") == 3


def test_a_neutrophil_count_below_a_high_lower_limit_is_grade_1_in_version_5_alone() -> None:
    assert grade("5.0", ANC, "1.6", "10^9/L", lln="2") == 1
    assert grade("6.0", ANC, "1.6", "10^9/L", lln="2") == 0


@pytest.mark.parametrize("ctcae", ["5.0", "6.0"])
def test_a_count_without_unit_has_no_grade(ctcae: str) -> None:
    assert grade(ctcae, ANC, "0.3") == "unit_missing"


def test_what_is_missing_is_named_in_a_fixed_order() -> None:
    assert [reason.value for reason in NotGradable] == [
        "value_missing",
        "unit_missing",
        "unit_not_accepted",
        "limit_missing",
        "baseline_missing",
        "needs_a_person",
    ]
    assert grade("5.0", ANC, None) == "value_missing"
    assert grade("5.0", ANC, "5") == "unit_missing"
    assert grade("5.0", ANC, "5", "g/L") == "unit_not_accepted"
    assert grade("5.0", ANC, "5", "10^9/L") == "limit_missing"
    assert grade("5.0", ALT, "100") == "limit_missing"
    assert grade("5.0", ALT, "100", uln="40") == "baseline_missing"


@pytest.mark.parametrize(
    ("value", "expected"), [("1.6", "limit_missing"), ("1.4", 2), ("0.9", 3), ("0.4", 4)]
)
def test_without_the_limit_the_grades_of_printed_numbers_still_apply(value: str, expected: int | str) -> None:
    assert grade("5.0", ANC, value, "10^9/L") == expected


@pytest.mark.parametrize(
    ("value", "unit"),
    [
        *[
            ("0.3", unit)
            for unit in ("10^9/L", "10^9/l", " 10^9 / L ", "x10^9/L", "10e9/L", "10⁹/L", "× 10^9/L")
        ],
        *[("0.3", unit) for unit in ("10^3/uL", "10^3/µL", "10^3/μL", "10^3/mm3", "10^3/mm^3", "10³/mm³")],
        *[("300", unit) for unit in ("/mm3", "1/uL", "/uL", "cells/mm3", "10^3/mL", "1/mm³", "10^6/L")],
    ],
)
def test_equal_spellings_of_a_unit_give_the_same_grade(value: str, unit: str) -> None:
    assert grade("5.0", ANC, value, unit) == 4
    assert grade("6.0", ANC, value, unit) == 3


@pytest.mark.parametrize(
    "unit", ["g/L", "1000/uL", "10^12/L", "K/uL", "%", "mmol/L", "10^9", "L", "x" * 5000]
)
def test_a_unit_that_is_not_printed_or_listed_is_never_converted(unit: str) -> None:
    assert grade("5.0", ANC, "0.3", unit) == "unit_not_accepted"


@pytest.mark.parametrize(
    ("name", "value", "unit", "expected"),
    [
        ("Anemia", "9.9", "g/dL", 2),
        ("Anemia", "6.1", "mmol/L", 2),
        ("Anemia", "99", "g/L", 2),
        ("Anemia", "9.9", "mg/dL", "unit_not_accepted"),
        ("Hypocalcemia", "7.9", "mg/dL", 2),
        ("Hypocalcemia (Ionized)", "3.9", "mg/dL", 2),
        ("Hypocalcemia (Ionized)", "0.95", "mmol/L", 2),
        ("Hyperkalemia", "5.6", "mEq/L", "unit_not_accepted"),
        ("Fibrinogen decreased", "49", "mg/dL", 4),
        ("CD4 lymphocytes decreased", "49", "1/uL", 4),
    ],
)
def test_a_us_unit_is_compared_with_the_us_number(
    name: str, value: str, unit: str, expected: int | str
) -> None:
    assert grade("5.0", name, value, unit) == expected


def test_multiples_of_a_limit_ignore_the_unit() -> None:
    assert {grade("6.0", "Lipase increased", "100", unit, uln="60") for unit in ("", "U/L", "ukat/L")} == {2}


def test_a_number_without_unit_takes_its_own_names_and_no_others() -> None:
    assert grade("6.0", "Acidosis", "7.2", "pH") == 3
    assert grade("6.0", "Acidosis", "40", "nmol/L") == "unit_not_accepted"
    assert grade("6.0", "INR increased", "2.6", "ratio") == 3


def test_where_the_baseline_lies_follows_from_the_limits_or_is_stated() -> None:
    assert grade("5.0", ALT, "130", uln="40", baseline="20") == 2
    assert grade("5.0", ALT, "130", uln="40", baseline="60") == 1
    assert grade("5.0", ALT, "130", uln="40", baseline_position=Position.NORMAL) == 2
    assert grade("5.0", ALT, "130", uln="40", baseline="20", baseline_position=Position.HIGH) == 3
    assert grade("5.0", ALT, "130", uln="40", baseline_position=Position.HIGH) == "baseline_missing"


def test_version_6_grades_a_low_baseline_like_a_normal_one_and_version_5_asks_a_person() -> None:
    assert grade("6.0", ALT, "130", lln="5", uln="40", baseline="3") == 2
    assert grade("5.0", ALT, "130", lln="5", uln="40", baseline="3") == "needs_a_person"


def test_a_normal_value_needs_no_baseline_where_no_baseline_could_change_it() -> None:
    assert grade("6.0", ALT, "40", uln="40") == 0
    assert grade("6.0", ALP, "100", uln="120") == 0


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("250", 1),
        ("375", 1),
        ("376", 2),
        ("500", 2),
        ("501", "needs_a_person"),
        ("1000", "needs_a_person"),
        ("1001", 4),
    ],
)
def test_alt_over_a_baseline_above_five_times_the_limit_has_no_grade_3(
    value: str, expected: int | str
) -> None:
    assert grade("6.0", ALT, value, uln="40", baseline="250") == expected


def test_alt_over_a_baseline_of_exactly_five_times_the_limit_has_one() -> None:
    assert grade("6.0", ALT, "401", uln="40", baseline="200") == 3


def test_creatinine_clearance_below_10_is_for_a_person() -> None:
    found = graded("6.0", "Creatinine clearance decreased", "9.9", "mL/min")

    assert found.reason is NotGradable.NEEDS_A_PERSON
    assert "kidney" in found.sentence


def test_creatinine_of_version_5_takes_the_worse_of_baseline_and_limit() -> None:
    assert grade("5.0", CREATININE, "1.2", uln="1.0") == 1
    assert grade("5.0", CREATININE, "1.2", uln="1.0", baseline="0.5") == 2
    assert grade("5.0", CREATININE, "1.2", uln="1.0", baseline="0.3") == 3
    assert grade("5.0", CREATININE, "1.2", baseline="0.3") == 3
    assert grade("5.0", CREATININE, "0.4", baseline="0.3") == "limit_missing"


def test_creatinine_of_version_6_takes_the_baseline_only_when_it_was_low() -> None:
    assert grade("6.0", CREATININE, "1.2", uln="1.0", lln="0.5", baseline="0.6") == 1
    assert grade("6.0", CREATININE, "1.2", uln="1.0", lln="0.5", baseline="0.4") == 2
    assert grade("6.0", CREATININE, "1.6", uln="1.0", baseline_position=Position.LOW) == "baseline_missing"
    assert grade("6.0", CREATININE, "7", uln="1.0", baseline_position=Position.LOW) == 4


def test_alkaline_phosphatase_of_version_6_is_above_both_baseline_and_limit() -> None:
    assert grade("6.0", ALP, "130", uln="120", baseline="100") == 1
    assert grade("6.0", ALP, "130", uln="120", baseline="130") == 0
    assert grade("6.0", ALP, "119", uln="120", baseline="100") == 0
    assert grade("6.0", ALP, "130", uln="120") == "baseline_missing"


def test_hemoglobin_rises_above_the_limit_or_in_version_5_above_a_baseline_that_was_over_it() -> None:
    assert grade("5.0", "Hemoglobin increased", "185", "g/L", uln="160", baseline="150") == 2
    assert grade("5.0", "Hemoglobin increased", "185", "g/L", uln="160", baseline="170") == 1
    assert grade("5.0", "Hemoglobin increased", "185", "g/L", uln="160") == 2
    assert grade("6.0", "Hemoglobin increased", "185", "g/L", uln="160", baseline="170") == 2


@pytest.mark.parametrize(
    ("fall_to", "expected"), [("4.6", 0), ("1.9", 1), ("1.4", 2), ("1.25", 4), ("0.49", 4)]
)
def test_a_fall_of_fibrinogen_counts_only_once_the_value_is_abnormal(fall_to: str, expected: int) -> None:
    found = grade("6.0", "Fibrinogen decreased", fall_to, "g/L", lln="2", baseline="5")

    assert found == (3 if fall_to in ("1.9", "1.4") else expected)


def test_fibrinogen_needs_its_unit_unless_the_limit_alone_gives_the_highest_grade() -> None:
    assert grade("6.0", "Fibrinogen decreased", "1.4", lln="2") == "unit_missing"
    assert grade("6.0", "Fibrinogen decreased", "0.4", lln="2") == 4


@pytest.mark.parametrize(
    ("ctcae", "name", "value", "stated", "candidates"),
    [
        ("5.0", "Lipase increased", "130", {"uln": "60"}, (2, 3)),
        ("6.0", "Lipase increased", "130", {"uln": "60"}, (2,)),
        ("6.0", "Lipase increased", "190", {"uln": "60"}, (2, 3)),
        ("6.0", "Serum amylase increased", "310", {"uln": "60"}, (3, 4)),
        ("6.0", "Hyperuricemia", "0.5", {"uln": "0.4"}, (1, 3)),
        ("6.0", "Hypokalemia", "3.2", {"unit": "mmol/L", "lln": "3.5"}, (1, 2)),
        ("5.0", "Hyponatremia", "129.5", {"unit": "mmol/L"}, (2, 3)),
        ("5.0", "Hyponatremia", "124.5", {"unit": "mmol/L"}, (3,)),
        ("6.0", "INR increased", "2.4", {}, (2,)),
        ("6.0", "INR increased", "2.4", {"baseline": "2.0"}, (1, 2)),
        ("6.0", "INR increased", "1.1", {"baseline": "1.0"}, (0, 1)),
        ("6.0", "INR increased", "1.0", {}, (0,)),
    ],
)
def test_where_symptoms_or_treatment_decide_every_candidate_is_shown_and_the_highest_proposed(
    ctcae: str, name: str, value: str, stated: dict[str, str], candidates: tuple[int, ...]
) -> None:
    found = graded(ctcae, name, value, stated.pop("unit", ""), **stated)

    assert found.candidates == candidates
    assert found.grade == candidates[-1]


def test_the_lower_grades_of_glucose_are_for_a_fasting_sample() -> None:
    name, fasting = "Hyperglycemia", "Hyperglycemia (Fasting)"

    assert grade("6.0", name, "10", "mmol/L", uln="6") == 0
    assert grade("6.0", name, "10", "mmol/L", uln="6", fasting=True) == 2
    assert grade("6.0", fasting, "10", "mmol/L", uln="6") == 2
    assert grade("6.0", fasting, "10", "mmol/L", uln="6", fasting=False) == 0
    assert grade("6.0", name, "14", "mmol/L", fasting=False) == 3


def test_the_answer_names_dictionary_cell_and_reason_in_words() -> None:
    found = graded(
        "6.0",
        "THROMBOCYTOPENIA",
        "9.99",
        "10^9/L",
    )

    assert found.dictionary == "6.0+2026-01-20"
    assert found.term == "Thrombocytopenia"
    assert found.cell == "Thrombocytopenia, Grade 4"
    assert found.sentence == "Grade 4: 9.99 10^9/L is below 10 10^9/L."
    assert graded("5.0", "Hypocalcemia (Ionized)", "0.7", "mmol/L").term == "Hypocalcemia"


def test_numbers_are_compared_as_entered_to_the_last_digit() -> None:
    limit = "0." + "9" * 39

    assert grade("5.0", ANC, limit, "10^9/L") == 3
    assert grade("5.0", ANC, "1." + "0" * 38 + "1", "10^9/L") == 2
    assert grade("6.0", "Lipase increased", "1.5" + "0" * 36 + "1", uln="1") == 2
    assert grade("6.0", "Lipase increased", "1.5" + "0" * 37, uln="1") == 1
    assert grade("6.0", "Hemoglobin increased", "1e99", "g/L", uln="1e-99") == 3


def test_a_multiple_of_a_long_number_is_exact() -> None:
    uln, multiple = "1." + "0" * 37 + "2", "1.5" + "0" * 36 + "3"

    assert grade("6.0", "Lipase increased", multiple, uln=uln) == 1
    assert grade("6.0", "Lipase increased", multiple[:-1] + "4", uln=uln) == 2


def test_a_limit_or_baseline_of_zero_is_none() -> None:
    assert grade("6.0", "Lipase increased", "1", uln="0") == "limit_missing"
    assert grade("5.0", CREATININE, "1.2", uln="1.0", baseline="0") == 1


def test_a_unit_has_one_name_in_all_its_spellings() -> None:
    assert unit_name("") == unit_name("  ") == ""
    assert unit_name("MG/DL") == unit_name("mg/dL")
    assert unit_name("10^9/L") != unit_name("10^6/L")
    assert unit_name("100/L") == "100/l"

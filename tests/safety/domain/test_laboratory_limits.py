"""Every row of the laboratory criteria at, just below and just above each of its limits.

The table is written from CTCAE's cells anew, in the notation of the cells; the rule files are not read here.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from services.safety.domain.laboratory import LaboratoryResult, grade_laboratory
from services.safety.domain.laboratory_rules import Position
from services.safety.store.laboratory_rules import laboratory_rules_for


class Row(NamedTuple):
    """One row: `limits` from mild to severe, each with the grade just beyond it; `at` where the limit itself belongs.

    A low row's value falls below its limits, a high row's rises above them. What lies before the first limit is
    `before`.
    """

    versions: str
    name: str
    direction: str
    limits: tuple[tuple[str, int], ...]
    unit: str = ""
    stated: tuple[tuple[str, Any], ...] = ()
    first_included: bool = False
    before: int = 0


def low(versions: str, name: str, unit: str, lln: str | None, *limits: tuple[str, int]) -> Row:
    first = () if lln is None else ((lln, 1),)
    stated = () if lln is None else (("lln", Decimal(lln)),)
    return Row(versions, name, "low", (*first, *limits), unit, stated)


def high(versions: str, name: str, unit: str, uln: str | None, *limits: tuple[str, int]) -> Row:
    first = () if uln is None else ((uln, 1),)
    stated = () if uln is None else (("uln", Decimal(uln)),)
    return Row(versions, name, "high", (*first, *limits), unit, stated)


def by_limit(versions: str, name: str, *limits: tuple[str, int]) -> Row:
    """Multiples of an upper limit of 1, with a normal baseline."""
    stated = (("uln", Decimal(1)), ("baseline_position", Position.NORMAL))
    return Row(versions, name, "high", limits, "", stated)


def by_baseline(versions: str, name: str, *limits: tuple[str, int], included: bool = False) -> Row:
    """Multiples of a baseline of 1 that was above an upper limit of 0.9."""
    stated = (("uln", Decimal("0.9")), ("baseline", Decimal(1)))
    return Row(versions, name, "high", limits, "", stated, first_included=included)


def count(versions: str, name: str, lln: str | None, *limits: tuple[str, int]) -> Iterator[Row]:
    yield low(versions, name, "10^9/L", lln, *limits)
    thousandfold = tuple((str(Decimal(limit) * 1000), grade) for limit, grade in limits)
    yield low(versions, name, "/mm3", None if lln is None else str(Decimal(lln) * 1000), *thousandfold)


LIVER = ("Alanine aminotransferase increased", "Aspartate aminotransferase increased")
ROWS = [
    low("56", "Anemia", "g/L", "120", ("100", 2), ("80", 3)),
    low("56", "Anemia", "g/dL", "12.0", ("10.0", 2), ("8.0", 3)),
    low("56", "Anemia", "mmol/L", "7.4", ("6.2", 2), ("4.9", 3)),
    *count("56", "White blood cell decreased", "4.0", ("3.0", 2), ("2.0", 3), ("1.0", 4)),
    *count("5", "Neutrophil count decreased", "2.0", ("1.5", 2), ("1.0", 3), ("0.5", 4)),
    *count("6", "Neutrophil count decreased", None, ("1.5", 1), ("1.0", 2), ("0.5", 3), ("0.1", 4)),
    *count("5", "Lymphocyte count decreased", "1.0", ("0.8", 2), ("0.5", 3), ("0.2", 4)),
    *count("56", "CD4 lymphocytes decreased", "0.6", ("0.5", 2), ("0.2", 3), ("0.05", 4)),
    *count("5", "Platelet count decreased", "150", ("75", 2), ("50", 3), ("25", 4)),
    *count("6", "Thrombocytopenia", "150", ("75", 2), ("50", 3), ("10", 4)),
    high("56", "Lymphocyte count increased", "10^9/L", None, ("4", 2), ("20", 3)),
    high("56", "Lymphocyte count increased", "/mm3", None, ("4000", 2), ("20000", 3)),
    high("56", "Leukocytosis", "10^9/L", None, ("100", 3)),
    high("56", "Leukocytosis", "/mm3", None, ("100000", 3)),
    *[by_limit("56", name, ("1", 1), ("3", 2), ("5", 3), ("20", 4)) for name in LIVER],
    *[by_baseline("5", name, ("1.5", 1), ("3", 2), ("5", 3), ("20", 4), included=True) for name in LIVER],
    *[by_baseline("6", name, ("1", 1), ("1.5", 2), ("2", 3), ("4", 4), included=True) for name in LIVER],
    by_limit("56", "Blood bilirubin increased", ("1", 1), ("1.5", 2), ("3", 3), ("10", 4)),
    by_baseline("5", "Blood bilirubin increased", ("1", 1), ("1.5", 2), ("3", 3), ("10", 4)),
    by_baseline("6", "Blood bilirubin increased", ("1", 1), ("1.5", 2), ("2.5", 3), ("10", 4), included=True),
    by_limit("56", "GGT increased", ("1", 1), ("2.5", 2), ("5", 3), ("20", 4)),
    by_baseline("5", "GGT increased", ("2", 1), ("2.5", 2), ("5", 3), ("20", 4), included=True),
    by_baseline("6", "GGT increased", ("1", 1), ("1.5", 2), ("3", 3), ("10", 4), included=True),
    by_limit("5", "Alkaline phosphatase increased", ("1", 1), ("2.5", 2), ("5", 3), ("20", 4)),
    by_baseline(
        "5", "Alkaline phosphatase increased", ("2", 1), ("2.5", 2), ("5", 3), ("20", 4), included=True
    ),
    by_baseline("6", "Alkaline phosphatase increased", ("1", 1)),
    Row(
        "6",
        "Alkaline phosphatase increased",
        "high",
        (("1", 1),),
        "",
        (("uln", Decimal(1)), ("baseline", Decimal("0.9"))),
    ),
    by_limit("56", "Creatinine increased", ("1", 1), ("1.5", 2), ("3", 3), ("6", 4)),
    Row(
        "5",
        "Creatinine increased",
        "high",
        (("1.5", 2), ("3", 3)),
        "",
        (("uln", Decimal(100)), ("baseline", Decimal(1))),
    ),
    Row(
        "6",
        "Creatinine increased",
        "high",
        (("1.5", 2), ("3", 3)),
        "",
        (("uln", Decimal(100)), ("lln", Decimal(2)), ("baseline", Decimal(1))),
    ),
    by_limit("5", "CPK increased", ("1", 1), ("2.5", 2), ("5", 3), ("10", 4)),
    by_limit("5", "Lipase increased", ("1", 1), ("1.5", 2), ("2", 3), ("5", 4)),
    by_limit("6", "Lipase increased", ("1", 1), ("1.5", 2), ("3", 3), ("5", 4)),
    by_limit("56", "Serum amylase increased", ("1", 1), ("1.5", 2), ("2", 3), ("5", 4)),
    by_limit("56", "Activated partial thromboplastin time prolonged", ("1", 1), ("1.5", 2), ("2.5", 3)),
    high("56", "INR increased", "", None, ("1.2", 1), ("1.5", 2), ("2.5", 3)),
    Row(
        "56",
        "INR increased",
        "high",
        (("0.1", 1), ("0.15", 2), ("0.25", 3)),
        "",
        (("baseline", Decimal("0.1")),),
    ),
    Row(
        "56",
        "Fibrinogen decreased",
        "low",
        (("10", 1), ("7.5", 2), ("5", 3), ("2.5", 4)),
        "g/L",
        (("lln", Decimal(10)),),
    ),
    Row("56", "Fibrinogen decreased", "low", (("0.5", 4),), "g/L", (("lln", Decimal("0.1")),)),
    Row("56", "Fibrinogen decreased", "low", (("50", 4),), "mg/dL", (("lln", Decimal("0.1")),)),
    Row(
        "56",
        "Fibrinogen decreased",
        "low",
        (("75", 2), ("50", 3), ("25", 4)),
        "g/L",
        (("lln", Decimal(76)), ("baseline", Decimal(100))),
        first_included=True,
        before=1,
    ),
    high("56", "Hemoglobin increased", "g/L", "160", ("180", 2), ("200", 3)),
    high("56", "Hemoglobin increased", "g/dL", "16", ("18", 2), ("20", 3)),
    Row(
        "5",
        "Hemoglobin increased",
        "high",
        (("170", 1), ("190", 2), ("210", 3)),
        "g/L",
        (("uln", Decimal(160)), ("baseline", Decimal(170))),
    ),
    low("56", "Hypoalbuminemia", "g/L", "35", ("30", 2), ("20", 3)),
    low("56", "Hypoalbuminemia", "g/dL", "3.5", ("3", 2), ("2", 3)),
    high("56", "Hypercalcemia", "mmol/L", "2.6", ("2.9", 2), ("3.1", 3), ("3.4", 4)),
    high("56", "Hypercalcemia", "mg/dL", "10.5", ("11.5", 2), ("12.5", 3), ("13.5", 4)),
    high("56", "Hypercalcemia (Ionized)", "mmol/L", "1.3", ("1.5", 2), ("1.6", 3), ("1.8", 4)),
    high("56", "Hypercalcemia (Ionized)", "mg/dL", "5.2", ("6.0", 2), ("6.4", 3), ("7.2", 4)),
    low("56", "Hypocalcemia", "mmol/L", "2.2", ("2.0", 2), ("1.75", 3), ("1.5", 4)),
    low("56", "Hypocalcemia", "mg/dL", "8.8", ("8.0", 2), ("7.0", 3), ("6.0", 4)),
    low("56", "Hypocalcemia (Ionized)", "mmol/L", "1.1", ("1.0", 2), ("0.9", 3), ("0.8", 4)),
    low("56", "Hypocalcemia (Ionized)", "mg/dL", "4.4", ("4.0", 2), ("3.6", 3), ("3.2", 4)),
    high("56", "Hyperkalemia", "mmol/L", "5.0", ("5.5", 2), ("6.0", 3), ("7.0", 4)),
    Row(
        "56", "Hypokalemia", "low", (("3.5", 2), ("3.0", 3), ("2.5", 4)), "mmol/L", (("lln", Decimal("3.5")),)
    ),
    high("56", "Hypernatremia", "mmol/L", "145", ("150", 2), ("155", 3), ("160", 4)),
    low("56", "Hyponatremia", "mmol/L", "135", ("130", 3), ("125", 3), ("120", 4)),
    high("56", "Hypermagnesemia", "mmol/L", "1.0", ("1.23", 3), ("3.30", 4)),
    high("56", "Hypermagnesemia", "mg/dL", "2.4", ("3.0", 3), ("8.0", 4)),
    low("56", "Hypomagnesemia", "mmol/L", "0.7", ("0.5", 2), ("0.4", 3), ("0.3", 4)),
    low("56", "Hypomagnesemia", "mg/dL", "1.7", ("1.2", 2), ("0.9", 3), ("0.7", 4)),
    high("6", "Hyperglycemia (Fasting)", "mmol/L", "6.0", ("8.9", 2), ("13.9", 3), ("27.8", 4)),
    high("6", "Hyperglycemia (Fasting)", "mg/dL", "110", ("160", 2), ("250", 3), ("500", 4)),
    high("6", "Hyperglycemia", "mmol/L", None, ("13.9", 3), ("27.8", 4)),
    high("6", "Hyperglycemia", "mg/dL", None, ("250", 3), ("500", 4)),
    low("56", "Hypoglycemia", "mmol/L", "3.9", ("3.0", 2), ("2.2", 3), ("1.7", 4)),
    low("56", "Hypoglycemia", "mg/dL", "70", ("55", 2), ("40", 3), ("30", 4)),
    Row(
        "56",
        "Hypertriglyceridemia",
        "high",
        (("1.71", 1), ("3.42", 2), ("5.7", 3), ("11.4", 4)),
        "mmol/L",
        first_included=True,
    ),
    Row(
        "56",
        "Hypertriglyceridemia",
        "high",
        (("150", 1), ("300", 2), ("500", 3), ("1000", 4)),
        "mg/dL",
        first_included=True,
    ),
    high("56", "Cholesterol high", "mmol/L", "5.2", ("7.75", 2), ("10.34", 3), ("12.92", 4)),
    high("56", "Cholesterol high", "mg/dL", "200", ("300", 2), ("400", 3), ("500", 4)),
    Row("56", "Hyperuricemia", "high", (("0.4", 3),), "", (("uln", Decimal("0.4")),)),
    low("56", "Haptoglobin decreased", "", "0.3"),
    high("56", "Blood lactate dehydrogenase increased", "", "250"),
    low("6", "HDL decreased", "", "1.0"),
    high("6", "LDL increased", "", "3.4"),
    low("56", "Acidosis", "", "7.35", ("7.3", 3)),
    high("56", "Alkalosis", "", "7.45", ("7.5", 3)),
]
A_LITTLE = Decimal("0.000001")


def asked_of(row: Row) -> Iterator[tuple[Decimal, int]]:
    """Values and their grades: each limit, and a little to both of its sides."""
    sign = -1 if row.direction == "low" else 1
    grade_before = row.before
    for place, (text, grade) in enumerate(row.limits):
        limit = Decimal(text)
        included = row.first_included and (place == 0 or row.before == 1)
        yield limit - sign * A_LITTLE, grade_before
        yield limit, grade if included else grade_before
        yield limit + sign * A_LITTLE, grade
        grade_before = grade


@pytest.mark.parametrize(
    ("ctcae", "row"),
    [(f"{version}.0", row) for row in ROWS for version in row.versions],
    ids=lambda one: one if isinstance(one, str) else f"{one.name} {one.unit} {one.limits[0][0]}".strip(),
)
def test_grades_at_just_below_and_just_above_each_limit(ctcae: str, row: Row) -> None:
    rules = laboratory_rules_for(ctcae)
    analyte = rules.find(row.name)
    assert analyte is not None

    for value, expected in asked_of(row):
        result = LaboratoryResult(value=value, unit=row.unit, **dict(row.stated))
        assert grade_laboratory(rules, analyte, result).grade == expected, value


@pytest.mark.parametrize(
    ("value", "grade"),
    [("49.000001", 0), ("49", 2), ("25.000001", 2), ("25", 3), ("10", 3), ("9.999999", None)],
)
def test_creatinine_clearance_has_a_grade_from_49_down_to_10(value: str, grade: int | None) -> None:
    rules = laboratory_rules_for("6.0")
    analyte = rules.find("Creatinine clearance decreased")
    assert analyte is not None

    found = grade_laboratory(rules, analyte, LaboratoryResult(value=Decimal(value), unit="mL/min"))

    assert found.grade == grade


def test_the_table_has_a_row_for_every_criterion_and_unit_of_the_rule_files() -> None:
    for version in "56":
        rules = laboratory_rules_for(f"{version}.0")
        written = {(row.name.casefold()) for row in ROWS if version in row.versions}

        assert set(rules.analytes) - written <= {"creatinine clearance decreased"}

"""Our grades beside those of an independent implementation, wherever CTCAE is unambiguous.

Where the two differ, docs/laboratory-grading.md names the case and the words of CTCAE that decide; a difference that
is not named there fails, and so does a name without a difference.
"""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from services.safety.domain.laboratory import (
    LaboratoryGrade,
    LaboratoryResult,
    NotGradable,
    grade_laboratory,
)
from services.safety.domain.laboratory_result import position_of
from services.safety.domain.laboratory_rules import Position
from services.safety.store.laboratory_rules import laboratory_rules_for
from tests.oracles import ROOT, oracle
from tests.safety.domain.third_party_criteria import numbers_in, their_grade

DOCUMENT = ROOT / "docs" / "laboratory-grading.md"
A_LITTLE = Fraction(1, 1_000_000)
BY_BASELINE = (
    "Alanine aminotransferase increased",
    "Aspartate aminotransferase increased",
    "Alkaline phosphatase increased",
    "Blood bilirubin increased",
    "GGT increased",
)


class Asked(NamedTuple):
    """One question put to both, and the two answers."""

    version: str
    term: str
    result: LaboratoryResult
    ours: LaboratoryGrade
    theirs: int | None


def criteria(version: str, suffix: str) -> list[dict[str, Any]]:
    name = f"ncictcaev{version}{suffix}.json"
    path = oracle("labgrading", name, not_checked="laboratory grades were not compared with it")
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return found


def surroundings(numbers: set[Fraction]) -> Iterator[dict[str, Fraction | None]]:
    """Limits inside and outside the absolute numbers, and baselines in every position, each also missing."""
    largest = max(numbers, default=Fraction(1))
    ranges = [(Fraction(40), Fraction(60)), (largest / 8, largest / 4)]
    for lln, uln in [*ranges, (None, None)]:
        middle = Fraction(50) if lln is None or uln is None else (lln + uln) / 2
        low, high = (lln or Fraction(40)) / 2, (uln or Fraction(60)) * 3 / 2
        for baseline in (None, middle, low, high, high * 4):
            yield {"lln": lln, "uln": uln, "baseline": baseline}


def values(numbers: set[Fraction], around: dict[str, Fraction | None], *, by_fall: bool) -> set[Fraction]:
    """Every number and its multiples of the limits and the baseline, with a little to both sides."""
    anchors = {anchor for anchor in around.values() if anchor is not None}
    limits = {number * anchor for number, anchor in product(numbers | {Fraction(1)}, anchors)}
    limits |= numbers | {anchor + number for number, anchor in product(numbers, anchors)}
    if by_fall:
        limits |= {anchor * (100 - number) / 100 for number, anchor in product(numbers, anchors)}
    return {value for limit in limits for value in (limit - A_LITTLE, limit, limit + A_LITTLE) if value >= 0}


def decimal(number: Fraction | None) -> Decimal | None:
    return None if number is None else Decimal(number.numerator) / Decimal(number.denominator)


def asked(version: str, suffix: str) -> Iterator[Asked]:
    rules = laboratory_rules_for(f"{version}.0")
    for one in criteria(version, suffix):
        analyte = rules.find(one["TERM"])
        assert analyte is not None, one["TERM"]
        numbers = numbers_in(one)
        for around in surroundings(numbers):
            for value in values(numbers, around, by_fall="PCHG" in one["VAR_CHECK"]):
                entered: dict[str, Any] = {name: decimal(number) for name, number in around.items()}
                result = LaboratoryResult(value=decimal(value), unit=one.get("UNIT_CHECK") or "", **entered)
                ours = grade_laboratory(rules, analyte, result)
                yield Asked(version, analyte.name, result, ours, their_grade(one, variables(result)))


def variables(result: LaboratoryResult) -> dict[str, Fraction | str | None]:
    def exact(number: Decimal | None) -> Fraction | None:
        return None if number is None else Fraction(number)

    value, baseline = exact(result.value), exact(result.baseline)
    assert value is not None
    position = position_of(result)
    return {
        "AVAL": value,
        "ANRLO": exact(result.lln),
        "ANRHI": exact(result.uln),
        "BASE": baseline,
        "BNRIND": None if position is None else position.value,
        "PCHG": None if not baseline else (value - baseline) / baseline * 100,
    }


def exception(one: Asked) -> str:
    """The name of the case in the document, or an empty text for a difference that nothing explains."""
    value, baseline, position = one.result.value, one.result.baseline, position_of(one.result)
    assert value is not None
    branches = one.term in BY_BASELINE and not (one.version == "6" and one.term.startswith("Alkaline"))
    if one.term == "Hypertriglyceridemia" and (one.ours.grade, one.theirs) == (1, 0):
        return "triglycerides-at-the-first-number" if value in (Decimal("1.71"), Decimal(150)) else ""
    if branches and position is None and one.ours.reason is NotGradable.BASELINE_MISSING:
        return "baseline-not-stated"
    if branches and one.version == "5" and position is Position.LOW:
        return "low-baseline" if one.ours.reason is NotGradable.NEEDS_A_PERSON else ""
    if one.term == "GGT increased" and one.version == "5" and baseline is not None and value == 2 * baseline:
        return "ggt-at-twice-the-baseline" if (one.ours.grade, one.theirs) == (1, 0) else ""
    if one.version == "6" and one.ours.reason is NotGradable.NEEDS_A_PERSON and one.theirs == 3:
        return "very-high-baseline" if one.term in BY_BASELINE[:2] else ""
    if one.term == "INR increased" and baseline is None and (one.ours.grade, one.theirs) == (0, None):
        return "inr-without-baseline"
    if one.term == "Hemoglobin increased" and one.version == "5" and position is Position.HIGH:
        return "hemoglobin-over-a-high-baseline"
    if one.term.startswith("Alkaline") and one.ours.reason is NotGradable.LIMIT_MISSING and one.theirs == 0:
        return "alkaline-phosphatase-without-limit"
    if one.term == "Hyponatremia" and one.version == "5" and 129 < value < 130:
        return "sodium-between-whole-numbers" if one.ours.grade == 3 and one.theirs in (0, 1, None) else ""
    return ""


def stated_exceptions(version: str) -> set[str]:
    rows = re.findall(r"^\| `([a-z-]+)` \| ([56, ]+) \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    return {name for name, versions in rows if version in versions}


@pytest.mark.oracle
@pytest.mark.parametrize("version", ["5", "6"])
def test_grades_equal_the_third_partys_but_for_the_cases_that_are_stated(version: str) -> None:
    questions = 0
    met: set[str] = set()

    for suffix in ("", "_uscv"):
        for one in asked(version, suffix):
            questions += 1
            if one.ours.grade != one.theirs:
                name = exception(one)
                assert name, one
                met.add(name)

    assert questions > 20_000
    assert met == stated_exceptions(version)


@pytest.mark.oracle
@pytest.mark.parametrize("version", ["5", "6"])
def test_every_term_and_unit_of_the_third_party_is_ours_too(version: str) -> None:
    rules = laboratory_rules_for(f"{version}.0")

    theirs = [one for suffix in ("", "_uscv") for one in criteria(version, suffix)]

    assert {one["TERM"].casefold() for one in theirs} == set(rules.analytes)
    for one in theirs:
        analyte = rules.find(one["TERM"])
        assert analyte is not None
        assert analyte.term in one["TERM"]


def test_the_document_is_read() -> None:
    assert Path(DOCUMENT).exists()
    assert stated_exceptions("5")
    assert stated_exceptions("6")

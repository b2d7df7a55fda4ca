"""The numbers of the laboratory rules stand in CTCAE's own cells, read from the official workbook."""

import csv
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

import pytest
from openpyxl import load_workbook

from services.safety.domain.laboratory_rules import Anchor, Step
from services.safety.store.dictionaries import dictionary_for
from services.safety.store.laboratory_rules import laboratory_rules_for
from tests.oracles import oracle

Cells = Mapping[tuple[str, int], str]
NOT_CHECKED = "the numbers of the laboratory rules were not compared with CTCAE's cells"
READ_OTHERWISE = {
    ("5.0", "Hyponatremia", Decimal(130)),  # printed as the whole number before it, 129
}


def cells(ctcae: str) -> Cells:
    return _of_version_5() if ctcae == "5.0" else _of_version_6()


def _of_version_5() -> Cells:
    path = oracle("ctcae", "ctcae-v5.0-terms.csv", not_checked=NOT_CHECKED)
    with path.open(encoding="utf-8", newline="") as file:
        return {
            (row["term"], grade): row[f"grade_{grade}"]
            for row in csv.DictReader(file)
            for grade in range(1, 6)
        }


def _of_version_6() -> Cells:
    path = oracle("ctcae", "ctcae-v6.0.xlsx", not_checked=NOT_CHECKED)
    sheet = load_workbook(path, read_only=True)["CTCAE v6.0 Clean Copy"]
    rows = [[str(value or "") for value in row] for row in sheet.iter_rows(values_only=True)]
    return {(row[2].strip(), grade): row[2 + grade] for row in rows[1:] for grade in range(1, 6)}


def numbers(text: str) -> set[Decimal]:
    return {Decimal(found.replace(",", "")) for found in re.findall(r"[0-9][0-9,]*(?:\.[0-9]+)?", text)}


def numbers_of(step: Step) -> Iterator[set[Decimal]]:
    """The numbers of each comparison, in any of its units; none for a limit itself."""
    for comparison in step.comparisons:
        threshold = comparison.threshold
        if threshold.anchor is Anchor.BASELINE and step.if_baseline_given and threshold.times < 1:
            yield {(1 - threshold.times) * 100}  # a fall, printed in percent
        elif threshold.times != 1:
            yield {threshold.times}
        elif any(threshold.absolute.values()):
            yield set(threshold.absolute.values())


@pytest.mark.oracle
@pytest.mark.parametrize("ctcae", ["5.0", "6.0"])
def test_every_number_of_a_criterion_is_printed_in_its_cell(ctcae: str) -> None:
    printed, compared = cells(ctcae), 0

    for analyte in laboratory_rules_for(ctcae).analytes.values():
        for step in (step for scale in analyte.scales for step in scale if not step.needs_a_person):
            for grade in step.grades:
                held = numbers(printed[analyte.term, grade])
                for stated in numbers_of(step):
                    compared += 1
                    otherwise = {(ctcae, analyte.term, number) for number in stated} & READ_OTHERWISE
                    ionised = analyte.name.endswith("(Ionized)")
                    assert stated & held or otherwise, (analyte.name, grade, stated)
                    assert stated <= held or len(stated) > 1 or otherwise or ionised

    assert compared > 100


@pytest.mark.parametrize("ctcae", ["5.0", "6.0"])
def test_every_term_is_one_of_the_dictionary_and_every_grade_one_of_the_term(ctcae: str) -> None:
    rules, dictionary = laboratory_rules_for(ctcae), dictionary_for(ctcae)

    assert rules.dictionary == dictionary.pinned
    for analyte in rules.analytes.values():
        term = dictionary.find(analyte.term)
        assert term is not None, analyte.term
        steps = [step for scale in analyte.scales for step in scale if not step.needs_a_person]
        assert {grade for step in steps for grade in step.grades} <= term.grades

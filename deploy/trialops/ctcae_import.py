"""From the workbook to the texts of two dictionaries, compared with the facts that ship."""

import csv
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path

from deploy.trialops.calculators.invalid import InputInvalid
from deploy.trialops.ctcae_workbook import FIELD, Erratum, Table, Workbook, stated
from services.safety.domain import ctcae
from services.safety.domain.ctcae_texts import DictionaryTexts, TermTexts, build_texts

SHIPPED = {"5.0": "5.0+0", "6.0": "6.0+2026-01-20"}
BEFORE = "5.0"
_DICTIONARIES = Path(ctcae.__file__).parents[1] / "dictionaries"
_CHANGES = {
    "No change": "none",
    "Clarification": "clarification",
    "Deletion": "deletion",
    "SOC change": "soc",
    "SOC change, Clarification": "soc+clarification",
}
_ELEMENTS = {"Definition": "definition", "Navigational Note": "note"} | {
    f"Grade {grade}": str(grade) for grade in range(1, 6)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What a workbook gave.

    Attributes:
        texts: of the version itself and of the one before, which the mapping sheet repeats.
        changes: rows of the mapping by kind of change.
        errata: how many cells changed after publication.
        errata_applied: how many of them the clean copy did not have yet.
    """

    texts: tuple[DictionaryTexts, ...]
    changes: Mapping[str, int]
    errata: int
    errata_applied: int


def import_workbook(workbook: Workbook) -> Imported:
    """The texts, errata included.

    Raises:
        InputInvalid: terms, grades or mapping are not those of the dictionaries that ship.
    """
    terms = [_term(workbook.clean, row) for row in workbook.clean.rows if workbook.clean.cell(row, "term")]
    corrected, applied = _with_errata(terms, workbook.errata)
    patch = max((one.on for one in workbook.errata), default="") or _patch_of(corrected)
    now = build_texts(f"{workbook.version}+{patch}", workbook.sha256, corrected)
    before = build_texts(SHIPPED[BEFORE], workbook.sha256, _terms_before(workbook.mapping))
    for texts in (now, before):
        _require_shipped_facts(texts)
    _require_shipped_mapping(workbook.mapping)
    changes = Counter(_CHANGES[workbook.mapping.cell(row, "change")] for row in workbook.mapping.rows)
    return Imported(
        texts=(now, before), changes=dict(changes), errata=len(workbook.errata), errata_applied=applied
    )


def _term(clean: Table, row: tuple[str, ...]) -> TermTexts:
    grades = {grade: stated(clean.cell(row, f"grade_{grade}")) for grade in range(1, 6)}
    return TermTexts(
        term=clean.cell(row, "term"),
        soc=clean.cell(row, "soc"),
        definition=stated(clean.cell(row, "definition")),
        note=stated(clean.cell(row, "note")),
        grades={grade: text for grade, text in grades.items() if text},
    )


def _patch_of(terms: list[TermTexts]) -> str:
    """The patch of a copy without a sheet of errata: the known one if every cell has it, else 0."""
    by_name = {one.term: one for one in terms}
    with (_DICTIONARIES / "ctcae-6.0-errata.csv").open(encoding="utf-8", newline="") as rows:
        errata = list(csv.DictReader(rows))
    corrected = all(_has(by_name.get(row["term"]), row["element"], row["sha256"]) for row in errata)
    return max(row["patch"] for row in errata) if corrected else "0"


def _has(term: TermTexts | None, element: str, digest: str) -> bool:
    text = None if term is None else _element(term, element)
    return text is not None and sha256(text.encode()).hexdigest() == digest


def _with_errata(terms: list[TermTexts], errata: Iterable[Erratum]) -> tuple[list[TermTexts], int]:
    """The terms with every erratum, and how many were not in them yet."""
    by_name = {one.term: one for one in terms}
    applied = 0
    for erratum in errata:
        term, element = by_name.get(erratum.term), _ELEMENTS.get(erratum.element, "")
        held = None if term is None else _element(term, element)
        if term is None or held not in (erratum.before, erratum.after):
            raise _differs(f"An erratum of {erratum.term!r} fits neither the cell before nor after it.")
        if held != erratum.after:
            by_name[erratum.term] = _replaced(term, element, erratum.after)
            applied += 1
    return list(by_name.values()), applied


def _element(term: TermTexts, element: str) -> str | None:
    if element.isdigit():
        return term.grades.get(int(element))
    return {"definition": term.definition, "note": term.note}.get(element)


def _replaced(term: TermTexts, element: str, text: str) -> TermTexts:
    if element.isdigit():
        return replace(term, grades={**term.grades, int(element): text})
    return replace(term, definition=text) if element == "definition" else replace(term, note=text)


def _terms_before(mapping: Table) -> list[TermTexts]:
    found: dict[str, TermTexts] = {}
    for row in mapping.rows:
        name, element = mapping.cell(row, "term"), _ELEMENTS.get(mapping.cell(row, "element"))
        if element is None:
            raise _differs(f"A row of the mapping is about an unknown element of {name!r}.")
        soc = mapping.cell(row, "soc")
        term = found.setdefault(name, TermTexts(term=name, soc=soc, definition="", note="", grades={}))
        found[name] = _replaced(term, element, mapping.cell(row, "text"))
    return list(found.values())


def _require_shipped_facts(texts: DictionaryTexts) -> None:
    """Terms, system organ classes and grades must be those of the shipped dictionary of this version."""
    version = texts.pinned.partition("+")[0]
    if version not in SHIPPED:
        raise _differs(f"CTCAE {version} is no version that ships.")
    theirs = {
        (one.term, one.soc, "".join(str(grade) for grade in sorted(one.grades)))
        for one in texts.terms.values()
    }
    if theirs != _shipped_facts(version):
        odd = sorted(theirs ^ _shipped_facts(version))
        raise _differs(f"{len(odd)} rows are not those of CTCAE {version} as it ships, first {odd[0][0]!r}.")


def _require_shipped_mapping(mapping: Table) -> None:
    theirs = {
        (
            mapping.cell(row, "term"),
            _ELEMENTS[mapping.cell(row, "element")],
            _CHANGES.get(mapping.cell(row, "change"), ""),
            mapping.cell(row, "to_term"),
            _ELEMENTS.get(mapping.cell(row, "to_element"), ""),
            stated(mapping.cell(row, "other_specify")),
        )
        for row in mapping.rows
    }
    odd = sorted(theirs ^ _shipped_mapping())
    if odd:
        raise _differs(f"{len(odd)} rows of the mapping are not those that ship, first of {odd[0][0]!r}.")


@cache
def _shipped_facts(version: str) -> set[tuple[str, str, str]]:
    with (_DICTIONARIES / f"ctcae-{version}.csv").open(encoding="utf-8", newline="") as rows:
        return {(row["term"], row["soc"], row["grades"]) for row in csv.DictReader(rows)}


@cache
def _shipped_mapping() -> set[tuple[str, ...]]:
    with (_DICTIONARIES / "ctcae-5.0-to-6.0.csv").open(encoding="utf-8", newline="") as rows:
        return {tuple(row) for row in csv.reader(rows)} - {
            ("term", "element", "change", "to_term", "to_element", "other_specify")
        }


def _differs(message: str) -> InputInvalid:
    return InputInvalid(FIELD, "not_the_official_workbook", message)

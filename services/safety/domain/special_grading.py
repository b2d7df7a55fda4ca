"""CRS and ICANS by their own grading, which CTCAE's is not: a grade for each finding, of which the worst counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Findings = Mapping[str, str]


class Scale(StrEnum):
    CRS = "crs"
    ICANS = "icans"


@dataclass(frozen=True, slots=True, kw_only=True)
class GradingTable:
    """For each finding and each of its values a grade; `needs` must be present for any grade at all."""

    id: str
    source: str
    grades: Mapping[str, Mapping[str, int]]
    needs: str | None = None


Tables = Mapping[Scale, GradingTable]


def grading_tables(document: Mapping[str, Any]) -> Tables:
    """The tables of a document of `rules/syndromes-*.json`."""
    return {
        scale: GradingTable(
            id=document["id"],
            source=document["source"],
            needs=document["scales"][scale.value]["needs"],
            grades=document["scales"][scale.value]["grades"],
        )
        for scale in Scale
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialGrade:
    """The grade by the table, or None with the reason why there is none; `worst` are the findings that gave it."""

    grade: int | None
    reason: str
    table: str
    worst: tuple[str, ...] = ()


def special_grade(table: GradingTable, findings: Findings, *, died_of_it: bool = False) -> SpecialGrade:
    """Grade of a syndrome by its findings.

    Args:
        table: of the syndrome.
        findings: as reported; one that the table does not know leaves the grade open.
        died_of_it: grade 5 whatever the findings.

    Returns:
        No grade with `finding_unknown`, `nothing_found` or `fever_missing`: never a guess.
    """
    if died_of_it:
        return SpecialGrade(grade=5, reason="died", table=table.id)
    grades = {name: table.grades.get(name, {}).get(value) for name, value in findings.items()}
    if any(grade is None for grade in grades.values()):
        return SpecialGrade(grade=None, reason="finding_unknown", table=table.id)
    known = {name: grade for name, grade in grades.items() if grade is not None}
    if not known:
        return SpecialGrade(grade=None, reason="nothing_found", table=table.id)
    if table.needs is not None and not known.get(table.needs, 0):
        return SpecialGrade(grade=None, reason=f"{table.needs}_missing", table=table.id)
    most = max(known.values())
    worst = tuple(sorted(name for name, grade in known.items() if grade == most))
    return SpecialGrade(grade=most, reason="by_findings", table=table.id, worst=worst)

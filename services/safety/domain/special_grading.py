"""CRS and ICANS by their own grading, which CTCAE's is not: a grade for each finding, of which the worst counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

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


_SOURCE = "Lee DW et al, Biol Blood Marrow Transplant 2019;25:625-638 (ASTCT consensus), tables 2, 5 and 6"
TABLES: Mapping[Scale, GradingTable] = MappingProxyType(
    {
        Scale.CRS: GradingTable(
            id="astct-2019",
            source=_SOURCE,
            needs="fever",
            grades=MappingProxyType(
                {
                    "fever": {"present": 1, "treated": 1, "absent": 0},
                    "hypotension": {
                        "none": 0,
                        "no_vasopressor": 2,
                        "one_vasopressor": 3,
                        "several_vasopressors": 4,
                    },
                    "hypoxia": {"none": 0, "low_flow": 2, "high_flow": 3, "positive_pressure": 4},
                }
            ),
        ),
        Scale.ICANS: GradingTable(
            id="astct-2019",
            source=_SOURCE,
            grades=MappingProxyType(
                {
                    "ice_score": {
                        **{str(score): 0 for score in (10,)},
                        **{str(score): 1 for score in (7, 8, 9)},
                        **{str(score): 2 for score in (3, 4, 5, 6)},
                        **{str(score): 3 for score in (0, 1, 2)},
                        "unable": 4,
                    },
                    "capd_score": {"0": 0, "1_to_8": 1, "9_or_more": 3, "unable": 4},
                    "consciousness": {
                        "awake": 0,
                        "awakens_by_itself": 1,
                        "awakens_to_voice": 2,
                        "awakens_to_touch": 3,
                        "unarousable": 4,
                    },
                    "seizure": {"none": 0, "resolved": 3, "prolonged_or_repetitive": 4},
                    "motor": {"none": 0, "deep_focal_weakness": 4},
                    "cerebral_oedema": {"none": 0, "focal": 3, "diffuse": 4},
                }
            ),
        ),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialGrade:
    """The grade by the table, or None with the reason why there is none; `worst` are the findings that gave it."""

    grade: int | None
    reason: str
    table: str
    worst: tuple[str, ...] = ()


def special_grade(scale: Scale, findings: Findings, *, died_of_it: bool = False) -> SpecialGrade:
    """Grade of a syndrome by its findings.

    Args:
        scale: which syndrome.
        findings: as reported; one that the table does not know leaves the grade open.
        died_of_it: grade 5 whatever the findings.

    Returns:
        No grade with `finding_unknown`, `nothing_found` or `fever_missing`: never a guess.

    Source: see `TABLES`.
    """
    table = TABLES[scale]
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

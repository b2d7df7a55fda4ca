"""Grading of a laboratory value by CTCAE: a proposal that an investigator confirms, or what is missing for one."""

from dataclasses import dataclass

from services.safety.domain.laboratory_reading import Case, Scale
from services.safety.domain.laboratory_result import LaboratoryResult, NotGradable
from services.safety.domain.laboratory_rules import Analyte, LaboratoryRules
from services.safety.domain.laboratory_words import cell_of, sentence_of_none, sentence_of_steps

__all__ = ["LaboratoryGrade", "LaboratoryResult", "NotGradable", "grade_laboratory"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LaboratoryGrade:
    """A proposal: 0 (no criterion is met) to 4, or None with the reason.

    Attributes:
        grade: the highest candidate.
        candidates: ascending; several where the grade depends on symptoms or treatment; empty without a grade.
        reason: None when there is a grade.
        term: of the dictionary.
        dictionary: version and patch whose criteria were used.
        cell: the cell of CTCAE that decided, empty when none did.
        sentence: the same for a person, in our own words.
    """

    grade: int | None
    candidates: tuple[int, ...]
    reason: NotGradable | None
    term: str
    dictionary: str
    cell: str
    sentence: str


def grade_laboratory(rules: LaboratoryRules, analyte: Analyte, result: LaboratoryResult) -> LaboratoryGrade:
    """Proposed grade of a laboratory value.

    A missing input is a reason only where it could change the answer: a missing limit takes away the grades 0 and 1,
    but not a grade that an absolute number fixes.

    Args:
        rules: criteria of the version that the protocol pins; `rules.find(name)` gives the analyte.
        analyte: the finding.
        result: as entered; numbers are never rounded and units never converted.

    Source: CTCAE 5.0 and 6.0 with its errata; how intervals are read is stated in the rule files.
    """
    if result.value is None:
        return _none(rules, analyte, NotGradable.VALUE_MISSING)
    case = Case(analyte=analyte, result=result)
    scales = [case.read(steps) for steps in analyte.scales if case.has_a_say(steps)]
    reasons = [scale.reason for scale in scales if scale.reason is not None]
    if reasons:
        holes = [step.needs_a_person for scale in scales for step in scale.steps]
        return _none(rules, analyte, min(reasons, key=list(NotGradable).index), holes)
    grades = sorted({grade for scale in scales for grade in _grades(scale)})
    met = tuple(step for scale in scales for step in scale.steps if step.grade == grades[-1])
    return LaboratoryGrade(
        grade=grades[-1],
        candidates=tuple(grades),
        reason=None,
        term=analyte.term,
        dictionary=rules.dictionary,
        cell=cell_of(analyte, grades[-1]),
        sentence=sentence_of_steps(analyte, met, tuple(grades), str(result.value), result.unit),
    )


def _grades(scale: Scale) -> tuple[int, ...]:
    return scale.steps[0].grades if scale.steps else (0,)


def _none(
    rules: LaboratoryRules, analyte: Analyte, reason: NotGradable, holes: list[str] | None = None
) -> LaboratoryGrade:
    why = next((hole for hole in holes or [] if hole), "")
    return LaboratoryGrade(
        grade=None,
        candidates=(),
        reason=reason,
        term=analyte.term,
        dictionary=rules.dictionary,
        cell="",
        sentence=sentence_of_none(analyte, reason.value, why),
    )

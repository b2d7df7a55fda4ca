"""The worst grade that a laboratory value can have while limits of its reference range are missing."""

from dataclasses import replace
from decimal import Decimal
from itertools import product

from services.safety.domain.laboratory import LaboratoryResult, NotGradable, grade_laboratory
from services.safety.domain.laboratory_rules import Analyte, LaboratoryRules

_LOWEST, _HIGHEST = Decimal("1E-9"), Decimal("1E+9")


def worst_grade(rules: LaboratoryRules, analyte: Analyte, result: LaboratoryResult) -> int | None:
    """The grade of a value, or the worst that it has whatever the missing limits are.

    A neutrophil count above every printed number has grade 0 or 1 without its lower limit: whether it is abnormal is
    not known, that it is not severe is.

    Returns:
        None where the value cannot be graded, or a missing limit could make it severe (grade 2 or above).
    """
    found = grade_laboratory(rules, analyte, result)
    if found.reason is not NotGradable.LIMIT_MISSING:
        return found.grade
    lower = (_LOWEST, _HIGHEST) if result.lln is None else (result.lln,)
    upper = (_LOWEST, _HIGHEST) if result.uln is None else (result.uln,)
    worst = 0
    for lln, uln in product(lower, upper):
        grade = grade_laboratory(rules, analyte, replace(result, lln=lln, uln=uln)).grade
        if grade is None:
            return None
        worst = max(worst, grade)
    return worst if worst <= 1 else None

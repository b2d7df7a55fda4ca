"""What a person reads about a proposed grade: the cell that decided, and a sentence in our own words."""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from services.safety.domain.laboratory_rules import Analyte, Anchor, Comparison, Relation, Step, Threshold
from services.safety.domain.laboratory_units import unit_name

_RELATIONS = MappingProxyType(
    {
        Relation.BELOW: "is below",
        Relation.AT_MOST: "is at most",
        Relation.ABOVE: "is above",
        Relation.AT_LEAST: "is at least",
    }
)
_ANCHORS = MappingProxyType(
    {
        Anchor.LLN: "the lower limit of normal",
        Anchor.ULN: "the upper limit of normal",
        Anchor.BASELINE: "the baseline",
    }
)
_MISSING = MappingProxyType(
    {
        "value_missing": "there is no value",
        "unit_missing": "the criteria are numbers in a unit, and none is stated",
        "unit_not_accepted": "the unit is none that CTCAE prints for the term",
        "limit_missing": "the criteria use a limit of the reference range, and it is not stated",
        "baseline_missing": "the criteria depend on the baseline, and it is not stated",
        "needs_a_person": "CTCAE leaves this open, so a person decides",
    }
)


def cell_of(analyte: Analyte, grade: int) -> str:
    """The cell of CTCAE that decided; empty for grade 0, which has none."""
    return f"{analyte.term}, Grade {grade}" if grade else ""


def sentence_of_none(analyte: Analyte, reason: str, why: str) -> str:
    """Why there is no grade; `why` is the rule's own explanation of a hole."""
    return f"No grade for {analyte.name}: {why or _MISSING[reason]}."


def sentence_of_steps(
    analyte: Analyte, met: tuple[Step, ...], candidates: tuple[int, ...], value: str, unit: str
) -> str:
    """The criteria that were met, by the numbers of the rule."""
    shown = f"{value} {unit.strip()}".strip()
    if not met:
        return f"Grade 0: {shown} meets no criterion of {analyte.name}."
    grades = " or ".join(str(grade) for grade in candidates)
    depends = ", depending on symptoms or treatment" if len(candidates) > 1 else ""
    parts = dict.fromkeys(_in_words(analyte, comparison, shown, unit) for comparison in met[0].comparisons)
    return f"Grade {grades}{depends}: {' and '.join(parts)}."


def _in_words(analyte: Analyte, comparison: Comparison, shown: str, unit: str) -> str:
    subject = "the baseline" if comparison.of_baseline else shown
    return f"{subject} {_RELATIONS[comparison.relation]} {_threshold(analyte, comparison.threshold, unit)}"


def _threshold(analyte: Analyte, threshold: Threshold, unit: str) -> str:
    absolute = _absolute(analyte, threshold.absolute, unit)
    if threshold.anchor is None:
        return absolute
    anchor = _ANCHORS[threshold.anchor]
    if absolute:
        return f"{anchor} plus {absolute}"
    return anchor if threshold.times == 1 else f"{threshold.times} × {anchor}"


def _absolute(analyte: Analyte, absolute: Mapping[str, Decimal], unit: str) -> str:
    name = unit_name(unit)
    if name in absolute:
        return f"{absolute[name]} {unit.strip()}".strip()
    return str(absolute[""]) if "" in absolute else ""

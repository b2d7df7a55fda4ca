"""The laboratory criteria of one version of CTCAE as data: steps, each a grade and what a value must be for it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from services.safety.domain.laboratory_units import unit_name


class Position(StrEnum):
    """Where a participant's baseline lies in the reference range."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class Anchor(StrEnum):
    """What a criterion may be a multiple of."""

    LLN = "lln"
    ULN = "uln"
    BASELINE = "baseline"


class Relation(StrEnum):
    BELOW = "below"
    AT_MOST = "at_most"
    ABOVE = "above"
    AT_LEAST = "at_least"


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A number that CTCAE prints: absolute in some units, a multiple of an anchor, or an amount above an anchor.

    `absolute` goes by name of unit (`unit_name`), with the empty name for a number without unit.
    """

    times: Decimal = Decimal(1)
    anchor: Anchor | None = None
    absolute: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The value, or the baseline, against a threshold."""

    of_baseline: bool = False
    relation: Relation
    threshold: Threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One criterion: every comparison must hold.

    Attributes:
        grades: what it gives; several where the grade depends on symptoms or treatment.
        comparisons: none is always met.
        baseline: positions for which it is printed; with an unknown position it is unknown.
        if_baseline: positions for which alone it counts; with an unknown position it does not.
        unless_baseline: positions for which it does not count; with an unknown position it does.
        if_baseline_given: an alternative that needs a baseline, and is left out without one.
        if_fasting: it counts for a fasting sample alone.
        needs_a_person: why CTCAE gives no answer here; empty where it does.
    """

    grades: tuple[int, ...]
    comparisons: tuple[Comparison, ...]
    baseline: frozenset[Position] = frozenset()
    if_baseline: frozenset[Position] = frozenset()
    unless_baseline: frozenset[Position] = frozenset()
    if_baseline_given: bool = False
    if_fasting: bool = False
    needs_a_person: str = ""

    @property
    def grade(self) -> int:
        return max(self.grades)


@dataclass(frozen=True, slots=True, kw_only=True)
class Analyte:
    """The criteria of one laboratory finding.

    Attributes:
        name: of the finding, as it is asked for.
        term: of the dictionary.
        requires: a limit without which no grade of the term can be told.
        unitless: names of unit that mean a bare number here.
        always_fasting: the finding is one of a fasting sample unless somebody says it was not.
        scales: several where each gives a candidate of its own.
        units: as printed or listed, by name.
    """

    name: str
    term: str
    requires: Anchor | None
    unitless: frozenset[str]
    always_fasting: bool
    scales: tuple[tuple[Step, ...], ...]
    units: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LaboratoryRules:
    """All laboratory criteria of one version and patch; `version` is that of this extract."""

    dictionary: str
    version: int
    analytes: Mapping[str, Analyte]

    def find(self, name: str) -> Analyte | None:
        """The finding of this name, letter case and outer blanks ignored."""
        return self.analytes.get(name.strip().casefold())


def build_laboratory_rules(document: Mapping[str, Any]) -> LaboratoryRules:
    """The rules that a rule file states.

    Raises:
        ValueError, KeyError: the file says something that is no rule.
    """
    analytes: dict[str, Analyte] = {}
    for stated in document["analytes"]:
        analyte = _analyte(stated)
        if analytes.setdefault(analyte.name.casefold(), analyte) is not analyte:
            raise ValueError(f"{analyte.name!r} is stated twice")
    return LaboratoryRules(
        dictionary=document["dictionary"],
        version=document["version"],
        analytes=MappingProxyType(analytes),
    )


_ANALYTE_KEYS = {"analyte", "term", "requires", "unitless", "always_fasting", "steps", "candidates", "note"}


def _analyte(stated: Mapping[str, Any]) -> Analyte:
    _only(stated, _ANALYTE_KEYS)
    scales = [stated["steps"], *([stated["candidates"]] if "candidates" in stated else [])]
    return Analyte(
        name=stated["analyte"],
        term=stated.get("term", stated["analyte"]),
        requires=Anchor(stated["requires"]) if "requires" in stated else None,
        unitless=frozenset(unit_name(name) for name in ("", *stated.get("unitless", ()))),
        always_fasting=bool(stated.get("always_fasting", False)),
        scales=tuple(tuple(_step(step) for step in scale) for scale in scales),
        units=MappingProxyType(
            {unit_name(unit): unit for scale in scales for step in scale for unit in _units(step)}
        ),
    )


def _units(step: Mapping[str, Any]) -> Iterable[str]:
    for key, stated in step.items():
        if key.partition("_")[0] in ("value", "baseline") and isinstance(stated, Mapping):
            yield from (unit for unit in stated.get("plus", stated) if unit)


_CONDITIONS = {"baseline", "if_baseline", "unless_baseline"}
_STEP_KEYS = {"grades", "if_baseline_given", "if_fasting", "needs_a_person", *_CONDITIONS}


def _step(stated: Mapping[str, Any]) -> Step:
    comparisons = tuple(
        _comparison(key, threshold)
        for key, value in stated.items()
        if key not in _STEP_KEYS
        for threshold in (value if isinstance(value, list) else [value])
    )
    positions = {key: frozenset(Position(one) for one in stated.get(key, ())) for key in _CONDITIONS}
    return Step(
        grades=tuple(stated["grades"]),
        comparisons=comparisons,
        baseline=positions["baseline"],
        if_baseline=positions["if_baseline"],
        unless_baseline=positions["unless_baseline"],
        if_baseline_given=bool(stated.get("if_baseline_given", False)),
        if_fasting=bool(stated.get("if_fasting", False)),
        needs_a_person=stated.get("needs_a_person", ""),
    )


def _comparison(key: str, stated: Any) -> Comparison:
    subject, _, relation = key.partition("_")
    if subject not in ("value", "baseline"):
        raise ValueError(f"{key!r} is no comparison")
    return Comparison(
        of_baseline=subject == "baseline", relation=Relation(relation), threshold=_threshold(stated)
    )


def _threshold(stated: Any) -> Threshold:
    """`"uln"`, `"2.5 x uln"`, numbers by unit, or an anchor with an amount by unit on top of it."""
    if isinstance(stated, str):
        times, _, anchor = stated.rpartition(" x ")
        return Threshold(times=Decimal(times or 1), anchor=Anchor(anchor))
    if "plus" in stated:
        return Threshold(anchor=Anchor(stated["above"]), absolute=_by_unit(stated["plus"]))
    return Threshold(absolute=_by_unit(stated))


def _by_unit(stated: Mapping[str, str]) -> Mapping[str, Decimal]:
    return MappingProxyType({unit_name(unit): Decimal(number) for unit, number in stated.items()})


def _only(stated: Mapping[str, Any], known: set[str]) -> None:
    if unknown := set(stated) - known:
        raise ValueError(f"unknown keys {sorted(unknown)}")

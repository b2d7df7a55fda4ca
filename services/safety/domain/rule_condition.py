"""When a reporting rule applies: a closed set of tests on one event and one product, written as data.

There is no scripting here: a safety officer reads a condition as a list of tests that all hold. A fact that is not
known holds against us: a test on it is met.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from services.safety.domain.causality import Causality
from services.safety.domain.event_class import EventClass
from services.safety.domain.seriousness import Criterion


@dataclass(frozen=True, slots=True, kw_only=True)
class RuledFacts:
    """What a condition may ask about one event and one product.

    None means not known. `fatal_or_life_threatening` is derived from seriousness, outcome and grade; `days_since_…`
    are whole local days from that dose to the onset.
    """

    event_class: EventClass
    criteria: frozenset[Criterion] = frozenset()
    fatal_or_life_threatening: bool = False
    exempt: bool = False
    abroad: bool = False
    grade: int | None = None
    causality: Causality | None = None
    expected: bool | None = None
    term: str | None = None
    soc: str | None = None
    of_special_interest: bool = False
    days_since_first_dose: int | None = None
    days_since_last_dose: int | None = None
    dose_level: int | None = None
    phase: str | None = None
    product: str | None = None
    site_country: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Tests that must all hold; None asks nothing. Terms and classes compare without letter case."""

    event_classes: frozenset[EventClass] | None = None
    seriousness_any: frozenset[Criterion] | None = None
    fatal_or_life_threatening: bool | None = None
    exempt: bool | None = None
    abroad: bool | None = None
    grade_at_least: int | None = None
    causality_any: frozenset[Causality] | None = None
    expected: bool | None = None
    term_any: frozenset[str] | None = None
    soc_any: frozenset[str] | None = None
    of_special_interest: bool | None = None
    days_since_first_dose_at_most: int | None = None
    days_since_last_dose_at_most: int | None = None
    dose_level_any: frozenset[int] | None = None
    phase_any: frozenset[str] | None = None
    product_any: frozenset[str] | None = None
    site_country_any: frozenset[str] | None = None

    def holds(self, facts: RuledFacts) -> bool:
        """Whether every test is met by the facts, those that are not known included."""
        return (
            self._class_holds(facts)
            and self._judgement_holds(facts)
            and self._event_holds(facts)
            and self._place_holds(facts)
        )

    def _class_holds(self, facts: RuledFacts) -> bool:
        serious = self.seriousness_any
        return (
            _among(self.event_classes, facts.event_class)
            and (serious is None or not serious.isdisjoint(facts.criteria))
            and self.fatal_or_life_threatening in (None, facts.fatal_or_life_threatening)
            and self.exempt in (None, facts.exempt)
            and self.abroad in (None, facts.abroad)
        )

    def _judgement_holds(self, facts: RuledFacts) -> bool:
        expected = self.expected is None or facts.expected is None or self.expected is facts.expected
        return expected and _among(self.causality_any, facts.causality)

    def _event_holds(self, facts: RuledFacts) -> bool:
        grade = self.grade_at_least is None or facts.grade is None or facts.grade >= self.grade_at_least
        return (
            grade
            and _among(self.term_any, _key(facts.term))
            and _among(self.soc_any, _key(facts.soc))
            and self.of_special_interest in (None, facts.of_special_interest)
            and _within(self.days_since_first_dose_at_most, facts.days_since_first_dose)
            and _within(self.days_since_last_dose_at_most, facts.days_since_last_dose)
        )

    def _place_holds(self, facts: RuledFacts) -> bool:
        return (
            _among(self.dose_level_any, facts.dose_level)
            and _among(self.phase_any, facts.phase)
            and _among(self.product_any, _key(facts.product))
            and _among(self.site_country_any, facts.site_country)
        )


ANYTHING = Condition()

_SETS: Mapping[str, Any] = {
    "event_classes": EventClass,
    "seriousness_any": Criterion,
    "causality_any": Causality,
    "term_any": lambda text: text.strip().casefold(),
    "soc_any": lambda text: text.strip().casefold(),
    "product_any": lambda text: text.strip().casefold(),
    "dose_level_any": int,
    "phase_any": str,
    "site_country_any": str,
}


def condition_from(document: Mapping[str, Any]) -> Condition:
    """The condition that a data file states; its keys are the attributes of `Condition`.

    Raises:
        ValueError: a key or a value that no test has.
    """
    known = {field.name for field in fields(Condition)}
    unknown = sorted(document.keys() - known)
    if unknown:
        raise ValueError(f"no such test: {', '.join(unknown)}")
    values: dict[str, Any] = {
        name: frozenset(map(_SETS[name], value)) if name in _SETS else value
        for name, value in document.items()
    }
    return Condition(**values)


def _among(allowed: frozenset[Any] | None, value: object) -> bool:
    return allowed is None or value is None or value in allowed


def _within(most: int | None, days: int | None) -> bool:
    return most is None or days is None or days <= most


def _key(text: str | None) -> str | None:
    return None if text is None else text.strip().casefold()

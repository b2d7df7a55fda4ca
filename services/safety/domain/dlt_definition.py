"""A protocol's definition of a dose-limiting toxicity, read from the `dlt` object of the protocol file."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from services.safety.domain.causality import Causality
from services.safety.domain.ctcae import Dictionary
from services.safety.domain.strict_reading import StrictObject, not_readable


class DurationConvention(StrEnum):
    """`DAY_DIFFERENCE` counts from onset to end, `INCLUSIVE_DAYS` counts both of these days too."""

    DAY_DIFFERENCE = "day_difference"
    INCLUSIVE_DAYS = "inclusive_days"


class MissingAttribution(StrEnum):
    COUNTS = "counts"
    DOES_NOT_COUNT = "does_not_count"


class WindowStart(StrEnum):
    """What the window counts from; with cells or a graft it is a step of the course, not the first dose."""

    FIRST_DOSE = "first_dose"
    INFUSION = "infusion"
    TRANSPLANT = "transplant"


class NotEvaluableReason(StrEnum):
    LEFT_BEFORE_WINDOW_END = "left_before_window_end_without_dlt"
    EXPOSURE_BELOW_MINIMUM = "exposure_below_minimum"
    DEATH_FROM_PROGRESSION = "death_from_progression"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """Which causality counts, and whether a missing one counts (provisionally) until somebody answers."""

    counts: frozenset[Causality]
    missing: MissingAttribution


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCriterion:
    """An adverse event of at least a grade; with `term` empty, any term outside the classes of `soc_not`.

    `lasting_more_than_days` is None when the grade alone suffices, however briefly it lasted.
    """

    id: str
    term: str
    soc_not: frozenset[str]
    grade_at_least: int
    lasting_more_than_days: int | None
    exclusions: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseDelayCriterion:
    """A dose delayed for toxicity by more than this many days."""

    id: str
    more_than_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedDosesCriterion:
    """Doses missed for toxicity: more than a count, or more than a percentage of the planned doses."""

    id: str
    more_than_percent: int | None
    more_than_count: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgementCriterion:
    """A DLT by judgement: an investigator signs it, and the committee confirms or refuses it."""

    id: str


Criterion = EventCriterion | DoseDelayCriterion | MissedDosesCriterion | JudgementCriterion


@dataclass(frozen=True, slots=True, kw_only=True)
class DltDefinition:
    """One version of one trial's definition; every finding names it."""

    id: str
    version: int
    protocol_version: str
    ctcae: str
    starts: WindowStart
    window_days: int
    minimum_doses_percent: int
    convention: DurationConvention
    attribution: Attribution
    criteria: tuple[Criterion, ...]
    not_evaluable: frozenset[NotEvaluableReason]

    def exclusion_ids(self) -> frozenset[str]:
        """Every exclusion that a person may confirm for an event of this trial."""
        events = (criterion for criterion in self.criteria if isinstance(criterion, EventCriterion))
        return frozenset(exclusion for criterion in events for exclusion in criterion.exclusions)

    def judgement_ids(self) -> frozenset[str]:
        """Every criterion that only people's judgement meets."""
        return frozenset(one.id for one in self.criteria if isinstance(one, JudgementCriterion))

    def named_terms(self) -> frozenset[str]:
        """Terms, case-folded, that have a criterion of their own and so leave the any-term criteria."""
        events = (criterion for criterion in self.criteria if isinstance(criterion, EventCriterion))
        return frozenset(criterion.term.casefold() for criterion in events if criterion.term)


def parse_definition(content: object, path: str = "dlt") -> DltDefinition:
    """The definition in `content`, read strictly: unknown keys and wrong types are refused by their path.

    Args:
        content: the protocol file's `dlt` object as JSON gives it.
        path: where the object stands, for messages.

    Raises:
        Refused: `dlt_definition_invalid`, with the path as a fact.
    """
    top = StrictObject(content, path)
    head = top.child("dlt_definition")
    starts, window_days = _window(top.child("window"))
    definition = DltDefinition(
        id=_slug(head, "id"),
        version=head.whole("version", 1, 10**6),
        protocol_version=head.text("protocol_version"),
        ctcae=_matching(head, "ctcae", r"[56]\.0\+[0-9-]{1,10}"),
        starts=starts,
        window_days=window_days,
        minimum_doses_percent=_minimum_exposure(top.child("minimum_exposure")),
        convention=DurationConvention(top.choice("duration_convention", set(DurationConvention))),
        attribution=_attribution(top.child("attribution")),
        criteria=_criteria(top),
        not_evaluable=_not_evaluable(top),
    )
    head.close()
    top.close()
    return definition


def parse_counted_event(event: StrictObject, definition: DltDefinition) -> DltDefinition:
    """The trial's definition with window, exposure and criteria of another event, which a stopping rule counts.

    Raises:
        Refused: `dlt_definition_invalid`, with the path as a fact.
    """
    starts, window_days = _window(event.child("window"))
    return replace(
        definition,
        starts=starts,
        window_days=window_days,
        minimum_doses_percent=_minimum_exposure(event.child("minimum_exposure")),
        convention=DurationConvention(event.choice("duration_convention", set(DurationConvention))),
        attribution=_attribution(event.child("attribution")),
        criteria=_criteria(event),
        not_evaluable=_not_evaluable(event),
    )


def _window(window: StrictObject) -> tuple[WindowStart, int]:
    starts = WindowStart(window.choice("starts", set(WindowStart)))
    window.choice("day_one", {"local_date_of_first_dose"})
    window.choice("closes", {"end_of_local_day"})
    days = window.whole("days", 1, 400)
    window.close()
    return starts, days


def _minimum_exposure(exposure: StrictObject) -> int:
    percent = exposure.whole("doses_percent", 0, 100)
    exposure.close()
    return percent


def _attribution(attribution: StrictObject) -> Attribution:
    allowed = set(Causality) - {Causality.NOT_ASSESSED}
    counts = attribution.texts("counts")
    if not counts or not set(counts) <= allowed:
        raise not_readable(f"{attribution.path}.counts", f"not a list out of {', '.join(sorted(allowed))}")
    missing = MissingAttribution(attribution.choice("missing", set(MissingAttribution)))
    attribution.close()
    return Attribution(counts=frozenset(Causality(word) for word in counts), missing=missing)


def _not_evaluable(top: StrictObject) -> frozenset[NotEvaluableReason]:
    if not top.has("not_evaluable"):
        raise not_readable(f"{top.path}.not_evaluable", "not a list")
    words = top.texts("not_evaluable")
    for index, word in enumerate(words):
        if word not in set(NotEvaluableReason):
            raise not_readable(f"{top.path}.not_evaluable[{index}]", "not a known reason")
    return frozenset(NotEvaluableReason(word) for word in words)


def _criteria(top: StrictObject) -> tuple[Criterion, ...]:
    found = tuple(_criterion(item) for item in top.children("criteria"))
    ids = [criterion.id for criterion in found]
    if not ids or len(set(ids)) != len(ids):
        raise not_readable(f"{top.path}.criteria", "empty, or two criteria have the same id")
    return found


def _criterion(item: StrictObject) -> Criterion:
    kind = item.choice("kind", set(_KINDS)) if item.has("kind") else "event"
    criterion = _KINDS[kind](item)
    item.close()
    return criterion


def _event(item: StrictObject) -> Criterion:
    if item.has("term") == item.has("any_term"):
        raise not_readable(item.path, "name a term, or any_term: true, not both")
    lasting = item.whole("lasting_more_than_days", 0, 400) if item.has("lasting_more_than_days") else None
    any_term = item.has("any_term") and item.true("any_term")
    return EventCriterion(
        id=_slug(item, "id"),
        term="" if any_term else item.text("term"),
        soc_not=frozenset(soc.casefold() for soc in item.texts("soc_not")),
        grade_at_least=item.whole("grade_at_least", 1, 5),
        lasting_more_than_days=lasting,
        exclusions=frozenset(item.texts("except")),
    )


def _dose_delay(item: StrictObject) -> Criterion:
    item.choice("cause", {"toxicity"})
    return DoseDelayCriterion(id=_slug(item, "id"), more_than_days=item.whole("more_than_days", 0, 400))


def _missed_doses(item: StrictObject) -> Criterion:
    item.choice("cause", {"toxicity"})
    if item.has("more_than_percent") == item.has("more_than_count"):
        raise not_readable(item.path, "give more_than_percent or more_than_count, not both")
    by_percent = item.has("more_than_percent")
    return MissedDosesCriterion(
        id=_slug(item, "id"),
        more_than_percent=item.whole("more_than_percent", 0, 100) if by_percent else None,
        more_than_count=None if by_percent else item.whole("more_than_count", 0, 1000),
    )


def _judgement(item: StrictObject) -> Criterion:
    """`text`, the protocol's wording, is for people."""
    if item.has("text"):
        item.text("text")
    return JudgementCriterion(id=_slug(item, "id"))


_KINDS: Mapping[str, Callable[[StrictObject], Criterion]] = {
    "event": _event,
    "dose_delay": _dose_delay,
    "missed_doses": _missed_doses,
    "judgement": _judgement,
}


def _slug(item: StrictObject, key: str) -> str:
    return _matching(item, key, r"[a-z0-9][a-z0-9-]{0,39}")


def _matching(item: StrictObject, key: str, pattern: str) -> str:
    value = item.text(key)
    if not re.fullmatch(pattern, value):
        raise not_readable(f"{item.path}.{key}", f"does not match {pattern}")
    return value


def dictionary_problems(definition: DltDefinition, dictionary: Dictionary) -> tuple[str, ...]:
    """Criteria that can never work as written, because the pinned dictionary lacks what they name.

    Returns:
        One sentence per unknown term, unreachable grade and unknown system organ class; empty if none.
    """
    socs = {soc.casefold() for soc in dictionary.socs()}
    problems: list[str] = []
    if definition.ctcae != dictionary.pinned:
        problems.append(f"the definition pins {definition.ctcae}, the dictionary is {dictionary.pinned}")
    for criterion in definition.criteria:
        if isinstance(criterion, EventCriterion):
            problems += _event_problems(criterion, dictionary, socs)
    return tuple(problems)


def _event_problems(criterion: EventCriterion, dictionary: Dictionary, socs: set[str]) -> list[str]:
    problems = [f"{criterion.id}: no class {soc!r}" for soc in sorted(criterion.soc_not - socs)]
    if criterion.term:
        term = dictionary.find(criterion.term)
        if term is None:
            problems.append(f"{criterion.id}: no term {criterion.term!r}")
        elif max(term.grades) < criterion.grade_at_least:
            problems.append(f"{criterion.id}: {term.name} has no grade {criterion.grade_at_least} or above")
    return problems

"""What would change if a trial went over to the next CTCAE: terms, grades, and which DLT verdicts would flip.

Nothing is stored and nobody is graded again: it is looked at before a modification is adopted.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from services.safety.domain.adverse_event import (
    AdverseEvent,
    CodedTerm,
    EventContent,
    GradeEntry,
    LaboratoryEntry,
)
from services.safety.domain.ctcae_mapping import Change, DictionaryMapping, MappedGrade
from services.safety.domain.dlt_definition import DltDefinition
from services.safety.domain.laboratory import grade_laboratory
from services.safety.domain.laboratory_coding import result_of
from services.safety.domain.laboratory_rules import LaboratoryRules
from services.safety.domain.window_judgement import Judgement, WindowFacts, judge_window

_GRADES = range(1, 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """What a trial would go over to: dictionary, its laboratory criteria, and the definition that uses them."""

    mapping: DictionaryMapping
    laboratory: LaboratoryRules
    definition: DltDefinition


@dataclass(frozen=True, slots=True, kw_only=True)
class EventChange:
    """One event as it is graded and as it would be; grades are the worst, None while there is none.

    `by_value`: the new grade follows from a laboratory value, not from the map.
    """

    event_id: str
    term: str
    grade: int | None
    to_term: str
    to_soc: str
    to_grade: int | None
    other_specify: str
    change: Change
    by_value: bool

    @property
    def changes(self) -> bool:
        """Whether term or grade would be another; a clarified text alone is none."""
        return (self.term, self.grade) != (self.to_term, self.to_grade)


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowPreview:
    """One participant's verdict now and under the next dictionary and definition."""

    participant_id: str
    now: Judgement
    then: Judgement
    events: tuple[EventChange, ...]

    @property
    def flips(self) -> bool:
        return (self.now.verdict, self.now.provisional) != (self.then.verdict, self.then.provisional)


def preview_window(facts: WindowFacts, adoption: Adoption, *, now: datetime) -> WindowPreview:
    """The window judged on the same facts twice.

    Args:
        facts: of the participant as they stand, under the definition in force.
        adoption: what would come.
        now: domain time, aware UTC.
    """
    changed = [preview_event(event, adoption) for event in facts.events]
    events = tuple(event for event, _ in changed)
    then = replace(facts, definition=adoption.definition, events=events)
    return WindowPreview(
        participant_id=facts.participant_id,
        now=judge_window(facts, now=now),
        then=judge_window(then, now=now),
        events=tuple(change for _, change in changed if change is not None),
    )


def preview_event(event: AdverseEvent, adoption: Adoption) -> tuple[AdverseEvent, EventChange | None]:
    """The event as it would be graded; one without coded term, or graded with another dictionary, stays."""
    term = event.content.term
    if term is None or term.dictionary != adoption.mapping.source:
        return event, None
    mapped = _target(event.content, term, adoption.mapping)
    if mapped is None:
        return event, None
    laboratory = tuple(_by_value(entry, mapped.term, adoption) for entry in event.content.laboratory)
    grades = tuple(_grade(entry, term, laboratory, adoption.mapping) for entry in event.content.grades)
    coded = CodedTerm(name=mapped.term, soc=mapped.soc, dictionary=adoption.mapping.target.pinned)
    content = replace(event.content, term=coded, grades=grades, laboratory=laboratory)
    return replace(event, content=content), EventChange(
        event_id=event.id,
        term=term.name,
        grade=_worst(event.content),
        to_term=mapped.term,
        to_soc=mapped.soc,
        to_grade=_worst(content),
        other_specify=mapped.other_specify,
        change=mapped.change,
        by_value=any(entry.grade is not None for entry in laboratory),
    )


def _worst(content: EventContent) -> int | None:
    return max((entry.coded for entry in content.grades if entry.coded is not None), default=None)


def _target(content: EventContent, term: CodedTerm, mapping: DictionaryMapping) -> MappedGrade | None:
    """Where the worst grade went; without one, where the term's mildest grade went."""
    worst = _worst(content)
    tried = [worst, *_GRADES] if worst else [*_GRADES]
    return next((found for grade in tried if (found := mapping.grade_after(term.name, grade))), None)


def _grade(
    entry: GradeEntry,
    term: CodedTerm,
    laboratory: tuple[LaboratoryEntry, ...],
    mapping: DictionaryMapping,
) -> GradeEntry:
    """A grade that rests on a value follows the value; any other goes where the map sends it."""
    by_value = [one.grade for one in laboratory if one.on == entry.on and one.grade is not None]
    if by_value and entry.reported:
        return replace(entry, coded=max(by_value))
    if not entry.coded:
        return entry
    mapped = mapping.grade_after(term.name, entry.coded)
    return entry if mapped is None else replace(entry, coded=mapped.grade)


def _by_value(entry: LaboratoryEntry, term: str, adoption: Adoption) -> LaboratoryEntry:
    """The result graded anew; without criteria in the new dictionary it has no grade of its own."""
    analyte = adoption.laboratory.find(entry.reported.analyte or term) or adoption.laboratory.find(term)
    if analyte is None or analyte.term != term:
        return replace(entry, grade=None, candidates=())
    found = grade_laboratory(adoption.laboratory, analyte, result_of(entry.reported))
    return replace(entry, grade=found.grade, candidates=found.candidates, cell=found.cell)

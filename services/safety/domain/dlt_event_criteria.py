"""Criteria on adverse events: as firm as the weakest of term, attribution and grade over time."""

from dataclasses import replace

from services.safety.domain.causality import Causality
from services.safety.domain.dlt_definition import DltDefinition, EventCriterion, MissingAttribution
from services.safety.domain.dlt_facts import CriterionFinding, DltEvent, Open, strongest
from services.safety.domain.dlt_timeline import (
    AsOf,
    Run,
    Strength,
    at_face_value,
    at_worst,
    certain,
    grades_by_day,
    has_lasted,
    known_entries,
    runs_at_least,
    true_from_day,
)


def evaluate_event(
    criterion: EventCriterion, definition: DltDefinition, event: DltEvent, as_of: AsOf
) -> CriterionFinding:
    """State of one criterion for one event: as firm as the weakest of term, attribution and grade."""
    match, attribution = term_match(criterion, definition, event), attributed(definition, event)
    cap = min(match, attribution)
    if cap is Strength.NO or criterion.exclusions & event.confirmed_exclusions:
        return CriterionFinding(id=criterion.id, strength=Strength.NO)
    grade = _grade_finding(criterion, definition, event, as_of, cap)
    strength = min(cap, grade.strength)
    questions = set(grade.open)
    if match < Strength.CERTAIN:
        questions.add(Open.TERM_NOT_CODED)
    if attribution < Strength.CERTAIN:
        questions.add(Open.CAUSALITY_MISSING)
    return CriterionFinding(
        id=criterion.id,
        strength=strength,
        since_day=grade.since_day,
        true_from_day=grade.true_from_day,
        assumed_ongoing=grade.assumed_ongoing,
        next_day=grade.next_day,
        open=frozenset() if strength in (Strength.NO, Strength.CERTAIN) else frozenset(questions),
        events=((event.id, event.version),) if strength > Strength.NO else (),
    )


def term_match(criterion: EventCriterion, definition: DltDefinition, event: DltEvent) -> Strength:
    """How surely the event's term is the criterion's.

    A term that a criterion names is judged by that criterion alone: the any-term criteria leave it out,
    or a protocol could never allow a brief laboratory finding that the any-term criterion would count.
    """
    if criterion.term:
        if not event.term:
            return Strength.POSSIBLE
        return Strength.CERTAIN if event.term.casefold() == criterion.term.casefold() else Strength.NO
    if event.term.casefold() in definition.named_terms():
        return Strength.NO
    if not event.term or (criterion.soc_not and not event.soc):
        return Strength.PROVISIONAL
    return Strength.NO if event.soc.casefold() in criterion.soc_not else Strength.CERTAIN


def attributed(definition: DltDefinition, event: DltEvent) -> Strength:
    """How surely the event is attributed: either party's opinion suffices, a missing one may still come."""
    rule = definition.attribution
    if event.causality in rule.counts or event.sponsor_causality in rule.counts:
        return Strength.CERTAIN
    if event.causality is not Causality.NOT_ASSESSED:
        return Strength.NO
    return Strength.PROVISIONAL if rule.missing is MissingAttribution.COUNTS else Strength.POSSIBLE


def _grade_finding(
    criterion: EventCriterion, definition: DltDefinition, event: DltEvent, as_of: AsOf, cap: Strength
) -> CriterionFinding:
    """State of the grade part alone: confirmed, at face value, or only if the worst comes true."""
    found = [_undated(criterion, event)]
    for reading, strength in (
        (certain, Strength.CERTAIN),
        (at_face_value, Strength.PROVISIONAL),
        (at_worst, Strength.POSSIBLE),
    ):
        grades = grades_by_day(event.grades, as_of, reading)
        for run in runs_at_least(grades, criterion.grade_at_least):
            if run.since <= definition.window_days:
                found.append(_run_finding(criterion, definition, run, as_of, min(cap, strength)))
    questions = _grade_questions(event, as_of)
    merged = strongest(criterion.id, found)
    return replace(merged, open=merged.open | questions) if merged.strength > Strength.NO else merged


def _run_finding(
    criterion: EventCriterion, definition: DltDefinition, run: Run, as_of: AsOf, strength: Strength
) -> CriterionFinding:
    """State of one run that began in the window; its duration may go on beyond the window's end."""
    true_from = true_from_day(run.since, criterion.lasting_more_than_days, definition.convention)
    if has_lasted(run, true_from, as_of):
        return CriterionFinding(
            id=criterion.id,
            strength=strength,
            since_day=run.since,
            true_from_day=true_from,
            assumed_ongoing=run.ended_on is None and run.last_seen_on < true_from,
        )
    if run.ended_on is not None:
        return CriterionFinding(id=criterion.id, strength=Strength.NO)
    return CriterionFinding(
        id=criterion.id,
        strength=Strength.POSSIBLE,
        since_day=run.since,
        next_day=true_from if strength > Strength.POSSIBLE else None,
        open=frozenset({Open.DURATION_RUNNING}),
    )


def _undated(criterion: EventCriterion, event: DltEvent) -> CriterionFinding:
    """An entry without a date may lie in the window: provisional if its grade alone would suffice."""
    undated = [entry for entry in event.grades if entry.day is None]
    reaching = [entry for entry in undated if entry.grade is None or entry.grade >= criterion.grade_at_least]
    if not reaching and all(entry.confirmed for entry in undated):
        return CriterionFinding(id=criterion.id, strength=Strength.NO)
    suffices = criterion.lasting_more_than_days is None and any(entry.grade is not None for entry in reaching)
    return CriterionFinding(
        id=criterion.id,
        strength=Strength.PROVISIONAL if suffices else Strength.POSSIBLE,
        open=frozenset({Open.DATE_MISSING}),
    )


def _grade_questions(event: DltEvent, as_of: AsOf) -> frozenset[Open]:
    known = known_entries(event.grades, as_of)
    questions: set[Open] = set()
    if any(entry.grade is None for entry in known):
        questions.add(Open.GRADE_MISSING)
    if any(not entry.confirmed for entry in known):
        questions.add(Open.GRADE_NOT_CONFIRMED)
    return frozenset(questions)

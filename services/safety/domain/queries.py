"""Queries: what a readable report leaves to be asked, because intake keeps everything and refuses nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from services.safety.domain.adverse_event import EventContent, Outcome
from services.safety.domain.causality import Causality, Standing, read_causality
from services.safety.domain.ctcae import GRADE_OF_DEATH, suggest
from services.safety.domain.report import ParticipantContext, ReportContext, Unmatched
from services.safety.domain.reported_time import Reading, ReportedDate
from services.safety.domain.seriousness import Answer, Criterion


class QueryCode(StrEnum):
    PARTICIPANT_UNMATCHED = "participant_unmatched"
    TERM_MISSING = "term_missing"
    TERM_NOT_IN_DICTIONARY = "term_not_in_dictionary"
    DICTIONARY_VERSION_NOT_PINNED = "dictionary_version_not_pinned"
    OTHER_SPECIFY_WITHOUT_TEXT = "other_specify_without_text"
    GRADE_MISSING = "grade_missing"
    GRADE_NOT_DEFINED_FOR_TERM = "grade_not_defined_for_term"
    GRADE_OUTSIDE_EVENT = "grade_outside_event"
    LABORATORY_NOT_GRADED = "laboratory_not_graded"
    LABORATORY_GRADE_TO_BE_CONFIRMED = "laboratory_grade_to_be_confirmed"
    LABORATORY_GRADE_DIFFERS = "laboratory_grade_differs"
    DATE_MISSING = "date_missing"
    DATE_INCOMPLETE = "date_incomplete"
    IMPOSSIBLE_DATE = "impossible_date"
    TIME_IN_FUTURE = "time_in_future"
    ONSET_AFTER_AWARENESS = "onset_after_awareness"
    ONSET_BEFORE_CONSENT = "onset_before_consent"
    END_BEFORE_ONSET = "end_before_onset"
    SERIOUSNESS_MISSING = "seriousness_missing"
    SERIOUSNESS_UNRECOGNISED = "seriousness_unrecognised"
    CAUSALITY_MISSING = "causality_missing"
    CAUSALITY_UNRECOGNISED = "causality_unrecognised"
    CAUSALITY_TO_BE_CONFIRMED = "causality_to_be_confirmed"
    CAUSALITY_NOT_BY_INVESTIGATOR = "causality_not_by_investigator"
    OUTCOME_UNRECOGNISED = "outcome_unrecognised"
    EXCLUSION_NOT_IN_DEFINITION = "exclusion_not_in_definition"
    GRADE_5_OUTCOME_NOT_FATAL = "grade_5_outcome_not_fatal"
    GRADE_5_WITHOUT_DEATH_DATE = "grade_5_without_death_date"
    GRADE_5_WITHOUT_DEATH_SERIOUSNESS = "grade_5_without_death_seriousness"
    OUTCOME_FATAL_WITHOUT_GRADE_5 = "outcome_fatal_without_grade_5"
    REASON_MISSING = "reason_missing"
    SECOND_GRADE_5 = "second_grade_5"
    ONSET_AFTER_DEATH = "onset_after_death"
    VERSION_SUPERSEDED = "version_superseded"


WARNINGS = frozenset({QueryCode.SECOND_GRADE_5, QueryCode.ONSET_AFTER_DEATH})
BLOCKING_SUBMISSION = frozenset({QueryCode.GRADE_5_OUTCOME_NOT_FATAL, QueryCode.GRADE_5_WITHOUT_DEATH_DATE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One question about one field; `due_at` is set where an unanswered question has a consequence."""

    code: QueryCode
    field: str
    facts: Mapping[str, object] = dataclass_field(default_factory=dict)
    due_at: datetime | None = None

    @property
    def is_warning(self) -> bool:
        return self.code in WARNINGS


def queries_about(content: EventContent, context: ReportContext, *, now: datetime) -> tuple[Query, ...]:
    """Everything to ask about a coded report, in a fixed order.

    Args:
        content: the report as coded.
        context: what is known of the participant and the rules.
        now: server time, aware UTC; the question on seriousness is due `answer_limit` later.
    """
    return (
        *_participant(context),
        *_term(content, context),
        *_grades(content, context),
        *_laboratory(content),
        *_dates(content),
        *_order_of_dates(content, context),
        *_assessments(content, context, now),
        *_death(content, context),
    )


def _participant(context: ReportContext) -> Iterator[Query]:
    if isinstance(context.participant, Unmatched):
        yield Query(code=QueryCode.PARTICIPANT_UNMATCHED, field="participant")


def _term(content: EventContent, context: ReportContext) -> Iterator[Query]:
    dictionary = context.dictionary
    named = content.reported_dictionary.strip()
    if named and not dictionary.is_named_by(named):
        facts = {"pinned": dictionary.pinned, "reported": named}
        yield Query(code=QueryCode.DICTIONARY_VERSION_NOT_PINNED, field="dictionary", facts=facts)
    elif not content.reported_term.strip():
        yield Query(code=QueryCode.TERM_MISSING, field="term")
    elif content.term is None:
        yield Query(code=QueryCode.TERM_NOT_IN_DICTIONARY, field="term", facts={"pinned": dictionary.pinned})
    found = dictionary.find(content.term.name) if content.term is not None else None
    if found is not None and found.is_other_specify and not content.other_specify.strip():
        yield Query(code=QueryCode.OTHER_SPECIFY_WITHOUT_TEXT, field="other_specify")


def _grades(content: EventContent, context: ReportContext) -> Iterator[Query]:
    if not any(entry.reported > 0 for entry in content.grades):
        yield Query(code=QueryCode.GRADE_MISSING, field="grades")
    found = context.dictionary.find(content.term.name) if content.term is not None else None
    for grade in sorted({entry.reported for entry in content.grades if entry.coded is None}):
        if found is not None:
            suggestion = suggest(found, grade)
            yield Query(
                code=QueryCode.GRADE_NOT_DEFINED_FOR_TERM,
                field="grades",
                facts={
                    "grade": grade,
                    "advice": suggestion.advice.value,
                    "defined_grades": suggestion.defined_grades,
                },
            )


def _laboratory(content: EventContent) -> Iterator[Query]:
    """What a value leaves open: no grade, a proposal nobody has confirmed, a stated grade that is another."""
    codes = QueryCode
    for reason in sorted({entry.reason for entry in content.laboratory if entry.reason}):
        yield Query(code=codes.LABORATORY_NOT_GRADED, field="laboratory", facts={"reason": reason})
    proposed = sorted({entry.reported for entry in content.grades if entry.proposed and not entry.confirmed})
    if proposed:
        facts = {"grades": tuple(proposed)}
        yield Query(code=codes.LABORATORY_GRADE_TO_BE_CONFIRMED, field="laboratory", facts=facts)
    for entry in content.laboratory:
        stated = {one.reported for one in content.grades if one.on == entry.on and not one.proposed}
        if entry.grade is not None and stated and not stated & set(entry.candidates):
            facts = {"proposed": entry.candidates, "stated": tuple(sorted(stated))}
            yield Query(code=codes.LABORATORY_GRADE_DIFFERS, field="laboratory", facts=facts)


_DATE_PROBLEMS: Mapping[Reading, QueryCode] = MappingProxyType(
    {
        Reading.INCOMPLETE: QueryCode.DATE_INCOMPLETE,
        Reading.IMPOSSIBLE: QueryCode.IMPOSSIBLE_DATE,
        Reading.FUTURE: QueryCode.TIME_IN_FUTURE,
    }
)


def _dates(content: EventContent) -> Iterator[Query]:
    if content.onset.reading is Reading.NOT_STATED:
        yield Query(code=QueryCode.DATE_MISSING, field="onset")
    if content.aware.reading is Reading.NOT_STATED:
        yield Query(code=QueryCode.DATE_MISSING, field="aware_at")
    elif content.aware.reading in _DATE_PROBLEMS:
        yield Query(code=_DATE_PROBLEMS[content.aware.reading], field="aware_at")
    dated: list[tuple[str, ReportedDate]] = [("onset", content.onset), ("end", content.end)]
    dated.append(("death_on", content.death_on))
    dated += [("grades", entry.on) for entry in content.grades if entry.on != content.onset]
    dated += [
        ("laboratory", one.on) for one in content.laboratory if one.grade is None and one.on != content.onset
    ]
    for field, reported in dated:
        if reported.reading in _DATE_PROBLEMS:
            facts = {"reported": reported.text}
            yield Query(code=_DATE_PROBLEMS[reported.reading], field=field, facts=facts)


def _order_of_dates(content: EventContent, context: ReportContext) -> Iterator[Query]:
    onset, end = content.onset.coded, content.end.coded
    if onset is not None:
        if onset > content.aware.at.astimezone(context.zone).date():
            yield Query(code=QueryCode.ONSET_AFTER_AWARENESS, field="onset")
        if end is not None and end < onset:
            yield Query(code=QueryCode.END_BEFORE_ONSET, field="end")
        participant = context.participant
        if isinstance(participant, ParticipantContext):
            if participant.consent_on is not None and onset < participant.consent_on:
                yield Query(code=QueryCode.ONSET_BEFORE_CONSENT, field="onset")
            if participant.death_on is not None and onset > participant.death_on:
                yield Query(code=QueryCode.ONSET_AFTER_DEATH, field="onset")
    on_dates = [entry.on.coded for entry in content.grades if entry.on.coded is not None]
    before = onset is not None and any(on < onset for on in on_dates)
    after = end is not None and any(on > end for on in on_dates)
    if before or after:
        yield Query(code=QueryCode.GRADE_OUTSIDE_EVENT, field="grades")


def _assessments(content: EventContent, context: ReportContext, now: datetime) -> Iterator[Query]:
    if content.seriousness.answer is Answer.NOT_ASSESSED:
        due_at = now + context.answer_limit
        yield Query(code=QueryCode.SERIOUSNESS_MISSING, field="seriousness", due_at=due_at)
    if content.seriousness.unrecognised:
        facts = {"reported": content.seriousness.unrecognised}
        yield Query(code=QueryCode.SERIOUSNESS_UNRECOGNISED, field="seriousness", facts=facts)
    yield from _causality(content)
    if content.reported_outcome.strip() and content.outcome is Outcome.NOT_STATED:
        yield Query(code=QueryCode.OUTCOME_UNRECOGNISED, field="outcome")
    unknown = sorted({exclusion.id for exclusion in content.exclusions} - context.exclusion_ids)
    if unknown:
        facts = {"reported": tuple(unknown)}
        yield Query(code=QueryCode.EXCLUSION_NOT_IN_DEFINITION, field="exclusions", facts=facts)


def _causality(content: EventContent) -> Iterator[Query]:
    value, understood = read_causality(content.reported_causality)
    if content.causality is not None:
        if content.causality.standing is Standing.STATED:
            yield Query(code=QueryCode.CAUSALITY_TO_BE_CONFIRMED, field="causality")
        if value not in (Causality.NOT_ASSESSED, content.causality.value):
            yield Query(code=QueryCode.CAUSALITY_NOT_BY_INVESTIGATOR, field="causality")
        return
    if not understood:
        yield Query(code=QueryCode.CAUSALITY_UNRECOGNISED, field="causality")
    elif content.reported_causality.strip():
        yield Query(code=QueryCode.CAUSALITY_NOT_BY_INVESTIGATOR, field="causality")
    else:
        yield Query(code=QueryCode.CAUSALITY_MISSING, field="causality")


def _death(content: EventContent, context: ReportContext) -> Iterator[Query]:
    grade_5 = content.worst_reported_grade() == GRADE_OF_DEATH
    fatal = content.outcome is Outcome.FATAL
    if grade_5:
        if not fatal:
            yield Query(code=QueryCode.GRADE_5_OUTCOME_NOT_FATAL, field="outcome")
        if content.death_on.coded is None:
            yield Query(code=QueryCode.GRADE_5_WITHOUT_DEATH_DATE, field="death_on")
        if (
            content.seriousness.answer is Answer.ASSESSED
            and Criterion.DEATH not in content.seriousness.criteria
        ):
            yield Query(code=QueryCode.GRADE_5_WITHOUT_DEATH_SERIOUSNESS, field="seriousness")
        participant = context.participant
        if isinstance(participant, ParticipantContext) and participant.has_grade_5:
            yield Query(code=QueryCode.SECOND_GRADE_5, field="grades")
    elif fatal:
        yield Query(code=QueryCode.OUTCOME_FATAL_WITHOUT_GRADE_5, field="outcome")

"""Coding of a report: every field keeps its words and gets a coded value where the words allow one."""

from datetime import datetime

from services.safety.domain.adverse_event import CodedTerm, EventContent, Exclusion, GradeEntry, Outcome
from services.safety.domain.causality import (
    Causality,
    Opinion,
    Party,
    Writer,
    decide_opinion,
    read_causality,
)
from services.safety.domain.ctcae import Dictionary
from services.safety.domain.ids import PersonId
from services.safety.domain.laboratory_coding import code_laboratory, proposed_grades
from services.safety.domain.report import Author, Report, ReportContext, ReportedGrade
from services.safety.domain.reported_time import ReportedDate, code_awareness, code_date
from services.safety.domain.seriousness import read_view


def code_report(report: Report, context: ReportContext, *, now: datetime) -> EventContent:
    """First content of an event; nothing readable is refused and nothing reported is lost.

    Args:
        report: as sent.
        context: the pinned dictionary and the site's zone decide what can be coded.
        now: server time, aware UTC.
    """
    term = code_term(report, context.dictionary)
    onset = code_date(report.onset, zone=context.zone, now=now)
    end = code_date(report.end, zone=context.zone, now=now)
    stated = _grades(report, context, term, onset, now)
    laboratory = code_laboratory(report, term, context, onset=onset, now=now)
    return EventContent(
        verbatim=report.verbatim,
        reported_term=report.term,
        reported_dictionary=report.dictionary,
        other_specify=report.other_specify,
        term=term,
        onset=onset,
        end=end,
        aware=code_awareness(report.aware_at, zone=context.zone, now=now),
        grades=(*stated, *proposed_grades(laboratory, stated), *_gone(report, end)),
        laboratory=laboratory,
        seriousness=read_view(report.seriousness),
        admission=report.admission.strip(),
        reported_causality=report.causality or "",
        causality=_first_opinion(report, now),
        reported_outcome=report.outcome,
        outcome=_outcome(report.outcome),
        death_on=code_date(report.death_on, zone=context.zone, now=now),
        exclusions=tuple(
            Exclusion(id=id_, confirmed_by=confirming(report.author))
            for id_ in dict.fromkeys(report.exclusions)
        ),
    )


def confirming(author: Author) -> PersonId | None:
    """The author when he or she may confirm grades and exclusions: an investigator, nobody else."""
    return author.person if author.writer is Writer.INVESTIGATOR else None


def code_term(report: Report, dictionary: Dictionary) -> CodedTerm | None:
    """The pinned dictionary's term, or None for an unknown term or one out of another dictionary."""
    if report.dictionary.strip() and not dictionary.is_named_by(report.dictionary):
        return None
    found = dictionary.find(report.term)
    if found is None:
        return None
    return CodedTerm(name=found.name, soc=found.soc, dictionary=dictionary.pinned)


def _grades(
    report: Report,
    context: ReportContext,
    term: CodedTerm | None,
    onset: ReportedDate,
    now: datetime,
) -> tuple[GradeEntry, ...]:
    by = confirming(report.author)
    return tuple(
        GradeEntry(
            on=code_date(reported.on, zone=context.zone, now=now) if reported.on.strip() else onset,
            reported=reported.grade,
            coded=_coded_grade(reported, term, context.dictionary),
            confirmed_by=by,
        )
        for reported in report.grades
    )


def _gone(report: Report, end: ReportedDate) -> tuple[GradeEntry, ...]:
    """An event that has ended has no grade from then on."""
    if end.coded is None:
        return ()
    return (GradeEntry(on=end, reported=0, coded=0, confirmed_by=confirming(report.author)),)


def _coded_grade(reported: ReportedGrade, term: CodedTerm | None, dictionary: Dictionary) -> int | None:
    if reported.grade == 0:
        return 0
    found = dictionary.find(term.name) if term is not None else None
    return reported.grade if found is not None and reported.grade in found.grades else None


def _first_opinion(report: Report, now: datetime) -> Opinion | None:
    """The investigator's opinion, if the author may give or relay it; anybody else's words stay uncoded."""
    author = report.author
    value, _ = read_causality(report.causality)
    relayed = author.writer is Writer.SAFETY_DESK and author.stated_by is not None
    if value is Causality.NOT_ASSESSED or not (author.writer is Writer.INVESTIGATOR or relayed):
        return None
    return decide_opinion(
        Party.INVESTIGATOR,
        value,
        previous=None,
        writer=author.writer,
        recorded_by=author.person,
        stated_by=author.stated_by,
        now=now,
    )


def _outcome(words: str) -> Outcome:
    key = words.strip().casefold().replace(" ", "_").replace("-", "_")
    known = {outcome.value: outcome for outcome in Outcome}
    return known.get(key, Outcome.NOT_STATED)

"""An event's content as JSON and back, field by field, so that a stored version can always be read."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from services.safety.domain.adverse_event import (
    CodedTerm,
    EventContent,
    Exclusion,
    GradeEntry,
    LaboratoryEntry,
    Outcome,
)
from services.safety.domain.causality import Causality, Opinion, Party, Standing, Writer
from services.safety.domain.ids import PersonId
from services.safety.domain.report import Author, Report, ReportedGrade, ReportedLaboratory
from services.safety.domain.reported_time import Reading, ReportedDate, ReportedInstant
from services.safety.domain.seriousness import Answer, Criterion, View
from shared.clock import format_instant, parse_instant

Json = dict[str, Any]


def dump_content(content: EventContent) -> Json:
    return {
        "verbatim": content.verbatim,
        "reported_term": content.reported_term,
        "reported_dictionary": content.reported_dictionary,
        "other_specify": content.other_specify,
        "term": _dump_term(content.term),
        "onset": _dump_date(content.onset),
        "end": _dump_date(content.end),
        "aware": {
            "text": content.aware.text,
            "at": format_instant(content.aware.at),
            "reading": content.aware.reading.value,
        },
        "grades": [
            {
                "on": _dump_date(entry.on),
                "reported": entry.reported,
                "coded": entry.coded,
                "confirmed_by": entry.confirmed_by,
                "proposed": entry.proposed,
            }
            for entry in content.grades
        ],
        "laboratory": [_dump_laboratory(entry) for entry in content.laboratory],
        "seriousness": _dump_view(content.seriousness),
        "sponsor_seriousness": _dump_view(content.sponsor_seriousness),
        "admission": content.admission,
        "reported_causality": content.reported_causality,
        "causality": _dump_opinion(content.causality),
        "sponsor_causality": _dump_opinion(content.sponsor_causality),
        "reported_outcome": content.reported_outcome,
        "outcome": content.outcome.value,
        "death_on": _dump_date(content.death_on),
        "exclusions": [{"id": one.id, "confirmed_by": one.confirmed_by} for one in content.exclusions],
    }


def load_content(stored: Mapping[str, Any]) -> EventContent:
    aware = stored["aware"]
    return EventContent(
        verbatim=stored["verbatim"],
        reported_term=stored["reported_term"],
        reported_dictionary=stored["reported_dictionary"],
        other_specify=stored["other_specify"],
        term=None if stored["term"] is None else CodedTerm(**stored["term"]),
        onset=_load_date(stored["onset"]),
        end=_load_date(stored["end"]),
        aware=ReportedInstant(
            text=aware["text"], at=parse_instant(aware["at"]), reading=Reading(aware["reading"])
        ),
        grades=tuple(_load_grade(entry) for entry in stored["grades"]),
        seriousness=_load_view(stored["seriousness"]),
        sponsor_seriousness=_load_view(stored["sponsor_seriousness"]),
        admission=stored["admission"],
        reported_causality=stored["reported_causality"],
        causality=_load_opinion(stored["causality"]),
        sponsor_causality=_load_opinion(stored["sponsor_causality"]),
        reported_outcome=stored["reported_outcome"],
        outcome=Outcome(stored["outcome"]),
        death_on=_load_date(stored["death_on"]),
        exclusions=tuple(
            Exclusion(id=one["id"], confirmed_by=_person(one["confirmed_by"])) for one in stored["exclusions"]
        ),
        laboratory=tuple(_load_laboratory(entry) for entry in stored.get("laboratory", ())),
    )


def dump_statement(report: Report) -> Json:
    """A report as it was sent, so that it can be coded again when its participant becomes known."""
    author = report.author
    return {
        "author": {"person": author.person, "writer": author.writer.value, "stated_by": author.stated_by},
        "verbatim": report.verbatim,
        "aware_at": report.aware_at,
        "term": report.term,
        "dictionary": report.dictionary,
        "other_specify": report.other_specify,
        "onset": report.onset,
        "end": report.end,
        "grades": [[grade.grade, grade.on] for grade in report.grades],
        "laboratory": [asdict(result) for result in report.laboratory],
        "seriousness": None if report.seriousness is None else list(report.seriousness),
        "causality": report.causality,
        "outcome": report.outcome,
        "death_on": report.death_on,
        "admission": report.admission,
        "exclusions": list(report.exclusions),
    }


def load_statement(stored: Mapping[str, Any]) -> Report:
    author = stored["author"]
    return Report(
        author=Author(
            person=PersonId(author["person"]),
            writer=Writer(author["writer"]),
            stated_by=_person(author["stated_by"]),
        ),
        verbatim=stored["verbatim"],
        aware_at=stored["aware_at"],
        term=stored["term"],
        dictionary=stored["dictionary"],
        other_specify=stored["other_specify"],
        onset=stored["onset"],
        end=stored["end"],
        grades=tuple(ReportedGrade(grade=grade, on=on) for grade, on in stored["grades"]),
        laboratory=tuple(ReportedLaboratory(**one) for one in stored.get("laboratory", ())),
        seriousness=stored["seriousness"],
        causality=stored["causality"],
        outcome=stored["outcome"],
        death_on=stored["death_on"],
        admission=stored["admission"],
        exclusions=tuple(stored["exclusions"]),
    )


def _dump_term(term: CodedTerm | None) -> Json | None:
    return None if term is None else {"name": term.name, "soc": term.soc, "dictionary": term.dictionary}


def _dump_date(reported: ReportedDate) -> Json:
    coded = None if reported.coded is None else reported.coded.isoformat()
    return {"text": reported.text, "coded": coded, "reading": reported.reading.value}


def _load_date(stored: Mapping[str, Any]) -> ReportedDate:
    coded = None if stored["coded"] is None else date.fromisoformat(stored["coded"])
    return ReportedDate(text=stored["text"], coded=coded, reading=Reading(stored["reading"]))


def _load_grade(stored: Mapping[str, Any]) -> GradeEntry:
    return GradeEntry(
        on=_load_date(stored["on"]),
        reported=stored["reported"],
        coded=stored["coded"],
        confirmed_by=_person(stored["confirmed_by"]),
        proposed=stored.get("proposed", False),
    )


def _dump_laboratory(entry: LaboratoryEntry) -> Json:
    return {
        "on": _dump_date(entry.on),
        "reported": asdict(entry.reported),
        "grade": entry.grade,
        "candidates": list(entry.candidates),
        "reason": entry.reason,
        "dictionary": entry.dictionary,
        "cell": entry.cell,
        "sentence": entry.sentence,
    }


def _load_laboratory(stored: Mapping[str, Any]) -> LaboratoryEntry:
    return LaboratoryEntry(
        on=_load_date(stored["on"]),
        reported=ReportedLaboratory(**stored["reported"]),
        grade=stored["grade"],
        candidates=tuple(stored["candidates"]),
        reason=stored["reason"],
        dictionary=stored["dictionary"],
        cell=stored["cell"],
        sentence=stored["sentence"],
    )


def _dump_view(view: View) -> Json:
    return {
        "answer": view.answer.value,
        "criteria": sorted(criterion.value for criterion in view.criteria),
        "unrecognised": list(view.unrecognised),
    }


def _load_view(stored: Mapping[str, Any]) -> View:
    return View(
        answer=Answer(stored["answer"]),
        criteria=frozenset(Criterion(word) for word in stored["criteria"]),
        unrecognised=tuple(stored["unrecognised"]),
    )


def _dump_opinion(opinion: Opinion | None) -> Json | None:
    if opinion is None:
        return None
    return {
        "party": opinion.party.value,
        "value": opinion.value.value,
        "version": opinion.version,
        "standing": opinion.standing.value,
        "opinion_of": opinion.opinion_of,
        "recorded_by": opinion.recorded_by,
        "recorded_at": format_instant(opinion.recorded_at),
        "reason": opinion.reason,
    }


def _load_opinion(stored: Mapping[str, Any] | None) -> Opinion | None:
    if stored is None:
        return None
    return Opinion(
        party=Party(stored["party"]),
        value=Causality(stored["value"]),
        version=stored["version"],
        standing=Standing(stored["standing"]),
        opinion_of=PersonId(stored["opinion_of"]),
        recorded_by=PersonId(stored["recorded_by"]),
        recorded_at=parse_instant(stored["recorded_at"]),
        reason=stored["reason"],
    )


def _person(stored: str | None) -> PersonId | None:
    return None if stored is None else PersonId(stored)

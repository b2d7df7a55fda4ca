"""Laboratory results of a report: each gets the grade that the pinned CTCAE proposes, or the reason why none."""

import re
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from services.safety.domain.adverse_event import CodedTerm, GradeEntry, LaboratoryEntry
from services.safety.domain.laboratory import LaboratoryResult, grade_laboratory
from services.safety.domain.laboratory_rules import Position
from services.safety.domain.report import Report, ReportContext, ReportedLaboratory
from services.safety.domain.reported_time import ReportedDate, code_date

NO_CRITERIA = "no_criteria"
_NUMBER = re.compile(r"\+?[0-9]{1,40}(?:\.[0-9]{1,40})?")


def code_laboratory(
    report: Report, term: CodedTerm | None, context: ReportContext, *, onset: ReportedDate, now: datetime
) -> tuple[LaboratoryEntry, ...]:
    """Every result of the report, whatever it says; what is no number counts as missing and stays as reported.

    Args:
        report: as sent.
        term: the event's coded term; a result whose criteria are another term's is not graded.
        context: the criteria in force and the site's zone.
        onset: date of a result that has none of its own.
        now: server time, aware UTC.
    """
    return tuple(
        _entry(
            reported,
            term,
            context,
            on=code_date(reported.on, zone=context.zone, now=now) if reported.on.strip() else onset,
        )
        for reported in report.laboratory
    )


def _entry(
    reported: ReportedLaboratory, term: CodedTerm | None, context: ReportContext, *, on: ReportedDate
) -> LaboratoryEntry:
    rules = context.laboratory
    name = reported.analyte.strip() or (term.name if term is not None else "")
    analyte = rules.find(name) if rules is not None else None
    if rules is None or analyte is None or term is None or analyte.term != term.name:
        return LaboratoryEntry(
            on=on,
            reported=reported,
            grade=None,
            candidates=(),
            reason=NO_CRITERIA,
            dictionary=context.dictionary.pinned,
            cell="",
            sentence="",
        )
    found = grade_laboratory(rules, analyte, result_of(reported))
    return LaboratoryEntry(
        on=on,
        reported=reported,
        grade=found.grade,
        candidates=found.candidates,
        reason="" if found.reason is None else found.reason.value,
        dictionary=found.dictionary,
        cell=found.cell,
        sentence=found.sentence,
    )


def result_of(reported: ReportedLaboratory) -> LaboratoryResult:
    """The result as numbers; a text that is no plain decimal number of 0 or more is a missing one."""
    position = reported.baseline_position.strip().casefold()
    return LaboratoryResult(
        value=_number(reported.value),
        unit=reported.unit,
        lln=_number(reported.lln),
        uln=_number(reported.uln),
        baseline=_number(reported.baseline),
        baseline_position=Position(position) if position in set(Position) else None,
        fasting=reported.fasting,
    )


def _number(text: str) -> Decimal | None:
    plain = text.strip()
    return Decimal(plain) if _NUMBER.fullmatch(plain) else None


def proposed_grades(
    entries: Iterable[LaboratoryEntry], stated: tuple[GradeEntry, ...]
) -> tuple[GradeEntry, ...]:
    """The proposals as grades that nobody has confirmed.

    A grade that an investigator gives for the same date is the answer to the proposal, which is then left out; so is
    a proposal that only repeats what is stated.
    """
    found = [
        GradeEntry(on=entry.on, reported=entry.grade, coded=entry.grade, confirmed_by=None, proposed=True)
        for entry in entries
        if entry.grade is not None
    ]
    return tuple(entry for entry in found if not any(_answers(one, entry) for one in stated))


def _answers(stated: GradeEntry, proposed: GradeEntry) -> bool:
    same_date = (stated.on.coded, stated.on.text.strip()) == (proposed.on.coded, proposed.on.text.strip())
    return same_date and (stated.confirmed or stated.coded == proposed.coded)

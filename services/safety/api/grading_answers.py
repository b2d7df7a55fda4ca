"""What is answered about grades: laboratory results with their proposals, and the words of CTCAE."""

from services.safety.api.parameters import Answered
from services.safety.domain.adverse_event import CodedTerm, LaboratoryEntry
from services.safety.domain.ctcae_texts import TermTexts


class LaboratoryOut(Answered):
    """A result as reported, and the grade proposed for it or the reason why there is none."""

    on: str
    analyte: str
    value: str
    unit: str
    lln: str
    uln: str
    baseline: str
    baseline_position: str
    fasting: bool | None
    grade: int | None
    candidates: list[int]
    reason: str | None
    dictionary: str
    cell: str | None
    sentence: str | None


class CtcaeOut(Answered):
    """The words of CTCAE about the term, as an operator imported them; grades by their digit."""

    dictionary: str
    term: str
    definition: str
    note: str
    grades: dict[str, str]


def laboratory_out(entry: LaboratoryEntry) -> LaboratoryOut:
    reported = entry.reported
    return LaboratoryOut(
        on=entry.on.text,
        analyte=reported.analyte,
        value=reported.value,
        unit=reported.unit,
        lln=reported.lln,
        uln=reported.uln,
        baseline=reported.baseline,
        baseline_position=reported.baseline_position,
        fasting=reported.fasting,
        grade=entry.grade,
        candidates=list(entry.candidates),
        reason=entry.reason or None,
        dictionary=entry.dictionary,
        cell=entry.cell or None,
        sentence=entry.sentence or None,
    )


def ctcae_out(term: CodedTerm | None, texts: TermTexts | None) -> CtcaeOut | None:
    if texts is None or term is None:
        return None
    return CtcaeOut(
        dictionary=term.dictionary,
        term=texts.term,
        definition=texts.definition,
        note=texts.note,
        grades={str(grade): text for grade, text in sorted(texts.grades.items())},
    )

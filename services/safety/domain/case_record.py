"""The history of a case out of what the service keeps: versions of the event, assessments, and what was sent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from services.safety.domain.adverse_event import EventContent
from services.safety.domain.assessment import ALL_PRODUCTS, Assessment, AssessmentKind, Source
from services.safety.domain.case_history import CaseChange, CaseHistory, ChangeKind
from services.safety.domain.causality import Causality, Party, Standing, effective
from services.safety.domain.classification import CaseFacts, CaseRules
from services.safety.domain.expectedness import Expectedness, ReferenceVersion
from services.safety.domain.report import ParticipantContext
from services.safety.domain.reporting_terms import ReportingTerms
from services.safety.domain.seriousness import Answer, Criterion, View
from shared.deadlines import day_zero


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedContent:
    """What a version of the event said, and from when."""

    version: int
    recorded_at: datetime
    content: EventContent


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRecord:
    """Everything kept about one event.

    Attributes:
        versions: all, at least one.
        assessments: all; those out of reports repeat what the versions say.
        aware: when the sponsor held the minimum criteria: of this report, and of those merged into it.
        participant: dates that bear on the class; None while nobody is matched.
        references: of each product.
        terms: of the protocol in force at awareness.
        zone: the sponsor's.
        answer_limit: how long a question on seriousness may stay open before the event counts as serious.
    """

    versions: Sequence[DatedContent]
    assessments: Sequence[Assessment]
    aware: tuple[datetime, ...]
    participant: ParticipantContext | None
    references: Mapping[str, tuple[ReferenceVersion, ...]]
    terms: ReportingTerms
    zone: ZoneInfo
    answer_limit: timedelta

    def inputs_of(self, product: str) -> dict[str, object]:
        """What the class of the event with regard to a product rests on, by version, as JSON values."""
        newest = {one.key: one for one in sorted(self.assessments, key=lambda one: one.version)}
        return {
            "event_version": max(one.version for one in self.versions),
            "assessments": sorted(
                [one.kind.value, one.party.value, one.product, one.version]
                for one in newest.values()
                if one.product in (ALL_PRODUCTS, product)
            ),
            "first_dose_on": _text(self.participant.first_dose_on if self.participant else None),
            "consent_on": _text(self.participant.consent_on if self.participant else None),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SentReport:
    """One report to one recipient; `complete` leaves nothing to follow."""

    sent_at: datetime
    complete: bool


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def history_of(record: CaseRecord, product: str, sent: Iterable[SentReport] = ()) -> CaseHistory:
    """The history of a case with regard to one product and one recipient.

    A question on seriousness that was answered within its limit is read as answered from the beginning: until
    then nobody called the event serious.
    """
    versions = sorted(record.versions, key=lambda one: one.version)
    first = _facts(versions[0].content, record)
    answer = _answered_in_time(versions, record.answer_limit)
    if answer is not None:
        first["investigator_seriousness"] = answer
    reports = [(day_zero(one.sent_at, record.zone), one.complete) for one in sent]
    return CaseHistory(
        first=CaseFacts(**first),
        rules=_rules(record, product),
        zone=record.zone,
        aware=record.aware,
        changes=tuple(_changes(record, versions, product)),
        reports_sent=tuple(day for day, _ in reports),
        complete_reports=frozenset(day for day, complete in reports if complete),
        on_new_judgement=record.terms.on_new_judgement,
        known={"product": product or None},
    )


def _facts(content: EventContent, record: CaseRecord) -> dict[str, Any]:
    """Attributes of `CaseFacts` that a version of the event states."""
    participant = record.participant
    return {
        "term": content.term.name if content.term else content.reported_term.strip() or None,
        "grade": content.worst_reported_grade() or None,
        "outcome": content.outcome,
        "death_on": content.death_on.coded,
        "onset_on": content.onset.coded,
        "admission": content.admission,
        "participant_has_grade_5": participant is not None and participant.has_grade_5,
        "investigator_seriousness": content.seriousness,
        "sponsor_seriousness": content.sponsor_seriousness,
        "investigator_causality": effective(content.causality),
        "sponsor_causality": effective(content.sponsor_causality),
    }


def _answered_in_time(versions: Sequence[DatedContent], limit: timedelta) -> View | None:
    until = versions[0].recorded_at + limit
    answered = (
        one.content.seriousness
        for one in versions
        if one.recorded_at < until and one.content.seriousness.answer is Answer.ASSESSED
    )
    return next(answered, None)


def _rules(record: CaseRecord, product: str) -> CaseRules:
    participant, terms = record.participant, record.terms
    return CaseRules(
        consent_on=participant.consent_on if participant else None,
        first_dose_on=participant.first_dose_on if participant else None,
        references=record.references.get(product, ()),
        not_serious=terms.not_serious,
        exempt_susars=terms.exempt_susars,
        unlikely_is_suspected=terms.unlikely_is_suspected,
    )


def _changes(record: CaseRecord, versions: Sequence[DatedContent], product: str) -> Iterable[CaseChange]:
    """What changed from version to version, and what was assessed of this product, in the order of recording."""
    by_itself = [one for one in record.assessments if one.source is Source.ASSESSMENT]
    single = {
        _CAUSALITY_OF[one.party]
        for one in by_itself
        if one.kind is AssessmentKind.CAUSALITY and one.product == product != ALL_PRODUCTS
    }
    told: list[tuple[datetime, ChangeKind, dict[str, Any]]] = []
    for before, after in pairwise(versions):
        held, stated = _facts(before.content, record), _facts(after.content, record)
        values = {name: value for name, value in stated.items() if held[name] != value}
        # Of a product that was judged by itself, the event's own highest opinion says nothing.
        values = {name: value for name, value in values.items() if name not in single}
        told.append((after.recorded_at, _kind_of(values), values))
    for one in by_itself:
        if one.product in (ALL_PRODUCTS, product):
            kind = ChangeKind.JUDGEMENT if one.party is Party.SPONSOR else ChangeKind.FACTS
            told.append((one.recorded_at, kind, _judged(one)))
    told.sort(key=lambda change: change[0])
    for place, (at, kind, values) in enumerate(told):
        if values:
            yield CaseChange(on=day_zero(at, record.zone), kind=kind, values=values, sequence=place)


_CAUSALITY_OF = {Party.INVESTIGATOR: "investigator_causality", Party.SPONSOR: "sponsor_causality"}
_SPONSORS = frozenset({"sponsor_seriousness", "sponsor_causality"})


def _kind_of(values: Mapping[str, Any]) -> ChangeKind:
    """A version that only carries the sponsor's views is a judgement on facts held already."""
    return ChangeKind.JUDGEMENT if values and values.keys() <= _SPONSORS else ChangeKind.FACTS


def _judged(assessment: Assessment) -> dict[str, Any]:
    value, party = assessment.value, assessment.party
    match assessment.kind:
        case AssessmentKind.CAUSALITY:
            opinion = Causality(value[0])
            if assessment.standing is Standing.STATED and opinion in (
                Causality.UNRELATED,
                Causality.UNLIKELY,
            ):
                opinion = Causality.NOT_ASSESSED
            return {_CAUSALITY_OF[party]: opinion}
        case AssessmentKind.EXPECTEDNESS:
            return {"expectedness": Expectedness(value[0])}
        case AssessmentKind.SERIOUSNESS if party is Party.SPONSOR:
            view = View(answer=Answer.ASSESSED, criteria=frozenset(map(Criterion, value)))
            return {"sponsor_seriousness": view}
    return {}  # the investigator's seriousness and the outcome are in the event's own versions

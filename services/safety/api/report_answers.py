"""What routes of adverse events answer."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from services.safety.api.grading_answers import CtcaeOut, LaboratoryOut, ctcae_out, laboratory_out
from services.safety.api.parameters import Answered
from services.safety.commands.amend_adverse_event import Amended
from services.safety.commands.raise_alert import RaisedAlert
from services.safety.commands.report_adverse_event import Receipt
from services.safety.domain.adverse_event import EventContent
from services.safety.domain.ctcae_texts import TermTexts
from services.safety.domain.queries import Query
from services.safety.domain.report_record import Kept, RecordedVersion, ReportRecord
from services.safety.domain.site_clock import site_due_at
from services.safety.queries.adverse_events import ShownReport
from shared.json_body import Instant


class QueryOut(Answered):
    code: str
    field: str
    due_at: Instant | None
    advice: str | None
    defined_grades: list[int] | None


class RaisedAlertOut(Answered):
    alert_id: str
    kind: str
    priority: str


class ReceiptOut(Answered):
    """What a reporter gets. `site_due_at`: until when the sponsor must have been told of a serious event."""

    report_id: str
    version: int
    matched: str
    receipt_only: Literal[False]
    serious: bool
    queries: list[QueryOut]
    flags: list[str]
    alerts: list[RaisedAlertOut]
    received_at: Instant
    aware_at: Instant
    site_due_at: Instant | None


class PlainReceiptOut(Answered):
    """What a reporter gets who may not read the record: the report is kept, and nothing about whom it names."""

    report_id: str
    receipt_only: Literal[True]
    received_at: Instant


class AmendedOut(Answered):
    report_id: str
    version: int
    matched: str
    serious: bool
    changed: list[str]
    queries: list[QueryOut]
    flags: list[str]
    alerts: list[RaisedAlertOut]


class GradeOut(Answered):
    on: str
    reported: int
    coded: int | None
    confirmed_by: str | None
    proposed: bool


class ContentOut(Answered):
    """What a version says: as reported, and as coded where it could be."""

    verbatim: str
    reported_term: str
    term: str | None
    soc: str | None
    other_specify: str
    onset: str
    onset_on: str | None
    end: str
    death_on: str
    aware: str
    aware_at: Instant
    grades: list[GradeOut]
    seriousness: list[str]
    seriousness_assessed: bool
    causality: str | None
    causality_standing: str | None
    outcome: str
    admission: str
    exclusions: list[str]
    exclusions_confirmed: list[str]
    laboratory: list[LaboratoryOut]


class VersionOut(Answered):
    version: int
    recorded_by: str
    recorded_at: Instant
    reason: str
    changed: list[str]
    content: ContentOut
    narrative: str
    contact: str
    conclusion: dict[str, Any]


class ReportOut(Answered):
    """A report as it stands."""

    report_id: str
    version: int
    trial: str
    participant_id: str | None
    participant_number: str
    site_number: str
    matched: str
    serious: bool
    term: str | None
    grade: int | None
    onset_on: str | None
    aware_at: Instant
    received_at: Instant
    queries: list[str]
    flags: list[str]
    clearance_requested_by: str | None


class ReportListOut(Answered):
    items: list[ReportOut]
    next_cursor: str | None


class ReportDetailOut(Answered):
    """A report with its versions; `ctcae` is null where nobody has imported the texts."""

    adverse_event: ReportOut
    versions: list[VersionOut]
    ctcae: CtcaeOut | None


def receipt_out(receipt: Receipt) -> ReceiptOut | PlainReceiptOut:
    """The receipt; from a plain one nobody learns whether a participant, a site or a trial exists.

    Site staff get a plain one for whatever does not bear their own site's number: an unknown number and another
    site's participant must look the same.
    """
    record, decision = receipt.kept.record, receipt.kept.decision
    if receipt.receipt_only:
        return PlainReceiptOut(report_id=record.event.id, receipt_only=True, received_at=record.received_at)
    aware_at = record.event.content.aware.at
    return ReceiptOut(
        report_id=record.event.id,
        version=record.event.version,
        matched=record.matched.value,
        receipt_only=False,
        serious=decision.seriousness.serious,
        queries=_queries(decision.queries),
        flags=[flag.value for flag in record.flags],
        alerts=_alerts(receipt.alerts),
        received_at=record.received_at,
        aware_at=aware_at,
        site_due_at=site_due_at(aware_at, receipt.site_limit) if decision.seriousness.serious else None,
    )


def amended_out(amended: Amended) -> AmendedOut:
    kept: Kept = amended.kept
    return AmendedOut(
        report_id=kept.record.event.id,
        version=kept.record.event.version,
        matched=kept.record.matched.value,
        serious=kept.decision.seriousness.serious,
        changed=list(kept.record.event.changed),
        queries=_queries(kept.decision.queries),
        flags=[flag.value for flag in kept.record.flags],
        alerts=_alerts(amended.alerts),
    )


def list_out(listed: Any, limit: int) -> ReportListOut:
    reports = [_report(one.record, one.conclusion) for one in listed]
    return ReportListOut(items=reports, next_cursor=reports[-1].report_id if len(reports) == limit else None)


def detail_out(shown: ShownReport, texts: TermTexts | None) -> ReportDetailOut:
    newest = shown.versions[-1]
    return ReportDetailOut(
        adverse_event=_report(shown.record, newest.conclusion),
        versions=[_version(version) for version in shown.versions],
        ctcae=ctcae_out(shown.record.event.content.term, texts),
    )


def _report(record: ReportRecord, conclusion: Mapping[str, Any]) -> ReportOut:
    content = record.event.content
    grades = [entry.coded for entry in content.grades if entry.coded]
    return ReportOut(
        report_id=record.event.id,
        version=record.event.version,
        trial=record.trial_key,
        participant_id=record.participant_id,
        participant_number=record.participant_key,
        site_number=record.site_number,
        matched=record.matched.value,
        serious=conclusion["serious"],
        term=content.term.name if content.term else None,
        grade=max(grades, default=None),
        onset_on=content.onset.coded.isoformat() if content.onset.coded else None,
        aware_at=content.aware.at,
        received_at=record.received_at,
        queries=list(dict.fromkeys(query["code"] for query in conclusion["queries"])),
        flags=[flag.value for flag in record.flags],
        clearance_requested_by=record.clearance.by if record.clearance else None,
    )


def _version(version: RecordedVersion) -> VersionOut:
    event = version.event
    return VersionOut(
        version=event.version,
        recorded_by=event.recorded_by,
        recorded_at=event.recorded_at,
        reason=event.reason,
        changed=list(event.changed),
        content=_content(event.content),
        narrative=version.statement.narrative,
        contact=version.statement.contact,
        conclusion=dict(version.conclusion),
    )


def _content(content: EventContent) -> ContentOut:
    opinion = content.causality
    return ContentOut(
        verbatim=content.verbatim,
        reported_term=content.reported_term,
        term=content.term.name if content.term else None,
        soc=content.term.soc if content.term else None,
        other_specify=content.other_specify,
        onset=content.onset.text,
        onset_on=content.onset.coded.isoformat() if content.onset.coded else None,
        end=content.end.text,
        death_on=content.death_on.text,
        aware=content.aware.text,
        aware_at=content.aware.at,
        grades=[
            GradeOut(
                on=entry.on.text,
                reported=entry.reported,
                coded=entry.coded,
                confirmed_by=entry.confirmed_by,
                proposed=entry.proposed,
            )
            for entry in content.grades
        ],
        seriousness=[
            *sorted(criterion.value for criterion in content.seriousness.criteria),
            *content.seriousness.unrecognised,
        ],
        seriousness_assessed=content.seriousness.answer.value == "assessed",
        causality=opinion.value.value if opinion else None,
        causality_standing=opinion.standing.value if opinion else None,
        outcome=content.outcome.value,
        admission=content.admission,
        exclusions=[exclusion.id for exclusion in content.exclusions],
        exclusions_confirmed=[one.id for one in content.exclusions if one.confirmed_by is not None],
        laboratory=[laboratory_out(entry) for entry in content.laboratory],
    )


def _queries(queries: Iterable[Query]) -> list[QueryOut]:
    return [
        QueryOut(
            code=query.code.value,
            field=query.field,
            due_at=query.due_at,
            advice=query.facts.get("advice"),
            defined_grades=query.facts.get("defined_grades"),
        )
        for query in queries
    ]


def _alerts(raised: Iterable[RaisedAlert]) -> list[RaisedAlertOut]:
    return [RaisedAlertOut(alert_id=one.id, kind=one.kind.value, priority=one.priority) for one in raised]

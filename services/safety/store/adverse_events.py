"""Reports in the store: one row as it stands, one row per version that never changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, update

from services.safety.domain.adverse_event import AdverseEvent
from services.safety.domain.delegation import ReportFlag
from services.safety.domain.ids import AdverseEventId, PersonId
from services.safety.domain.intake import ReportDecision
from services.safety.domain.matching import ClearanceRequest, Matched
from services.safety.domain.report_record import RecordedVersion, ReportRecord, Statement
from services.safety.domain.seriousness import Urgency
from services.safety.store.event_content import dump_content, dump_statement, load_content, load_statement
from services.safety.store.tables import AdverseEventRow, AdverseEventVersionRow
from shared.clock import format_instant, parse_instant
from shared.database import Sql, Tx, instant_parameter
from shared.rows import RowQuery, fetch_rows, insertion, table_of, upsert_row
from shared.writes import Write

_EVENTS = table_of(AdverseEventRow)
_VERSIONS = table_of(AdverseEventVersionRow)
_ADD_EVENT, _ADD_VERSION = insertion(_EVENTS), insertion(_VERSIONS)
_EVERY_VERSION = RowQuery(
    _VERSIONS, "FROM adverse_event_version WHERE adverse_event_id = $1 ORDER BY version"
)
_CURRENT = (_VERSIONS.c.adverse_event_id == _EVENTS.c.id) & (_VERSIONS.c.version == _EVENTS.c.version)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedReport:
    """A report as lists show it."""

    record: ReportRecord
    conclusion: Mapping[str, Any]


def new_report(tx: Tx, record: ReportRecord, decision: ReportDecision, dictionary: str) -> tuple[Write, ...]:
    """A new report with its first version, to be stored with the event that announces it."""
    event, version = _row(record, decision), _version(record, decision, dictionary)
    return _ADD_EVENT.write(tx, event), _ADD_VERSION.write(tx, version)


async def add_version(tx: Tx, record: ReportRecord, decision: ReportDecision, dictionary: str) -> None:
    """The next version of a report, and the report as it stands with it."""
    await upsert_row(tx, _EVENTS, _row(record, decision))
    await _ADD_VERSION.one(tx, _version(record, decision, dictionary))


async def load_report(tx: Tx, report_id: str, *, lock: bool = False) -> ReportRecord | None:
    """The report, locked until the transaction ends if asked; None when there is none."""
    if lock:
        await tx.fetch(_LOCK, report_id)
    found = (await tx.execute(_current().where(_EVENTS.c.id == report_id))).one_or_none()
    return None if found is None else _record(found)


async def versions_of(tx: Tx, report_id: str) -> list[RecordedVersion]:
    return [
        RecordedVersion(
            event=_event(AdverseEventId(report_id), row),
            statement=_statement(row["statement"]),
            conclusion=row["conclusion"],
        )
        for row in await fetch_rows(tx, _EVERY_VERSION, report_id)
    ]


async def list_reports(
    tx: Tx, *, trial_key: str | None, sites: frozenset[str] | None, after: str, limit: int
) -> list[ListedReport]:
    """Reports in the order in which they came.

    Args:
        tx: the transaction.
        trial_key: of this trial; None for every trial.
        sites: matched reports of these sites alone; None for every report, unmatched ones too.
        after: id of the last report of the page before, empty for the first page.
        limit: size of the page.
    """
    statement = _current().where(_EVENTS.c.id > after).order_by(_EVENTS.c.id).limit(limit)
    if trial_key is not None:
        statement = statement.where(_EVENTS.c.trial_key == trial_key)
    if sites is not None:
        statement = statement.where(
            _EVENTS.c.site_number.in_(sorted(sites)), _EVENTS.c.matched == Matched.MATCHED.value
        )
    return [
        ListedReport(record=_record(row), conclusion=row.conclusion) for row in await tx.execute(statement)
    ]


async def save_clearance_request(tx: Tx, report_id: str, request: ClearanceRequest) -> None:
    stored = {"by": request.by, "at": format_instant(request.at), "reason": request.reason}
    await tx.execute(update(_EVENTS).where(_EVENTS.c.id == report_id).values(clearance=stored))


async def reports_of_participant(tx: Tx, participant_id: str, *, but_of: str) -> list[tuple[str, str]]:
    """The participant's matched reports that belong to another site than this one, each with its site."""
    statement = (
        select(_EVENTS.c.id, _EVENTS.c.site_number)
        .where(
            _EVENTS.c.participant_id == participant_id,
            _EVENTS.c.matched == Matched.MATCHED.value,
            _EVENTS.c.site_number != but_of,
        )
        .order_by(_EVENTS.c.id)
    )
    return [(row.id, row.site_number) for row in await tx.execute(statement)]


async def move_report(tx: Tx, report_id: str, site_number: str) -> None:
    await tx.execute(update(_EVENTS).where(_EVENTS.c.id == report_id).values(site_number=site_number))


async def assign_trial(tx: Tx, report_id: str, trial_id: str) -> None:
    await tx.execute(update(_EVENTS).where(_EVENTS.c.id == report_id).values(trial_id=trial_id))


async def forget_seriousness_question(tx: Tx, report_id: str) -> None:
    """The unanswered question has had its consequence."""
    await tx.execute(update(_EVENTS).where(_EVENTS.c.id == report_id).values(seriousness_due_at=None))


async def overdue_seriousness(tx: Tx, now: datetime, limit: int) -> list[str]:
    """Reports whose unanswered question on seriousness is due."""
    return [row[0] for row in await tx.fetch(_OVERDUE, instant_parameter(tx, now), limit)]


async def matchable_reports(
    tx: Tx, *, participant_number: str = "", limit: int = 50
) -> list[tuple[str, str]]:
    """Unmatched reports whose participant is registered by now, with the participant.

    Args:
        tx: the transaction.
        participant_number: of this participant alone; empty for all.
        limit: at most so many.
    """
    return [(row[0], row[1]) for row in await tx.fetch(_MATCHABLE, participant_number, limit)]


async def without_trial(tx: Tx, trial_key: str) -> list[str]:
    """Unmatched reports that named this trial before it was known."""
    return [row[0] for row in await tx.fetch(_WITHOUT_TRIAL, trial_key)]


def _current() -> Select[Any]:
    return select(
        _EVENTS,
        *(column for column in _VERSIONS.columns if column.name not in ("version", "adverse_event_id")),
    ).join(_VERSIONS, _CURRENT)


def _row(record: ReportRecord, decision: ReportDecision) -> dict[str, Any]:
    content, request = record.event.content, record.clearance
    awaiting = decision.urgency is Urgency.AWAITING_ANSWER
    return {
        "id": record.event.id,
        "scope": record.scope,
        "trial_id": record.trial_id,
        "trial_key": record.trial_key,
        "participant_key": record.participant_key,
        "participant_id": record.participant_id,
        "site_number": record.site_number,
        "matched": record.matched.value,
        "version": record.event.version,
        "worst_grade": content.worst_reported_grade(),
        "death_on": content.death_on.coded.isoformat() if content.death_on.coded else "",
        "serious": decision.seriousness.serious,
        "received_at": record.received_at,
        "seriousness_due_at": decision.seriousness_due_at if awaiting else None,
        "reported_by": record.reported_by,
        "flags": [flag.value for flag in record.flags],
        "clearance": None
        if request is None
        else {"by": request.by, "at": format_instant(request.at), "reason": request.reason},
    }


def _version(record: ReportRecord, decision: ReportDecision, dictionary: str) -> dict[str, Any]:
    event, statement = record.event, record.statement
    words = {"narrative": statement.narrative, "contact": statement.contact}
    return {
        "adverse_event_id": event.id,
        "version": event.version,
        "content": dump_content(event.content),
        "statement": dump_statement(statement.report) | words,
        "conclusion": _conclusion(decision, dictionary) | {"place": _place(record)},
        "recorded_by": event.recorded_by,
        "recorded_at": event.recorded_at,
        "reason": event.reason,
        "changed": list(event.changed),
    }


def _place(record: ReportRecord) -> dict[str, str]:
    """Where the report stood at this version: the report itself may move, a listing as of then may not."""
    return {
        "trial": record.trial_key,
        "participant": record.participant_key,
        "site": record.site_number,
        "matched": record.matched.value,
    }


def _conclusion(decision: ReportDecision, dictionary: str) -> dict[str, Any]:
    return {
        "serious": decision.seriousness.serious,
        "seriousness": sorted(criterion.value for criterion in decision.seriousness.criteria),
        "seriousness_provisional": decision.seriousness.provisional,
        "rules_applied": list(decision.seriousness.rules_applied),
        "suspected": decision.causality.suspected,
        "causality": decision.causality.value.value,
        "emergence": decision.emergence.value,
        "urgency": decision.urgency.value,
        "submission_blocked": decision.submission_blocked,
        "dictionary": dictionary,
        "queries": [
            {
                "code": query.code.value,
                "field": query.field,
                "due_at": None if query.due_at is None else format_instant(query.due_at),
                "facts": dict(query.facts),
            }
            for query in decision.queries
        ],
    }


def _record(row: Any) -> ReportRecord:
    request = row.clearance
    return ReportRecord(
        event=_event(AdverseEventId(row.id), row._mapping),
        statement=_statement(row.statement),
        scope=row.scope,
        trial_id=row.trial_id,
        trial_key=row.trial_key,
        participant_key=row.participant_key,
        participant_id=row.participant_id,
        site_number=row.site_number,
        matched=Matched(row.matched),
        received_at=row.received_at,
        reported_by=PersonId(row.reported_by),
        flags=tuple(ReportFlag(flag) for flag in row.flags),
        clearance=None
        if request is None
        else ClearanceRequest(
            by=PersonId(request["by"]), at=parse_instant(request["at"]), reason=request["reason"]
        ),
    )


def _event(report_id: AdverseEventId, row: Mapping[str, Any]) -> AdverseEvent:
    return AdverseEvent(
        id=report_id,
        version=row["version"],
        content=load_content(row["content"]),
        recorded_by=PersonId(row["recorded_by"]),
        recorded_at=row["recorded_at"],
        reason=row["reason"],
        changed=tuple(row["changed"]),
    )


def _statement(stored: Mapping[str, Any]) -> Statement:
    return Statement(report=load_statement(stored), narrative=stored["narrative"], contact=stored["contact"])


_LOCK = Sql("SELECT id FROM adverse_event WHERE id = $1 FOR UPDATE")
_OVERDUE = Sql(
    "SELECT id FROM adverse_event WHERE seriousness_due_at IS NOT NULL AND seriousness_due_at <= $1"
    " ORDER BY seriousness_due_at, id LIMIT $2"
)
_MATCHABLE = Sql(
    "SELECT e.id, p.participant_id FROM adverse_event e"
    " JOIN participant_copy p ON p.participant_number = e.participant_key"
    " WHERE e.matched = 'unmatched' AND ($1 = '' OR e.participant_key = $1) AND (e.trial_key = ''"
    "  OR substr(p.participant_number, 1, length(e.trial_key) + 1) = e.trial_key || '-')"
    " ORDER BY e.id LIMIT $2"
)
_WITHOUT_TRIAL = Sql(
    "SELECT id FROM adverse_event WHERE matched = 'unmatched' AND trial_id IS NULL AND trial_key = $1 ORDER BY id"
)

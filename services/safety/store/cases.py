"""Cases in the store: one row as it stands, one row per version that never changes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import select

from services.safety.domain.case import Case, CaseVersion, ChangeKind, Sending, SendingState
from services.safety.domain.case_content import CaseContent
from services.safety.domain.case_route import CaseRoute
from services.safety.domain.ids import CaseId
from services.safety.store.case_file_tables import (
    CaseReportRow,
    CaseRouteRow,
    CaseRow,
    CaseSendingRow,
    CaseVersionRow,
)
from shared.database import Sql, Tx
from shared.rows import RowQuery, fetch_rows, insert_row, table_of, upsert_row

_CASES, _VERSIONS = table_of(CaseRow), table_of(CaseVersionRow)
_REPORTS, _ROUTES = table_of(CaseReportRow), table_of(CaseRouteRow)
_SENDINGS = table_of(CaseSendingRow)
_CONTENT = TypeAdapter(CaseContent)
_ROUTE = TypeAdapter(CaseRoute)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCase:
    """A case with where it belongs; `content` is that of its newest version."""

    case: Case
    scope: str
    trial_id: str | None
    trial_key: str
    participant_id: str
    participant_number: str
    report_ids: tuple[str, ...]
    content: CaseContent
    opened_by: str
    opened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRoute:
    id: str
    trial_key: str
    route: CaseRoute
    recorded_by: str
    recorded_at: datetime


async def next_sequence(tx: Tx, trial_key: str) -> int:
    """The next number of a trial; the row stays locked, so two cases never get one."""
    return int((await tx.fetch(_NEXT, trial_key))[0][0])


async def add_route(tx: Tx, stored: StoredRoute) -> None:
    values = {
        "id": stored.id,
        "trial_key": stored.trial_key,
        "name": stored.route.name,
        "route": _ROUTE.dump_python(stored.route, mode="json"),
        "recorded_by": stored.recorded_by,
        "recorded_at": stored.recorded_at,
    }
    await insert_row(tx, _ROUTES, values)


async def load_route(tx: Tx, route_id: str) -> StoredRoute | None:
    found = await fetch_rows(tx, RowQuery(_ROUTES, "FROM case_route WHERE id = $1"), route_id)
    return _route(found[0]) if found else None


async def routes_of(tx: Tx, trial_key: str) -> list[StoredRoute]:
    """The newest version of each route of a trial, by name."""
    rows = await fetch_rows(tx, _NEWEST_ROUTES, trial_key)
    return [_route(row) for row in rows]


async def add_case(tx: Tx, stored: StoredCase) -> None:
    """A case with its first version."""
    await insert_row(tx, _CASES, _row(stored))
    await add_reports(tx, stored.case.id, stored.report_ids)
    await _add_version(tx, stored, stored.opened_by, stored.opened_at)


async def add_reports(tx: Tx, case_id: str, report_ids: Iterable[str]) -> None:
    """Reports that become events of the case."""
    for report_id in sorted(report_ids):
        await insert_row(tx, _REPORTS, {"case_id": case_id, "report_id": report_id})


async def save_change(tx: Tx, stored: StoredCase, *, by: str, at: datetime) -> None:
    """The newest version, and the case as it stands with it."""
    await upsert_row(tx, _CASES, _row(stored))
    await _add_version(tx, stored, by, at)


async def save_standing(tx: Tx, stored: StoredCase) -> None:
    """What the regulators' answers made of the case."""
    await upsert_row(tx, _CASES, _row(stored))


async def load_case(tx: Tx, case_id: str, *, lock: bool = False) -> StoredCase | None:
    """The case, locked until the transaction ends if asked; None when there is none."""
    if lock:
        await tx.fetch(_LOCK, case_id)
    found = await fetch_rows(tx, RowQuery(_CASES, "FROM safety_case WHERE id = $1"), case_id)
    return await _stored(tx, found[0]) if found else None


async def case_of_report(tx: Tx, report_id: str) -> str | None:
    """The case that a report belongs to, one that was not nullified."""
    found = await tx.fetch(_OPEN_CASE_OF, report_id)
    return str(found[0][0]) if found else None


async def list_cases(
    tx: Tx, *, trial_key: str, waiting: bool | None, after: str, limit: int
) -> list[dict[str, Any]]:
    """Rows of cases in the order in which they were opened; `waiting` for those of the queue alone."""
    statement = select(_CASES).where(_CASES.c.trial_key == trial_key, _CASES.c.id > after)
    if waiting is not None:
        statement = statement.where(_CASES.c.waits.is_(waiting))
    found = await tx.execute(statement.order_by(_CASES.c.id).limit(limit))
    return [dict(row._mapping) for row in found]


async def versions_of_case(tx: Tx, case_id: str) -> list[dict[str, Any]]:
    return await fetch_rows(tx, _OF_CASE, case_id)


def content_as_json(content: CaseContent) -> dict[str, Any]:
    dumped: dict[str, Any] = _CONTENT.dump_python(content, mode="json")
    return dumped


async def _stored(tx: Tx, row: dict[str, Any]) -> StoredCase:
    versions = await fetch_rows(tx, _OF_CASE, row["id"])
    reports = await tx.fetch(_REPORTS_OF, row["id"])
    sendings = await fetch_rows(tx, _SENT, row["id"])
    case = Case(
        id=CaseId(row["id"]),
        number=row["number"],
        worldwide_number=row["worldwide_number"],
        first_received_on=date.fromisoformat(row["first_received_on"]),
        versions=tuple(
            CaseVersion(
                number=one["version"],
                kind=ChangeKind(one["kind"]),
                latest_information_on=date.fromisoformat(one["latest_information_on"]),
                reason=one["reason"],
            )
            for one in versions
        ),
        sendings=tuple(
            Sending(case_version=one["case_version"], state=SendingState(one["state"])) for one in sendings
        ),
    )
    return StoredCase(
        case=case,
        scope=row["scope"],
        trial_id=row["trial_id"],
        trial_key=row["trial_key"],
        participant_id=row["participant_id"],
        participant_number=row["participant_number"],
        report_ids=tuple(str(one[0]) for one in reports),
        content=_CONTENT.validate_python(versions[-1]["content"]),
        opened_by=row["opened_by"],
        opened_at=row["opened_at"],
    )


def _row(stored: StoredCase) -> dict[str, Any]:
    case = stored.case
    return {
        "id": case.id,
        "scope": stored.scope,
        "trial_id": stored.trial_id,
        "trial_key": stored.trial_key,
        "participant_id": stored.participant_id,
        "participant_number": stored.participant_number,
        "number": case.number,
        "worldwide_number": case.worldwide_number,
        "first_received_on": case.first_received_on.isoformat(),
        "state": case.state.value,
        "waits": case.waits,
        "version": case.newest.number,
        "opened_by": stored.opened_by,
        "opened_at": stored.opened_at,
    }


async def _add_version(tx: Tx, stored: StoredCase, by: str, at: datetime) -> None:
    newest = stored.case.newest
    values = {
        "case_id": stored.case.id,
        "version": newest.number,
        "kind": newest.kind.value,
        "latest_information_on": newest.latest_information_on.isoformat(),
        "reason": newest.reason,
        "content": content_as_json(stored.content),
        "recorded_by": by,
        "recorded_at": at,
    }
    await insert_row(tx, _VERSIONS, values)


def _route(row: dict[str, Any]) -> StoredRoute:
    return StoredRoute(
        id=row["id"],
        trial_key=row["trial_key"],
        route=_ROUTE.validate_python(row["route"]),
        recorded_by=row["recorded_by"],
        recorded_at=row["recorded_at"],
    )


_NEXT = Sql(
    "INSERT INTO case_number (trial_key, last) VALUES ($1, 1)"
    " ON CONFLICT (trial_key) DO UPDATE SET last = case_number.last + 1 RETURNING last"
)
_LOCK = Sql("SELECT id FROM safety_case WHERE id = $1 FOR UPDATE")
_OF_CASE = RowQuery(_VERSIONS, "FROM safety_case_version WHERE case_id = $1 ORDER BY version")
_REPORTS_OF = Sql("SELECT report_id FROM safety_case_report WHERE case_id = $1 ORDER BY report_id")
_SENT = RowQuery(_SENDINGS, "FROM case_sending WHERE case_id = $1 ORDER BY case_version, batch_id")
_OPEN_CASE_OF = Sql(
    "SELECT c.id FROM safety_case_report r JOIN safety_case c ON c.id = r.case_id"
    " WHERE r.report_id = $1 AND c.state <> 'nullified' ORDER BY c.id LIMIT 1"
)
_NEWEST_ROUTES = RowQuery(
    _ROUTES,
    "FROM case_route r WHERE r.trial_key = $1 AND r.id = (SELECT max(n.id) FROM case_route n"
    " WHERE n.trial_key = r.trial_key AND n.name = r.name) ORDER BY r.name",
    alias="r",
)

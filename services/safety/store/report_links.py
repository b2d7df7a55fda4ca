"""Links between reports: what led to what, and which was a duplicate of which."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from services.safety.domain.duplicates import DUPLICATE_OF
from services.safety.domain.report_record import ReportRecord
from services.safety.store.adverse_events import load_report
from services.safety.store.intake_tables import ReportLinkRow
from shared.database import Sql, Tx, read_instant
from shared.rows import insert_once, table_of

_LINKS = table_of(ReportLinkRow)
MOST_REPORTS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLink:
    id: str
    from_id: str
    to_id: str
    relation: str
    reason: str
    linked_by: str
    linked_at: datetime


async def add_link(tx: Tx, link: ReportLink) -> bool:
    """Keep the link; false when there was such a link before."""
    values = {name: getattr(link, name) for name in ReportLink.__dataclass_fields__}
    return await insert_once(tx, _LINKS, values)


async def links_of(tx: Tx, report_id: str) -> list[ReportLink]:
    """Links from and to a report, oldest first."""
    statement = select(_LINKS).where(or_(_LINKS.c.from_id == report_id, _LINKS.c.to_id == report_id))
    return [_link(row) for row in await tx.execute(statement.order_by(_LINKS.c.id))]


async def merged_into(tx: Tx, report_id: str) -> list[ReportRecord]:
    """The closed duplicates of a report, each as it last stood, duplicates of duplicates too."""
    found: list[ReportRecord] = []
    waiting = [report_id]
    while waiting:
        for row in await tx.fetch(_DUPLICATES, waiting.pop(), DUPLICATE_OF):
            duplicate = await load_report(tx, row[0])
            if duplicate is not None:
                found.append(duplicate)
                waiting.append(duplicate.event.id)
    return found


async def reports_of(tx: Tx, participant_id: str) -> list[ReportRecord]:
    """The newest reports of a participant, as they stand."""
    rows = await tx.fetch(_REPORTS, participant_id, MOST_REPORTS)
    found = [await load_report(tx, row[0]) for row in rows]
    return [record for record in found if record is not None]


def _link(row: Any) -> ReportLink:
    return ReportLink(
        id=row.id,
        from_id=row.from_id,
        to_id=row.to_id,
        relation=row.relation,
        reason=row.reason,
        linked_by=row.linked_by,
        linked_at=read_instant(row.linked_at),
    )


_DUPLICATES = Sql("SELECT from_id FROM report_link WHERE to_id = $1 AND relation = $2 ORDER BY id")
_REPORTS = Sql("SELECT id FROM adverse_event WHERE participant_id = $1 ORDER BY id DESC LIMIT $2")

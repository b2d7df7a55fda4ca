"""Reports besides adverse events in the store: as they stand, and every version."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from services.safety.domain.special_report import Facts, SpecialKind
from services.safety.store.intake_tables import SpecialReportRow, SpecialReportVersionRow
from shared.database import Tx, read_instant
from shared.rows import insert_row, table_of, upsert_row

_REPORTS = table_of(SpecialReportRow)
_VERSIONS = table_of(SpecialReportVersionRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSpecial:
    """A report as it stands; `is_open` while it is to be followed further."""

    id: str
    kind: SpecialKind
    scope: str
    trial_id: str | None
    trial_key: str
    participant_key: str
    participant_id: str | None
    site_number: str
    version: int
    is_open: bool
    received_at: datetime
    reported_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialVersion:
    version: int
    facts: Facts
    conclusion: dict[str, Any]
    recorded_by: str
    recorded_at: datetime
    reason: str
    changed: tuple[str, ...]


async def save_special(tx: Tx, report: StoredSpecial, version: SpecialVersion) -> None:
    """The report as it stands with its newest version."""
    values = {name: getattr(report, name) for name in StoredSpecial.__dataclass_fields__}
    await upsert_row(tx, _REPORTS, values | {"kind": report.kind.value})
    await insert_row(
        tx,
        _VERSIONS,
        {
            "special_report_id": report.id,
            "version": version.version,
            "facts": dict(version.facts),
            "conclusion": version.conclusion,
            "recorded_by": version.recorded_by,
            "recorded_at": version.recorded_at,
            "reason": version.reason,
            "changed": list(version.changed),
        },
    )


async def load_special(tx: Tx, report_id: str, *, lock: bool = False) -> StoredSpecial | None:
    statement = select(_REPORTS).where(_REPORTS.c.id == report_id)
    row = (await tx.execute(statement.with_for_update() if lock else statement)).one_or_none()
    return None if row is None else _special(row)


async def list_specials(
    tx: Tx, *, trial_key: str, sites: frozenset[str] | None, after: str, limit: int
) -> list[StoredSpecial]:
    """Reports of a trial by id, of these sites alone or of all."""
    statement = select(_REPORTS).where(_REPORTS.c.trial_key == trial_key, _REPORTS.c.id > after)
    if sites is not None:
        statement = statement.where(_REPORTS.c.site_number.in_(sorted(sites)))
    return [_special(row) for row in await tx.execute(statement.order_by(_REPORTS.c.id).limit(limit))]


async def special_versions(tx: Tx, report_id: str) -> list[SpecialVersion]:
    statement = select(_VERSIONS).where(_VERSIONS.c.special_report_id == report_id)
    return [
        SpecialVersion(
            version=row.version,
            facts=row.facts,
            conclusion=row.conclusion,
            recorded_by=row.recorded_by,
            recorded_at=read_instant(row.recorded_at),
            reason=row.reason,
            changed=tuple(row.changed),
        )
        for row in await tx.execute(statement.order_by(_VERSIONS.c.version))
    ]


def _special(row: Any) -> StoredSpecial:
    return StoredSpecial(
        id=row.id,
        kind=SpecialKind(row.kind),
        scope=row.scope,
        trial_id=row.trial_id,
        trial_key=row.trial_key,
        participant_key=row.participant_key,
        participant_id=row.participant_id,
        site_number=row.site_number,
        version=row.version,
        is_open=bool(row.is_open),
        received_at=read_instant(row.received_at),
        reported_by=row.reported_by,
    )

"""Protocol versions in the store; their terms are read once per file and remembered."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, select, update

from services.sponsor.domain.ids import PersonId, ProtocolVersionId, TrialId
from services.sponsor.domain.protocol_terms import ProtocolTerms
from services.sponsor.domain.protocol_version import ProtocolVersion, VersionApproval
from services.sponsor.store.protocol_terms import read_terms
from services.sponsor.store.tables import ProtocolVersionRow
from shared.clock import format_instant, parse_instant
from shared.database import Tx
from shared.rows import insert_once, table_of

_VERSIONS = table_of(ProtocolVersionRow)
_ALL_BUT_THE_FILE = tuple(column for column in _VERSIONS.c if column.name != "document")
_REMEMBERED = 64
_terms_by_sha256: OrderedDict[str, ProtocolTerms] = OrderedDict()


async def add_version(tx: Tx, version: ProtocolVersion, document: Mapping[str, Any]) -> bool:
    """Add an uploaded version unless the trial has one of this name; say whether it was added."""
    values = {
        "id": version.id,
        "trial_id": version.trial_id,
        "version": version.terms.version,
        "sha256": version.sha256,
        "document": document,
        "uploaded_by": version.uploaded_by,
        "uploaded_at": version.uploaded_at,
        "approval": None,
        "effective_at": None,
        "taken_up": False,
    }
    return await insert_once(tx, _VERSIONS, values)


async def save_approval(tx: Tx, version: ProtocolVersion, *, taken_up: bool) -> None:
    """Keep the approval.

    Args:
        tx: the transaction.
        version: approved.
        taken_up: the version is in force already, and what follows from it is done.
    """
    approval = version.approval
    if approval is None:
        raise ValueError("the version has no approval to save")
    sunset = approval.previous_sunset_at
    written = {
        "reference": approval.reference,
        "approved_on": approval.approved_on.isoformat(),
        "last_day": approval.last_day.isoformat(),
        "documents": sorted([document, name] for document, name in approval.documents),
        "effective_at": format_instant(approval.effective_at),
        "previous_sunset_at": None if sunset is None else format_instant(sunset),
        "approved_by": approval.approved_by,
        "approved_at": format_instant(approval.approved_at),
    }
    values = {"approval": written, "effective_at": approval.effective_at, "taken_up": taken_up}
    await tx.execute(update(_VERSIONS).where(_VERSIONS.c.id == version.id).values(**values))


async def versions_of(tx: Tx, trial_id: str) -> list[ProtocolVersion]:
    """Every version of a trial, by upload."""
    statement = select(*_ALL_BUT_THE_FILE).where(_VERSIONS.c.trial_id == trial_id).order_by(_VERSIONS.c.id)
    return await _versions(tx, (await tx.execute(statement)).all())


async def load_version(tx: Tx, version_id: str) -> ProtocolVersion | None:
    """One version; None when there is none."""
    statement = select(*_ALL_BUT_THE_FILE).where(_VERSIONS.c.id == version_id)
    found = await _versions(tx, (await tx.execute(statement)).all())
    return found[0] if found else None


async def document_of(tx: Tx, version_id: str) -> dict[str, Any]:
    """The protocol file of a version, as uploaded."""
    statement = select(_VERSIONS.c.document).where(_VERSIONS.c.id == version_id)
    document: dict[str, Any] = (await tx.execute(statement)).scalar_one()
    return document


async def trials_to_take_up(tx: Tx, now: datetime, limit: int) -> list[str]:
    """Trials with a version that has come into force and of which nobody has taken notice yet."""
    statement = (
        select(_VERSIONS.c.trial_id)
        .where(_VERSIONS.c.taken_up.is_(False), _VERSIONS.c.effective_at <= now)
        .order_by(_VERSIONS.c.trial_id)
        .distinct()
        .limit(limit)
    )
    return list((await tx.execute(statement)).scalars())


async def mark_taken_up(tx: Tx, trial_id: str, now: datetime) -> None:
    due = (_VERSIONS.c.trial_id == trial_id) & (_VERSIONS.c.effective_at <= now)
    await tx.execute(update(_VERSIONS).where(due).values(taken_up=True))


async def _versions(tx: Tx, rows: Sequence[Row[Any]]) -> list[ProtocolVersion]:
    return [_version(row, await _terms(tx, row.id, row.sha256)) for row in rows]


async def _terms(tx: Tx, version_id: str, sha256: str) -> ProtocolTerms:
    """Terms by the hash of their file: reading a file costs more than the rest of a reaction."""
    known = _terms_by_sha256.get(sha256)
    if known is None:
        known = read_terms(await document_of(tx, version_id))
        _terms_by_sha256[sha256] = known
        while len(_terms_by_sha256) > _REMEMBERED:
            _terms_by_sha256.popitem(last=False)
    return known


def _version(row: Any, terms: ProtocolTerms) -> ProtocolVersion:
    return ProtocolVersion(
        id=ProtocolVersionId(row.id),
        trial_id=TrialId(row.trial_id),
        sha256=row.sha256,
        terms=terms,
        uploaded_by=PersonId(row.uploaded_by),
        uploaded_at=row.uploaded_at,
        approval=None if row.approval is None else _approval(row.approval),
    )


def _approval(written: Mapping[str, Any]) -> VersionApproval:
    sunset = written["previous_sunset_at"]
    return VersionApproval(
        reference=written["reference"],
        approved_on=date.fromisoformat(written["approved_on"]),
        last_day=date.fromisoformat(written["last_day"]),
        documents=frozenset((document, name) for document, name in written["documents"]),
        effective_at=parse_instant(written["effective_at"]),
        previous_sunset_at=None if sunset is None else parse_instant(sunset),
        approved_by=PersonId(written["approved_by"]),
        approved_at=parse_instant(written["approved_at"]),
    )

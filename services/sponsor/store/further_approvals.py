"""Approvals besides the one that puts a protocol version in force, and tests of emergency unblinding."""

from datetime import date
from typing import Any

from sqlalchemy import select

from services.sponsor.domain.ids import EvidenceId, PersonId, ProtocolVersionId
from services.sponsor.domain.protocol_version import FurtherApproval
from services.sponsor.domain.unblinding_test import UnblindingTest
from services.sponsor.store.tables import FurtherApprovalRow, UnblindingTestRow
from shared.database import Tx
from shared.rows import insert_once, table_of

_APPROVALS = table_of(FurtherApprovalRow)
_TESTS = table_of(UnblindingTestRow)


async def add_further_approval(tx: Tx, approval: FurtherApproval, trial_id: str) -> bool:
    """Add the approval unless the version has one of its kind; say whether it was added."""
    values = {
        "protocol_version_id": approval.version_id,
        "kind": approval.kind,
        "trial_id": trial_id,
        "version": approval.protocol_version,
        "reference": approval.reference,
        "approved_on": approval.approved_on.isoformat(),
        "last_day": approval.last_day.isoformat(),
        "documents": sorted([document, name] for document, name in approval.documents),
        "recorded_by": approval.approved_by,
        "recorded_at": approval.approved_at,
    }
    return await insert_once(tx, _APPROVALS, values)


async def further_approvals_of(tx: Tx, trial_id: str) -> list[FurtherApproval]:
    """Further approvals of every version of a trial."""
    in_order = (_APPROVALS.c.protocol_version_id, _APPROVALS.c.kind)
    statement = select(_APPROVALS).where(_APPROVALS.c.trial_id == trial_id).order_by(*in_order)
    return [_approval(row) for row in await tx.execute(statement)]


async def add_unblinding_test(tx: Tx, test: UnblindingTest) -> bool:
    """Add a test unless its evidence is recorded for the trial; say whether it was added."""
    values = {
        "trial_id": test.trial_id,
        "evidence_id": test.evidence_id,
        "tested_on": test.tested_on.isoformat(),
        "recorded_by": test.recorded_by,
        "recorded_at": test.recorded_at,
    }
    return await insert_once(tx, _TESTS, values)


async def unblinding_evidence_of(tx: Tx, trial_id: str) -> tuple[EvidenceId, ...]:
    """Evidence of every recorded test of a trial."""
    statement = (
        select(_TESTS.c.evidence_id).where(_TESTS.c.trial_id == trial_id).order_by(_TESTS.c.evidence_id)
    )
    return tuple(EvidenceId(name) for name in (await tx.execute(statement)).scalars())


def _approval(row: Any) -> FurtherApproval:
    return FurtherApproval(
        version_id=ProtocolVersionId(row.protocol_version_id),
        protocol_version=row.version,
        kind=row.kind,
        reference=row.reference,
        approved_on=date.fromisoformat(row.approved_on),
        last_day=date.fromisoformat(row.last_day),
        documents=frozenset((document, name) for document, name in row.documents),
        approved_by=PersonId(row.recorded_by),
        approved_at=row.recorded_at,
    )

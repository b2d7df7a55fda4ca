"""Receipts of decisions, as enrolment says that sites gave them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from services.sponsor.store.copies import RECEIPTS
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A site's first receipt, by somebody in this role."""

    role: str
    received_at: datetime


async def receipts_of(tx: Tx, trial_id: str) -> dict[str, dict[str, Receipt]]:
    """All receipts of a trial by decision and site number."""
    found: dict[str, dict[str, Receipt]] = {}
    for row in await tx.execute(select(RECEIPTS).where(RECEIPTS.c.trial_id == trial_id)):
        of_decision = found.setdefault(row.decision_id, {})
        of_decision[row.site_number] = Receipt(role=row.role, received_at=row.received_at)
    return found

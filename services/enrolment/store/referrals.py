"""Referrals in the store."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import or_, select

from services.enrolment.domain.referrals import Outcome, Referral, ReferralState
from services.enrolment.store.people_tables import ReferralRow
from shared.database import Tx
from shared.rows import insertion, table_of, upsert

_REFERRALS = table_of(ReferralRow)
_ADD = insertion(_REFERRALS)
_SAVE = upsert(_REFERRALS)


def _referral(row: Any) -> Referral:
    values: Mapping[str, Any] = row._mapping
    outcome = Outcome(values["outcome"]) if values["outcome"] else None
    return Referral(**{**values, "state": ReferralState(values["state"]), "outcome": outcome})


async def insert_referral(tx: Tx, referral: Referral) -> None:
    await _ADD(tx, [asdict(referral)])


async def save_referral(tx: Tx, referral: Referral) -> None:
    await _SAVE(tx, [asdict(referral)])


async def find_referral(tx: Tx, referral_id: str, *, lock: bool = False) -> Referral | None:
    """The referral; locked until the transaction ends where that is asked for."""
    statement = select(_REFERRALS).where(_REFERRALS.c.id == referral_id)
    row = (await tx.execute(statement.with_for_update() if lock else statement)).first()
    return None if row is None else _referral(row)


async def referral_of_screening(tx: Tx, screening_id: str) -> str | None:
    """The referral that led to a screening."""
    statement = select(_REFERRALS.c.id).where(_REFERRALS.c.screening_id == screening_id)
    row = (await tx.execute(statement)).first()
    return None if row is None else str(row.id)


async def list_referrals(
    tx: Tx, trial_id: str, sites: Collection[str] | None, *, state: str, after: str, limit: int
) -> list[Referral]:
    """Referrals to or from these sites (None: every site), in the order in which they came."""
    columns = _REFERRALS.c
    statement = select(_REFERRALS).where(columns.trial_id == trial_id, columns.id > after)
    if sites is not None:
        own = sorted(sites)
        statement = statement.where(or_(columns.site_number.in_(own), columns.from_site_number.in_(own)))
    if state:
        statement = statement.where(columns.state == state)
    return [_referral(row) for row in await tx.execute(statement.order_by(columns.id).limit(limit))]

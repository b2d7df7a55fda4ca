"""The delegation log in the store."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import select

from services.sponsor.domain.delegation import Delegation
from services.sponsor.domain.ids import DelegationId, PersonId, SiteId, TrialId
from services.sponsor.domain.roles import Role
from services.sponsor.store.tables import DelegationRow
from shared.database import Tx
from shared.rows import table_of, upsert_row

_DELEGATIONS = table_of(DelegationRow)


async def save_delegation(tx: Tx, delegation: Delegation) -> None:
    await upsert_row(
        tx,
        _DELEGATIONS,
        {
            "id": delegation.id,
            "trial_id": delegation.trial_id,
            "person_id": delegation.person_id,
            "role": delegation.role.value,
            "site_id": delegation.site_id,
            "unblinded": delegation.unblinded,
            "starts_at": delegation.starts_at,
            "ends_at": delegation.ends_at,
            "ended_because": delegation.ended_because,
        },
    )


async def load_delegation(tx: Tx, delegation_id: str) -> Delegation | None:
    """One line of the log; None when there is none."""
    statement = select(_DELEGATIONS).where(_DELEGATIONS.c.id == delegation_id)
    row = (await tx.execute(statement)).one_or_none()
    return None if row is None else _delegation(row)


async def delegations_of(tx: Tx, trial_id: str) -> list[Delegation]:
    """The whole log of a trial, oldest line first."""
    statement = select(_DELEGATIONS).where(_DELEGATIONS.c.trial_id == trial_id).order_by(_DELEGATIONS.c.id)
    return [_delegation(row) for row in await tx.execute(statement)]


async def delegations_after(
    tx: Tx, trial_id: str, after: str, limit: int, *, sites: Collection[SiteId] | None = None
) -> list[Delegation]:
    """Lines of a trial's log by ascending id; `sites` None means all, those for every site included."""
    statement = (
        select(_DELEGATIONS)
        .where(_DELEGATIONS.c.trial_id == trial_id, _DELEGATIONS.c.id > after)
        .order_by(_DELEGATIONS.c.id)
        .limit(limit)
    )
    if sites is not None:
        statement = statement.where(_DELEGATIONS.c.site_id.in_(sorted(sites)))
    return [_delegation(row) for row in await tx.execute(statement)]


def _delegation(row: Any) -> Delegation:
    return Delegation(
        id=DelegationId(row.id),
        trial_id=TrialId(row.trial_id),
        person_id=PersonId(row.person_id),
        role=Role(row.role),
        site_id=SiteId(row.site_id),
        unblinded=row.unblinded,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        ended_because=row.ended_because,
    )

"""The delegation log in the store."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import select

from services.sponsor.domain.delegation import Delegation
from services.sponsor.domain.ids import DelegationId, PersonId, SiteId, TrialId
from services.sponsor.domain.roles import Role
from services.sponsor.store.tables import DelegationRow
from shared.database import Tx
from shared.rows import RowQuery, fetch_rows, table_of, upsert
from shared.writes import Write

_DELEGATIONS = table_of(DelegationRow)
_SAVE = upsert(_DELEGATIONS)
_BY_ID = RowQuery(_DELEGATIONS, "FROM delegation WHERE id = $1")
_OF_TRIAL = RowQuery(_DELEGATIONS, "FROM delegation WHERE trial_id = $1 ORDER BY id")
_OF_PERSON = RowQuery(_DELEGATIONS, "FROM delegation WHERE trial_id = $1 AND person_id = $2 ORDER BY id")


def saved_delegation(tx: Tx, delegation: Delegation) -> Write:
    """The line as it is now, to be stored with the event that tells of it."""
    return _SAVE.write(
        tx,
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
    rows = await fetch_rows(tx, _BY_ID, delegation_id)
    return _delegation(rows[0]) if rows else None


async def delegations_of(tx: Tx, trial_id: str) -> list[Delegation]:
    """The whole log of a trial, oldest line first."""
    return [_delegation(row) for row in await fetch_rows(tx, _OF_TRIAL, trial_id)]


async def delegations_of_person(tx: Tx, trial_id: str, person_id: str) -> list[Delegation]:
    """A person's lines of a trial's log, oldest first."""
    return [_delegation(row) for row in await fetch_rows(tx, _OF_PERSON, trial_id, person_id)]


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
    return [_delegation(row._mapping) for row in await tx.execute(statement)]


def _delegation(row: Any) -> Delegation:
    return Delegation(
        id=DelegationId(row["id"]),
        trial_id=TrialId(row["trial_id"]),
        person_id=PersonId(row["person_id"]),
        role=Role(row["role"]),
        site_id=SiteId(row["site_id"]),
        unblinded=row["unblinded"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        ended_because=row["ended_because"],
    )

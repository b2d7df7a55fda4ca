"""Transfers in the store, and what a transfer moves: the participant's site, never the number."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import or_, select

from services.enrolment.domain.transfers import Transfer, TransferState
from services.enrolment.store.participants import Participant, load_participant
from services.enrolment.store.people_tables import TransferRow
from shared.database import Sql, Tx
from shared.rows import insertion, table_of, upsert

_TRANSFERS = table_of(TransferRow)
_ADD = insertion(_TRANSFERS)
_SAVE = upsert(_TRANSFERS)


def _transfer(row: Any) -> Transfer:
    values: Mapping[str, Any] = row._mapping
    return Transfer(**{**values, "state": TransferState(values["state"])})


async def insert_transfer(tx: Tx, transfer: Transfer) -> None:
    await _ADD(tx, [asdict(transfer)])


async def save_transfer(tx: Tx, transfer: Transfer) -> None:
    await _SAVE(tx, [asdict(transfer)])


async def find_transfer(tx: Tx, transfer_id: str, *, lock: bool = False) -> Transfer | None:
    statement = select(_TRANSFERS).where(_TRANSFERS.c.id == transfer_id)
    row = (await tx.execute(statement.with_for_update() if lock else statement)).first()
    return None if row is None else _transfer(row)


async def participant_of_screening(tx: Tx, screening_id: str) -> Participant | None:
    """Who was registered by a screening, locked until the transaction ends."""
    rows = await tx.fetch(_OF_SCREENING, screening_id)
    return await load_participant(tx, str(rows[0][0])) if rows else None


async def transfer_waits(tx: Tx, participant_id: str) -> bool:
    return bool(await tx.fetch(_WAITING, participant_id, TransferState.PROPOSED.value))


async def move_to_site(tx: Tx, participant_id: str, screening_id: str, site_number: str) -> None:
    """From here on the participant and the screening behind it belong to the site."""
    await tx.fetch(_MOVE_PARTICIPANT, participant_id, site_number)
    await tx.fetch(_MOVE_SCREENING, screening_id, site_number)


async def list_transfers(
    tx: Tx, trial_id: str, sites: Collection[str] | None, *, after: str, limit: int
) -> list[Transfer]:
    """Transfers to or from these sites (None: every site), by id."""
    columns = _TRANSFERS.c
    statement = select(_TRANSFERS).where(columns.trial_id == trial_id, columns.id > after)
    if sites is not None:
        own = sorted(sites)
        statement = statement.where(or_(columns.to_site_number.in_(own), columns.from_site_number.in_(own)))
    return [_transfer(row) for row in await tx.execute(statement.order_by(columns.id).limit(limit))]


async def consented_at_site(tx: Tx, participant_id: str, screening_id: str) -> bool:
    """Whether consent stands at the site that answers for the participant now.

    Consent belongs to participant, episode and site. Before any transfer it is the registration's own; after
    one it has to be recorded anew, by a delegated person, since the receiving site took over: nobody else may
    record it from then on.
    """
    return not await tx.fetch(_NOT_CONSENTED, participant_id, screening_id, TransferState.ACCEPTED.value)


_OF_SCREENING = Sql("SELECT id FROM participant WHERE screening_id = $1")
_WAITING = Sql("SELECT id FROM transfer WHERE participant_id = $1 AND state = $2")
_MOVE_PARTICIPANT = Sql("UPDATE participant SET site_number = $2 WHERE id = $1")
_MOVE_SCREENING = Sql("UPDATE screening SET site_number = $2, version = version + 1 WHERE id = $1")
_NOT_CONSENTED = Sql(
    "SELECT t.id FROM transfer t WHERE t.participant_id = $1 AND t.state = $3 AND NOT EXISTS"
    " (SELECT 1 FROM consent c WHERE c.screening_id = $2 AND c.delegated AND c.received_at >= t.answered_at)"
)

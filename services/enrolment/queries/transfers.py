"""Transfers, for the sites that they lead from and to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.enrolment.domain.transfers import Transfer, TransferState
from services.enrolment.queries.visibility import view_of
from services.enrolment.store.participants import find_participant
from services.enrolment.store.transfers import consented_at_site, list_transfers
from shared.act import Act
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferView:
    """`consent_due` while the receiving site has not taken consent since it took over."""

    transfer_id: str
    participant_id: str
    participant_number: str
    from_site_number: str
    to_site_number: str
    state: str
    reason_code: str
    proposed_at: datetime
    answered_at: datetime | None
    consent_due: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferPage:
    items: Sequence[TransferView]
    next_cursor: str | None


async def show_transfers(tx: Tx, act: Act, trial: str, *, after: str, limit: int) -> TransferPage:
    """Transfers from or to the sites that the asking person sees, a page at a time."""
    view = await view_of(tx, act, trial)
    found = await list_transfers(tx, view.trial.id, view.sites, after=after, limit=limit + 1)
    page = [await _view(tx, transfer) for transfer in found[:limit]]
    return TransferPage(items=page, next_cursor=page[-1].transfer_id if len(found) > limit else None)


async def _view(tx: Tx, transfer: Transfer) -> TransferView:
    participant = await find_participant(tx, transfer.participant_id)
    if participant is None:
        raise LookupError("a transfer has a participant")
    due = transfer.state is TransferState.ACCEPTED and not await consented_at_site(
        tx, participant.id, participant.screening_id
    )
    return TransferView(
        transfer_id=transfer.id,
        participant_id=transfer.participant_id,
        participant_number=participant.number,
        from_site_number=transfer.from_site_number,
        to_site_number=transfer.to_site_number,
        state=transfer.state.value,
        reason_code=transfer.reason_code,
        proposed_at=transfer.proposed_at,
        answered_at=transfer.answered_at,
        consent_due=due,
    )

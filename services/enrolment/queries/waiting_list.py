"""Who waits for a place: one's own entries in full, of other sites only how many."""

from dataclasses import dataclass
from datetime import datetime

from services.enrolment.domain.board import Board, EntryState, SlotRecord
from services.enrolment.domain.ids import SlotId
from services.enrolment.domain.offers import open_rights, queue
from services.enrolment.queries.visibility import View, view_of
from services.enrolment.store.boards import load_board
from shared.act import Act
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """One line; `first_refusal` marks a right earned by a reservation that a closure took."""

    entry_id: str
    part: str
    position: int
    site_number: str
    screening_number: str
    since: datetime
    first_refusal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferView:
    """An offer that waits to be taken up until `deadline`."""

    slot_id: str
    part: str
    level: int
    site_number: str
    screening_number: str
    deadline: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingListView:
    trial: str
    policy: str
    entries: list[LineView]
    offers: list[OfferView]
    others_waiting: dict[str, int]
    offers_to_others: int


async def show_waiting_list(tx: Tx, act: Act, trial: str) -> WaitingListView:
    """The lines of every part, in the order in which they are served."""
    view = await view_of(tx, act, trial)
    board = await load_board(tx, view.trial.id, act.now)
    lines = [line for part in sorted({place.part for place in board.levels}) for line in _lines(board, part)]
    offers = [offer for record in board.slots.values() if (offer := _offer(record)) is not None]
    others: dict[str, int] = {}
    for line in lines:
        if not view.shows(line.site_number):
            others[line.part] = others.get(line.part, 0) + 1
    return WaitingListView(
        trial=view.trial.code,
        policy=board.policy.waiting.value,
        entries=[line for line in lines if view.shows(line.site_number)],
        offers=_own(offers, view),
        others_waiting=others,
        offers_to_others=len(offers) - len(_own(offers, view)),
    )


def _own(offers: list[OfferView], view: View) -> list[OfferView]:
    return [offer for offer in offers if view.shows(offer.site_number)]


def _lines(board: Board, part: str) -> list[LineView]:
    rights = open_rights(board.slots.values(), part)
    entries = queue(board, part)
    numbers = {
        it.entry.id: it.screening_number for it in board.entries.values() if it.state is EntryState.WAITING
    }
    first = [
        LineView(
            entry_id=right.slot_id,
            part=part,
            position=position,
            site_number=right.holder.site_id,
            screening_number=board.slots[SlotId(right.slot_id)].screening_number,
            since=right.reserved_at,
            first_refusal=True,
        )
        for position, right in enumerate(rights, start=1)
    ]
    then = [
        LineView(
            entry_id=entry.id,
            part=part,
            position=position,
            site_number=entry.site_id,
            screening_number=numbers[entry.id],
            since=entry.notified_at,
            first_refusal=False,
        )
        for position, entry in enumerate(entries, start=len(rights) + 1)
    ]
    return first + then


def _offer(record: SlotRecord) -> OfferView | None:
    held = record.held
    if held is None or record.entry_id is None or not record.offered:
        return None
    return OfferView(
        slot_id=record.slot.id,
        part=record.slot.place.part,
        level=record.slot.place.level,
        site_number=held.holder.site_id,
        screening_number=record.screening_number,
        deadline=held.expires_at,
    )

"""The waiting list against the slots: which offers still stand, and who is offered what is free."""

from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum

from services.enrolment.domain.board import (
    Board,
    EntryRecord,
    EntryState,
    Refusal,
    ScreeningState,
    SlotRecord,
)
from services.enrolment.domain.draft import Draft, SlotHappening
from services.enrolment.domain.ids import PartLevel, SiteId, WaitingEntryId
from services.enrolment.domain.levels import LevelState
from services.enrolment.domain.recruitment import SiteStatus, TrialStatus
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.slot_states import Consumed, Holder, Offered, Open, Reserved, Revoked
from services.enrolment.domain.slots import offer_slot
from services.enrolment.domain.waiting_list import (
    FirstRefusal,
    MonitorChoice,
    NextOffer,
    WaitingEntry,
    check_site_limits,
    decide_next_offer,
    first_refusals,
    queue_order,
)

# A right of first refusal stands in line under the id of the slot that was taken away.


class OfferFate(StrEnum):
    """What became of an offer: it stands, was taken, lapsed unused, or fell with its slot."""

    STANDS = "stands"
    TAKEN = "taken"
    LAPSED = "lapsed"
    FELL = "fell"


_RIGHT_AFTER = {
    OfferFate.STANDS: Refusal.OFFERED,
    OfferFate.TAKEN: Refusal.ENDED,
    OfferFate.LAPSED: Refusal.ENDED,
    OfferFate.FELL: Refusal.OPEN,
}
_ENTRY_AFTER = {
    OfferFate.STANDS: EntryState.OFFERED,
    OfferFate.TAKEN: EntryState.SERVED,
    OfferFate.LAPSED: EntryState.LAPSED,
    OfferFate.FELL: EntryState.WAITING,
}


def open_rights(slots: Iterable[SlotRecord], part: str) -> tuple[FirstRefusal, ...]:
    """Rights of first refusal in a part that wait for a slot, in the order in which they are served."""
    return first_refusals(
        record.slot for record in slots if record.refusal is Refusal.OPEN and record.slot.place.part == part
    )


def queue(board: Board, part: str) -> tuple[WaitingEntry, ...]:
    """Who waits in a part, in the order of the trial's policy."""
    waiting = [
        it.entry for it in board.entries.values() if it.part == part and it.state is EntryState.WAITING
    ]
    return queue_order(board.policy.waiting, waiting, served_sites(board.entries.values(), part))


def served_sites(entries: Iterable[EntryRecord], part: str) -> tuple[SiteId, ...]:
    offered = [
        (record.offered_at, record.entry.id, record.entry.site_id)
        for record in entries
        if record.part == part and record.offered_at is not None
    ]
    return tuple(site for _, _, site in sorted(offered))


def settle_offers(draft: Draft) -> None:
    """End what no longer stands in line, and offer what is free to whoever is next."""
    _settle_rights(draft)
    _settle_entries(draft)
    if draft.board.status is not TrialStatus.OPEN:
        return
    for record in draft.live():
        open_level = draft.levels[record.slot.place].level.state is LevelState.OPEN
        if open_level and isinstance(record.slot.state, Open):
            _offer_next(draft, record)


# -- lines that end or come back ------------------------------------------------------------------------


def _settle_rights(draft: Draft) -> None:
    for record in tuple(draft.slots.values()):
        if record.refusal in (Refusal.OPEN, Refusal.OFFERED):
            refusal = _right_now(draft, record)
            if refusal is not record.refusal:
                draft.amend_slot(replace(record, refusal=refusal))


def _right_now(draft: Draft, record: SlotRecord) -> Refusal:
    if record.screening is not ScreeningState.IN_SCREENING:
        return Refusal.ENDED
    if record.refusal is Refusal.OFFERED:
        return _RIGHT_AFTER[_fate(draft, WaitingEntryId(record.slot.id))]
    state = record.slot.state
    holder = (
        state.before.holder if isinstance(state, Revoked) and isinstance(state.before, Reserved) else None
    )
    return Refusal.ENDED if holder is None or _holds_place(draft, holder) else Refusal.OPEN


def _holds_place(draft: Draft, holder: Holder) -> bool:
    return any(it.held is not None and it.held.holder == holder for it in draft.slots.values())


def _settle_entries(draft: Draft) -> None:
    for record in tuple(draft.entries.values()):
        state = record.state
        if state not in (EntryState.WAITING, EntryState.OFFERED):
            continue
        if record.screening is not ScreeningState.IN_SCREENING:
            state = EntryState.WITHDRAWN
        elif state is EntryState.OFFERED:
            state = _ENTRY_AFTER[_fate(draft, record.entry.id)]
        elif _holds_place(draft, record.entry.holder):
            state = EntryState.SERVED
        if state is not record.state:
            draft.put_entry(replace(record, state=state))


def _fate(draft: Draft, entry_id: WaitingEntryId) -> OfferFate:
    offers = [record for record in draft.slots.values() if record.entry_id == entry_id]
    latest = max(offers, key=lambda record: (record.slot.opened_at, record.slot.id), default=None)
    if latest is None:
        return OfferFate.LAPSED
    if isinstance(latest.running, Offered):
        return OfferFate.STANDS
    if isinstance(latest.running, Reserved) or isinstance(latest.slot.state, Consumed):
        return OfferFate.TAKEN
    fell = isinstance(latest.slot.state, Revoked) and isinstance(latest.slot.state.before, Offered)
    return OfferFate.FELL if fell else OfferFate.LAPSED


# -- offering -------------------------------------------------------------------------------------------


def _offer_next(draft: Draft, record: SlotRecord) -> None:
    part = record.slot.place.part
    waiting = [
        it.entry for it in draft.entries.values() if it.part == part and it.state is EntryState.WAITING
    ]
    rights = open_rights(draft.slots.values(), part)
    if not waiting and not rights:
        return
    board = draft.as_board()
    outcome = decide_next_offer(
        board.policy.waiting,
        waiting,
        rights,
        served_sites(board.entries.values(), part),
        barred_sites(board, record.slot.place),
    )
    if isinstance(outcome, NextOffer):
        make_offer(draft, record, outcome.holder)


def offer_by_choice(draft: Draft, record: SlotRecord, choice: MonitorChoice) -> SlotRecord:
    """Offer a free slot to the entry that the medical monitor chose.

    Raises:
        Refused: `reason_required`, `not_found` for an entry that does not wait, or the slot is not free.
    """
    board = draft.as_board()
    part = record.slot.place.part
    waiting = [
        it.entry for it in board.entries.values() if it.part == part and it.state is EntryState.WAITING
    ]
    barred = barred_sites(board, record.slot.place)
    outcome = decide_next_offer(board.policy.waiting, waiting, at_limit=barred, choice=choice)
    if not isinstance(outcome, NextOffer):
        raise Refused("not_found", "Nobody waits who could take a place now.")
    return make_offer(draft, record, outcome.holder)


def barred_sites(board: Board, place: PartLevel) -> frozenset[SiteId]:
    """Sites that can take no place at this level now; they keep theirs in line and are passed over."""
    return frozenset(site_id for site_id in _sites_in_line(board) if _barred(board, place, site_id))


def _sites_in_line(board: Board) -> set[SiteId]:
    waiting = {
        record.entry.site_id for record in board.entries.values() if record.state is EntryState.WAITING
    }
    return waiting | {
        right.holder.site_id for part in _parts(board) for right in open_rights(board.slots.values(), part)
    }


def _parts(board: Board) -> set[str]:
    return {place.part for place in board.levels}


def _barred(board: Board, place: PartLevel, site_id: SiteId) -> bool:
    site = board.sites.get(site_id)
    if site is None or site.status is not SiteStatus.GREEN_LIGHT or board.halts_on(place, site_id):
        return True
    try:
        check_site_limits(board.reservations(site_id))
    except Refused:
        return True
    return False


def make_offer(draft: Draft, record: SlotRecord, holder: Holder) -> SlotRecord:
    """Offer the slot for one reserve window, under the line that the holder has in this part."""
    entry_id, number = _line_of(draft, holder, record.slot.place.part)
    slot = offer_slot(record.slot, holder, draft.now, draft.board.policy.reserve_window)
    return draft.put_slot(
        replace(record, entry_id=entry_id, screening_number=number), slot, SlotHappening.OFFERED
    )


def _line_of(draft: Draft, holder: Holder, part: str) -> tuple[WaitingEntryId, str]:
    for right in open_rights(draft.slots.values(), part):
        if right.holder == holder:
            taken = draft.slots[right.slot_id]
            draft.amend_slot(replace(taken, refusal=Refusal.OFFERED))
            return WaitingEntryId(right.slot_id), taken.screening_number
    for record in tuple(draft.entries.values()):
        if record.part == part and record.entry.holder == holder and record.state is EntryState.WAITING:
            draft.put_entry(replace(record, state=EntryState.OFFERED, offered_at=draft.now))
            return record.entry.id, record.screening_number
    raise LookupError("the holder stands in no line of this part")

"""A site asks for a place: reserved at once, or on the waiting list; never both."""

from dataclasses import dataclass, replace

from services.enrolment.domain.board import Board, EntryRecord, EntryState, SlotRecord
from services.enrolment.domain.draft import Draft, SlotHappening
from services.enrolment.domain.ids import PartLevel, SlotId, WaitingEntryId
from services.enrolment.domain.levels import LevelState
from services.enrolment.domain.offers import barred_sites, open_rights, queue
from services.enrolment.domain.recruitment import TrialStatus, require_site_running
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.screening import Screening
from services.enrolment.domain.slot_states import Holder, Offered, Open, Revoked, Slot
from services.enrolment.domain.slots import reserve_slot
from services.enrolment.domain.waiting_list import (
    FirstRefusal,
    SiteReservations,
    WaitingEntry,
    Waitlisted,
    decide_request,
)

STARTING = frozenset({TrialStatus.SETUP, TrialStatus.OPEN, TrialStatus.PAUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """The request stands in line; `new` when it did not before. `position` counts from 1."""

    record: EntryRecord
    position: int
    new: bool


def request_place(draft: Draft, screening: Screening, wanted: SlotId | None = None) -> SlotRecord | Waits:
    """Reserve the wanted slot, or the next free one of the open level, or put the request in line.

    Args:
        draft: the trial's board, under the lock of the trial.
        screening: the asking site's running screening.
        wanted: the slot that the site named, if it named one.

    Raises:
        Refused: the trial no longer recruits, the site has no green light or is halted, its limits are
            reached, the wanted slot was revoked, or the screening holds a place already.
    """
    board, part, holder = draft.board, screening.part, screening.holder
    level = _level_for(board, part, wanted)
    _check_site(board, part, level, holder)
    _check_no_place_yet(draft, holder)
    slots = [record.slot for record in draft.live() if level is not None and record.slot.place == level]
    outcome = decide_request(slots, _ahead(board, part, holder), _site_holds(board, slots, holder), holder)
    if isinstance(outcome, Waitlisted):
        return _wait(draft, screening)
    named = next((it for it in slots if it.id == wanted and isinstance(it.state, Open)), outcome)
    granted = named if isinstance(outcome.state, Open) else outcome
    reserved = reserve_slot(granted, holder, draft.now, board.policy.reserve_window)
    record = replace(draft.slots[granted.id], screening_number=screening.number)
    return draft.put_slot(record, reserved, SlotHappening.RESERVED)


def _level_for(board: Board, part: str, wanted: SlotId | None) -> PartLevel | None:
    """The level of the wanted slot, or the open level of the part."""
    if wanted is not None:
        record = board.slots[wanted]
        if isinstance(record.slot.state, Revoked):
            raise Refused("slot_revoked", "The slot was revoked.", slot_id=wanted)
        return record.slot.place
    opened = [
        place
        for place, it in board.levels.items()
        if place.part == part and it.level.state is LevelState.OPEN
    ]
    return max(opened, default=None)


def _check_site(board: Board, part: str, level: PartLevel | None, holder: Holder) -> None:
    if board.status not in STARTING:
        raise Refused("trial_not_open", f"The trial is {board.status.value}.")
    site = board.sites.get(holder.site_id)
    require_site_running(site.status if site else None)
    halts = board.halts_on(level or PartLevel(part=part, level=1), holder.site_id)
    here = sorted(halt.id for halt in halts if halt.scope.site_id is not None)
    if here:
        raise Refused("site_halted", f"Halted at this site: {', '.join(here)}.", halts=here)


def _check_no_place_yet(draft: Draft, holder: Holder) -> None:
    """An offer may be taken up; anything else that the screening holds is enough."""
    for record in draft.live():
        if record.held is None or record.held.holder != holder or isinstance(record.slot.state, Offered):
            continue
        if isinstance(record.held, Offered):
            raise Refused(
                "slot_frozen", "The slot offered to this screening is frozen.", slot_id=record.slot.id
            )
        raise Refused("place_held_already", "This screening holds a place already.")


def _ahead(board: Board, part: str, holder: Holder) -> int:
    """How many who could take a place at once are served before this request."""
    rights = [right.holder for right in open_rights(board.slots.values(), part)]
    waiting = [entry.holder for entry in queue(board, part)]
    line = [*rights, *waiting]
    before = line[: line.index(holder)] if holder in line else line
    barred = barred_sites(board, PartLevel(part=part, level=1))
    return sum(other.site_id not in barred for other in before)


def _site_holds(board: Board, slots: list[Slot], holder: Holder) -> SiteReservations:
    own_offer = next(
        (it.id for it in slots if isinstance(it.state, Offered) and it.state.holder == holder), None
    )
    return board.reservations(holder.site_id, but=own_offer)


def _wait(draft: Draft, screening: Screening) -> Waits:
    part, holder = screening.part, screening.holder
    board = draft.as_board()
    rights = open_rights(board.slots.values(), part)
    for number, right in enumerate(rights, start=1):
        if right.holder == holder:
            return Waits(record=_line_of_right(right, part), position=number, new=False)
    mine = [
        record
        for record in draft.entries.values()
        if record.part == part and record.entry.holder == holder and record.state is EntryState.WAITING
    ]
    if mine:
        return Waits(record=mine[0], position=position_of(board, mine[0]), new=False)
    entry = WaitingEntry(
        id=WaitingEntryId(draft.new_id()),
        site_id=holder.site_id,
        screening_id=holder.screening_id,
        notified_at=draft.now,
    )
    record = EntryRecord(entry=entry, part=part, screening_number=screening.number)
    draft.put_entry(record)
    return Waits(record=record, position=position_of(draft.as_board(), record), new=True)


def _line_of_right(right: FirstRefusal, part: str) -> EntryRecord:
    """A right of first refusal as a line of the list; it is stored with the slot that was taken away."""
    entry = WaitingEntry(
        id=WaitingEntryId(right.slot_id),
        site_id=right.holder.site_id,
        screening_id=right.holder.screening_id,
        notified_at=right.reserved_at,
    )
    return EntryRecord(entry=entry, part=part)


def position_of(board: Board, record: EntryRecord) -> int:
    """Place in line, counted from 1; rights of first refusal stand before the list."""
    order = [entry.id for entry in queue(board, record.part)]
    return len(open_rights(board.slots.values(), record.part)) + order.index(record.entry.id) + 1

"""Give a slot back, extend its deadline, or offer it to whom the medical monitor chose."""

from dataclasses import dataclass
from datetime import timedelta

from services.enrolment.commands.announce import keep
from services.enrolment.commands.permission import Allowed, allow, unknown
from services.enrolment.domain.board import SlotRecord
from services.enrolment.domain.draft import Draft, SlotHappening
from services.enrolment.domain.ids import SiteId, SlotId, WaitingEntryId
from services.enrolment.domain.offers import offer_by_choice
from services.enrolment.domain.roles import CHOOSING, EXTENDING, SITE_STAFF
from services.enrolment.domain.settlement import settle
from services.enrolment.domain.slots import extend_slot as extended
from services.enrolment.domain.slots import release_slot as released
from services.enrolment.domain.waiting_list import MonitorChoice
from services.enrolment.store.boards import load_board, lock_trial
from services.enrolment.store.slots import holder_of_slot
from shared.act import Act
from shared.auth import ANY
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseSlot:
    slot_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendSlot:
    """`hours` None asks for one more reserve window."""

    slot_id: str
    reason: str
    hours: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferSlot:
    slot_id: str
    entry_id: str
    reason: str


async def release_slot(tx: Tx, command: ReleaseSlot, act: Act) -> SlotRecord:
    """The slot as given back; a successor goes to whoever waits.

    Raises:
        Refused: the slot has ended or nobody holds it.
    """
    allowed, draft, record = await _open(tx, act, SITE_STAFF, command.slot_id)
    site = record.held.holder.site_id if record.held else SiteId("")
    slot = released(record.slot, site, act.now)
    ended = draft.end_slot(record, slot, SlotHappening.RELEASED)
    settle(draft)
    await keep(tx, allowed.act, draft)
    return ended


async def extend_slot(tx: Tx, command: ExtendSlot, act: Act) -> SlotRecord:
    """The slot with its later deadline; the reason stays in the audit.

    Raises:
        Refused: `reason_required`, `slot_expired`, or the slot is not held.
    """
    allowed, draft, record = await _open(tx, act, EXTENDING, command.slot_id)
    window = draft.board.policy.reserve_window
    by = timedelta(hours=command.hours) if command.hours is not None else window
    later = draft.put_slot(record, extended(record.slot, by, command.reason, act.now), SlotHappening.RESERVED)
    await keep(tx, allowed.act, draft, reason=command.reason)
    return later


async def offer_slot(tx: Tx, command: OfferSlot, act: Act) -> SlotRecord:
    """The slot as offered to the chosen entry; the reason stays in the audit.

    Raises:
        Refused: `reason_required`, `not_found`, or the slot is not free.
    """
    allowed, draft, record = await _open(tx, act, CHOOSING, command.slot_id)
    choice = MonitorChoice(entry_id=WaitingEntryId(command.entry_id), reason=command.reason)
    offered = offer_by_choice(draft, record, choice)
    await keep(tx, allowed.act, draft, reason=command.reason)
    return offered


async def _open(tx: Tx, act: Act, roles: tuple[str, ...], slot_id: str) -> tuple[Allowed, Draft, SlotRecord]:
    """A slot on its locked trial's board, for somebody who may act at the site that holds it.

    A slot that no site holds belongs to the trial as a whole.
    """
    found = await holder_of_slot(tx, slot_id)
    if found is None:
        raise unknown(act, roles)
    await allow(tx, act, roles, found.trial_id, found.site_number or ANY)
    await lock_trial(tx, found.trial_id)
    board = await load_board(tx, found.trial_id, act.now, also_slot=slot_id)
    record = board.slots[SlotId(slot_id)]
    site = record.held.holder.site_id if record.held else found.site_number or ANY
    allowed = await allow(tx, act, roles, found.trial_id, site)
    return allowed, Draft(board, act.now, act.new_id), record

"""Ask for a place: a named slot, or the next free one of a part. The answer is a place or a position."""

from dataclasses import dataclass
from datetime import datetime

from services.enrolment.commands.announce import keep
from services.enrolment.commands.permission import allow, running_screening, unknown
from services.enrolment.commands.state_dates import state_dates
from services.enrolment.domain.asked_place import no_places
from services.enrolment.domain.board import EntryRecord, SlotRecord
from services.enrolment.domain.dated_requests import NOTHING_STATED, StatedDates
from services.enrolment.domain.draft import Draft
from services.enrolment.domain.ids import SlotId
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.requests import Waits, request_place
from services.enrolment.domain.roles import SITE_STAFF
from services.enrolment.domain.screening import Screening
from services.enrolment.domain.settlement import settle
from services.enrolment.domain.slot_states import Reserved
from services.enrolment.events.place_events import SlotWaitlistedV1
from services.enrolment.store.boards import load_board, lock_trial
from services.enrolment.store.people import find_screening
from services.enrolment.store.slots import trial_of_slot
from shared.act import Act
from shared.database import Tx
from shared.outbox import NewEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class ReserveSlot:
    slot_id: str
    screening_id: str
    stated: StatedDates = NOTHING_STATED


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSlot:
    trial: str
    part: str
    screening_id: str
    stated: StatedDates = NOTHING_STATED


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceGiven:
    """The place is the screening's until `expires_at`."""

    record: SlotRecord
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InLine:
    entry: EntryRecord
    position: int


async def reserve_slot(tx: Tx, command: ReserveSlot, act: Act) -> PlaceGiven | InLine:
    """The named slot, the next free one of its level, or a place in line.

    Raises:
        Refused: see `request_place` and `state_dates`.
    """
    trial_id = await trial_of_slot(tx, command.slot_id)
    if trial_id is None:
        raise unknown(act, SITE_STAFF)
    return await _request(tx, act, trial_id, command, command.slot_id)


async def request_slot(tx: Tx, command: RequestSlot, act: Act) -> PlaceGiven | InLine:
    """The next free slot of the part's open level, or a place in line.

    Raises:
        Refused: `part_has_no_places` for a part without dose levels; else see `request_place` and
            `state_dates`.
    """
    screening = await find_screening(tx, command.screening_id)
    if screening is None:
        raise unknown(act, SITE_STAFF)
    allowed = await allow(tx, act, SITE_STAFF, command.trial, screening.site_id)
    if screening.part != command.part:
        raise unknown(act, SITE_STAFF)
    return await _request(tx, act, allowed.trial.id, command, None)


async def _request(
    tx: Tx, act: Act, trial_id: str, command: ReserveSlot | RequestSlot, slot_id: str | None
) -> PlaceGiven | InLine:
    await lock_trial(tx, trial_id)
    allowed, screening = await running_screening(tx, act, SITE_STAFF, command.screening_id)
    board = await load_board(tx, trial_id, act.now, also_slot=slot_id or "")
    wanted = board.slots.get(SlotId(slot_id)) if slot_id else None
    elsewhere = wanted is not None and wanted.slot.place.part != screening.part
    if screening.trial_id != trial_id or (slot_id and wanted is None) or elsewhere:
        raise unknown(act, SITE_STAFF)
    if not board.shares_places(screening.part):
        raise no_places(screening.part)
    await state_dates(tx, allowed.act, screening, command.stated)
    draft = Draft(board, act.now, act.new_id)
    outcome = request_place(draft, screening, wanted.slot.id if wanted else None)
    settle(draft)
    also = [_waitlisted(screening, outcome)] if isinstance(outcome, Waits) and outcome.new else []
    await keep(tx, allowed.act, draft, also)
    if isinstance(outcome, Waits):
        return InLine(entry=outcome.record, position=outcome.position)
    return _given(draft, outcome)


def _given(draft: Draft, outcome: SlotRecord) -> PlaceGiven:
    """The place as it stands after everything that followed; a hold may have stopped its clock already."""
    record = draft.slots[outcome.slot.id]
    held = record.held
    if not isinstance(held, Reserved):
        raise Refused("slot_not_open", "The slot was taken away at once.", slot_id=outcome.slot.id)
    return PlaceGiven(record=record, expires_at=held.expires_at)


def _waitlisted(screening: Screening, waits: Waits) -> NewEvent:
    entry = waits.record.entry
    body = SlotWaitlistedV1(
        trial_id=screening.trial_id,
        entry_id=entry.id,
        part=screening.part,
        site_number=screening.site_id,
        screening_number=screening.number,
        notified_at=entry.notified_at,
    )
    return NewEvent(aggregate_id=entry.id, scope=screening.trial_id, body=body)

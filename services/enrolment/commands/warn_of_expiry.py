"""Warn sites that a reservation or an offer of theirs ends soon, once for each deadline."""

from dataclasses import replace

from services.enrolment.commands.announce import keep
from services.enrolment.domain.board import SlotRecord
from services.enrolment.domain.draft import Draft, SlotHappening
from services.enrolment.domain.slots import expiry_due
from services.enrolment.store.boards import load_board, lock_trial
from services.enrolment.store.slots import trial_with_slot_to_warn
from shared.act import Act
from shared.database import Tx


async def warn_of_expiry(tx: Tx, act: Act) -> int:
    """Warn every holder of one trial who is to be warned by now; return how many those were.

    Who is to be warned is read again under the trial's lock: a place that was used, given back, extended or
    frozen meanwhile is left alone.
    """
    trial_id = await trial_with_slot_to_warn(tx, act.now)
    if trial_id is None:
        return 0
    await lock_trial(tx, trial_id)
    draft = Draft(await load_board(tx, trial_id, act.now), act.now, act.new_id)
    due = [record for record in draft.live() if _to_warn(record, act)]
    for record in due:
        deadline = record.held.expires_at if record.held else None
        draft.put_slot(replace(record, warned_for=deadline), record.slot, SlotHappening.EXPIRING)
    await keep(tx, act, draft)
    return len(due)


def _to_warn(record: SlotRecord, act: Act) -> bool:
    return record.warn_at is not None and record.warn_at <= act.now and not expiry_due(record.slot, act.now)

"""End reservations and offers whose time has passed, and offer the places to whoever waits."""

from services.enrolment.commands.announce import keep
from services.enrolment.domain.draft import Draft, SlotHappening
from services.enrolment.domain.settlement import settle
from services.enrolment.domain.slots import expire_slot, expiry_due
from services.enrolment.store.boards import load_board, lock_trial
from services.enrolment.store.slots import trial_with_due_slot
from shared.act import Act
from shared.database import Tx


async def expire_slots(tx: Tx, act: Act) -> int:
    """Expire what is due in one trial, the one that waited longest; return how many slots that were.

    What is due is read again under the trial's lock: a slot that was used or frozen meanwhile is left alone.
    """
    trial_id = await trial_with_due_slot(tx, act.now)
    if trial_id is None:
        return 0
    await lock_trial(tx, trial_id)
    draft = Draft(await load_board(tx, trial_id, act.now), act.now, act.new_id)
    due = [record for record in draft.live() if expiry_due(record.slot, act.now)]
    for record in due:
        draft.end_slot(record, expire_slot(record.slot, act.now), SlotHappening.EXPIRED)
    settle(draft)
    await keep(tx, act, draft)
    return len(due)

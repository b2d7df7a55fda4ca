"""Protocol versions that have come into force since anybody looked: their trials are reassessed."""

from services.sponsor.commands.reassess_trial import reassess_trial
from services.sponsor.store.protocol_versions import mark_taken_up, trials_to_take_up
from shared.act import Act
from shared.database import Tx

TRIALS_AT_ONCE = 20


async def take_up_protocol_versions(tx: Tx, act: Act) -> int:
    """Take up what is due; returns for how many trials."""
    due = await trials_to_take_up(tx, act.now, TRIALS_AT_ONCE)
    for trial_id in due:
        await reassess_trial(tx, act, trial_id)
        await mark_taken_up(tx, trial_id, act.now)
    return len(due)

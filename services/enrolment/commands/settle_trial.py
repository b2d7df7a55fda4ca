"""Bring a trial's places to what is known now. Every reaction to an event ends here, and so does a rebuild."""

from services.enrolment.commands.announce import keep
from services.enrolment.domain.settlement import settled
from services.enrolment.store.boards import load_board, lock_trial
from services.enrolment.store.trials import known_trials, name_trial
from shared.act import Act
from shared.database import Tx


async def settle_trial(tx: Tx, act: Act, trial_id: str) -> None:
    """Apply decisions, close levels, revoke, replace, freeze and offer slots: whatever is due and not done.

    Level-triggered: it looks at the whole state, so it may run after any event and any number of times. It
    holds the trial's gate from its first statement to the commit.
    """
    await lock_trial(tx, trial_id)
    board = await load_board(tx, trial_id, act.now)
    await name_trial(tx, trial_id, board.code)
    draft = settled(board, act.now, act.new_id)
    await keep(tx, act, draft)


async def settle_every_trial(tx: Tx, act: Act) -> None:
    """Once after a rebuild of the copies."""
    for trial_id in await known_trials(tx):
        await settle_trial(tx, act, trial_id)


async def hold_gate(tx: Tx, trial_id: str) -> None:
    """Let a change of a copy wait for registrations under way, and later ones wait for it."""
    await lock_trial(tx, trial_id)

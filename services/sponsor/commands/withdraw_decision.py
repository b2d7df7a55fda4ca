"""Taking a dose decision back: by one person, before or after it took force; never a restriction in force."""

from dataclasses import dataclass
from functools import partial

from services.sponsor.commands.announcements import decision_superseded
from services.sponsor.commands.permission import WITHDRAWERS, permitted
from services.sponsor.commands.reassess_trial import reassess
from services.sponsor.domain.decision import Decision, DecisionState, withdraw
from services.sponsor.store.decisions import load_decision, save_state
from shared.act import Act
from shared.audit import record
from shared.database import Tx
from shared.outbox import put


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawDecision:
    decision_id: str
    reason: str


async def withdraw_decision(tx: Tx, command: WithdrawDecision, act: Act) -> Decision:
    """Withdraw a decision; places that rest on it freeze where it was in force.

    Raises:
        Refused: `decision_not_withdrawable`, `reason_required`.
    """
    load = partial(load_decision, tx, command.decision_id)
    decision, trial, act = await permitted(tx, act, load, WITHDRAWERS)
    withdrawn = withdraw(decision, command.reason, act.now)
    await save_state(tx, withdrawn)
    if decision.state is DecisionState.PROPOSED:
        details = {"reason": withdrawn.ended_reason}
        await record(tx, act, decision.id, "dose-decision.withdrawn", details)
        return withdrawn
    await put(tx, act, decision_superseded(decision, "withdrawn", act.now))
    await reassess(tx, act, trial)
    return withdrawn

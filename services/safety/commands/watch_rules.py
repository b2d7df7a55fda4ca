"""A trial's stopping rules as a whole: watched from the approval of the protocol version that brings them."""

from services.safety.commands.count_outcomes import count_rule
from services.safety.domain.place import TrialRef
from services.safety.store.stopping_rules import rules_in_force
from shared.act import Act
from shared.database import Tx


async def watch_rules(tx: Tx, act: Act, trial: TrialRef, *, cause: str) -> None:
    """Count under every rule of the trial that is known here, after what happened to many was kept."""
    if trial.id is None:
        return
    for rule in sorted(await rules_in_force(tx, trial.id), key=lambda one: one.id):
        await count_rule(tx, act, rule, trial, cause)

"""Explaining a crossing: words beside it, which take nothing back and lift no hold."""

from dataclasses import dataclass, replace

from services.safety.domain.refusals import Refused
from services.safety.domain.roles import EXPLAINING_CROSSINGS
from services.safety.store.stopping_crossings import (
    Explanation,
    StoredCrossing,
    load_crossing,
    save_crossing,
)
from shared.act import Act
from shared.audit import record
from shared.auth import ANY, permit
from shared.database import Tx
from shared.problems import Problem

MOST_EXPLANATIONS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainCrossing:
    crossing_id: str
    words: str


async def explain_crossing(tx: Tx, command: ExplainCrossing, act: Act) -> StoredCrossing:
    """Add an explanation to a crossing.

    Raises:
        Refused: `reason_required` without words, `too_many_explanations`.
        Problem: 403 without the role, 404 for a crossing of another trial.
    """
    principal = act.principal
    assert principal is not None
    if not principal.has_role(*EXPLAINING_CROSSINGS):
        permit(principal, EXPLAINING_CROSSINGS, scope=ANY, unit=ANY)
    crossing = await load_crossing(tx, command.crossing_id, lock=True)
    if crossing is None:
        raise Problem("not_found")
    act = act.as_role(permit(principal, EXPLAINING_CROSSINGS, scope=crossing.trial_key, unit=ANY).role)
    if not command.words.strip():
        raise Refused("reason_required", "An explanation has words.")
    if len(crossing.explanations) >= MOST_EXPLANATIONS:
        raise Refused("too_many_explanations", f"A crossing has at most {MOST_EXPLANATIONS} explanations.")
    said = Explanation(by=act.actor, at=act.now, words=command.words.strip())
    explained = replace(crossing, explanations=(*crossing.explanations, said))
    await save_crossing(tx, explained)
    number = {"explanation": len(explained.explanations)}
    await record(tx, act, crossing.id, "stopping-rule.explained", number)
    return explained

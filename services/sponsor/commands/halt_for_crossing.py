"""A halt for a crossed stopping rule: in force at once, so that people decide; two of them lift it."""

from dataclasses import dataclass

from services.sponsor.commands.announcements import halt_imposed
from services.sponsor.domain.halt import HaltScope, decide_halt
from services.sponsor.domain.ids import HaltId, PersonId
from services.sponsor.store.halts import load_halt, save_halt
from services.sponsor.store.trials import load_trial
from shared.act import Act
from shared.database import Tx
from shared.outbox import put

REASON = "stopping_rule_crossed"


@dataclass(frozen=True, slots=True, kw_only=True)
class HaltForCrossing:
    """Which crossing of the safety service, and what its rule covers."""

    trial_id: str
    crossing_id: str
    part: str | None
    level: int | None


async def halt_for_crossing(tx: Tx, command: HaltForCrossing, act: Act) -> None:
    """Halt recruitment where the rule counts, under the crossing's id; once, however often it is told."""
    trial = await load_trial(tx, command.trial_id)
    if trial is None or await load_halt(tx, command.crossing_id) is not None:
        return
    scope = HaltScope(
        part=command.part,
        level=command.level if command.part is not None else None,
        recruitment=True,
        dosing=False,
    )
    halt = decide_halt(HaltId(command.crossing_id), trial.id, scope, REASON, PersonId(act.actor), act.now)
    await save_halt(tx, halt)
    await put(tx, act, halt_imposed(halt, {}))

"""What happens, during a halt, to participants on treatment."""

from dataclasses import dataclass
from functools import partial

from services.sponsor.commands.permission import HALTERS, permitted
from services.sponsor.domain.halt import Halt, state_plan
from services.sponsor.store.halts import load_halt, save_halt
from shared.act import Act
from shared.audit import record
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class StatePlan:
    halt_id: str
    plan: str


async def state_halt_plan(tx: Tx, command: StatePlan, act: Act) -> Halt:
    """State what happens to participants on treatment.

    Raises:
        Refused: `halt_not_in_force`, `reason_required`.
    """
    halt, _, act = await permitted(tx, act, partial(load_halt, tx, command.halt_id), HALTERS)
    planned = state_plan(halt, command.plan)
    await save_halt(tx, planned)
    await record(tx, act, halt.id, "halt.plan-stated", {"plan": planned.plan})
    return planned

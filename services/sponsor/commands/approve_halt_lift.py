"""The second of the two people who lift a halt: the one who agrees."""

from functools import partial

from services.sponsor.commands.permission import HALTERS, permitted
from services.sponsor.domain.halt import Halt, approve_lift
from services.sponsor.domain.ids import PersonId
from services.sponsor.events.published import HaltLiftedV1
from services.sponsor.store.halts import load_halt, save_halt
from shared.act import Act
from shared.database import Tx
from shared.outbox import NewEvent, put


async def approve_halt_lift(tx: Tx, halt_id: str, act: Act) -> Halt:
    """Lift the halt, by somebody other than the person who asked.

    Raises:
        Refused: `halt_not_in_force`, `lift_not_requested`, `second_person_required`,
            `treatment_plan_required`.
    """
    halt, trial, act = await permitted(tx, act, partial(load_halt, tx, halt_id), HALTERS)
    lifted = approve_lift(halt, PersonId(act.actor), act.now)
    await save_halt(tx, lifted)
    body = HaltLiftedV1(trial_id=trial.id, halt_id=halt.id, lifted_at=act.now)
    await put(tx, act, NewEvent(aggregate_id=halt.id, scope=trial.id, body=body))
    return lifted

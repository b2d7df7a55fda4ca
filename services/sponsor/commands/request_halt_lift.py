"""The first of the two people who lift a halt: the one who asks."""

from dataclasses import dataclass
from functools import partial

from services.sponsor.commands.permission import HALTERS, permitted
from services.sponsor.domain.halt import Halt, request_lift
from services.sponsor.domain.ids import EvidenceId, PersonId
from services.sponsor.store.halts import load_halt, save_halt
from shared.act import Act
from shared.audit import record
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLift:
    halt_id: str
    reason: str
    evidence_id: str


async def request_halt_lift(tx: Tx, command: RequestLift, act: Act) -> Halt:
    """Ask for the halt to be lifted; it stays in force.

    Raises:
        Refused: `halt_not_in_force`, `reason_required`, `evidence_missing`.
    """
    halt, _, act = await permitted(tx, act, partial(load_halt, tx, command.halt_id), HALTERS)
    asked = request_lift(halt, PersonId(act.actor), command.reason, EvidenceId(command.evidence_id), act.now)
    await save_halt(tx, asked)
    details = {"reason": command.reason, "evidence_id": command.evidence_id}
    await record(tx, act, halt.id, "halt.lift-requested", details)
    return asked

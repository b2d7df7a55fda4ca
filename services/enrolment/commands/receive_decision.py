"""A site has received a dose decision; where the protocol asks for it, nobody is registered before."""

from dataclasses import dataclass
from datetime import datetime

from services.enrolment.commands.permission import allow, unknown
from services.enrolment.domain.roles import RECEIVING_STAFF
from services.enrolment.events.place_events import DoseDecisionReceivedV1
from services.enrolment.store.receipts import keep_receipt, trial_of_decision
from shared.act import Act
from shared.database import Tx
from shared.outbox import NewEvent, put


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveDecision:
    decision_id: str
    site_number: str


async def receive_decision(tx: Tx, command: ReceiveDecision, act: Act) -> datetime:
    """The time of this act; the site's first receipt counts and a further one changes nothing."""
    trial_id = await trial_of_decision(tx, command.decision_id)
    allowed = await allow(tx, act, RECEIVING_STAFF, trial_id, command.site_number)
    if trial_id is None:
        raise unknown(act, RECEIVING_STAFF)
    if await keep_receipt(tx, act, trial_id, command.decision_id, command.site_number):
        body = DoseDecisionReceivedV1(
            trial_id=trial_id,
            decision_id=command.decision_id,
            site_number=command.site_number,
            role="pharmacist" if allowed.act.actor_role == "pharmacist" else "site_investigator",
            received_at=act.now,
        )
        await put(tx, allowed.act, NewEvent(aggregate_id=command.decision_id, scope=trial_id, body=body))
    return act.now

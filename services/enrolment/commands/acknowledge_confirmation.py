"""The pharmacy acknowledges a confirmation."""

from dataclasses import replace

from services.enrolment.commands.permission import allow, unknown
from services.enrolment.domain.dose_acts import check_unacknowledged
from services.enrolment.domain.dose_confirmation import Confirmation
from services.enrolment.domain.roles import PHARMACY
from services.enrolment.store.dose_confirmations import acknowledge_confirmation, load_confirmation
from shared.act import Act
from shared.audit import record as record_audit
from shared.database import Tx


async def acknowledge(tx: Tx, confirmation_id: str, act: Act) -> Confirmation:
    """The confirmation as acknowledged by a pharmacist of its site.

    Raises:
        Refused: `confirmation_acknowledged`.
        Problem: `not_found`, also for another site's.
    """
    found = await load_confirmation(tx, confirmation_id)
    if found is None:
        raise unknown(act, PHARMACY)
    allowed = await allow(tx, act, PHARMACY, found.trial_id, found.site_number)
    check_unacknowledged(acknowledged=found.acknowledged_at is not None)
    await acknowledge_confirmation(tx, confirmation_id, act.actor, act.now)
    details = {"confirmation_id": confirmation_id}
    await record_audit(tx, allowed.act, found.participant_id, "dose-confirmation.acknowledged", details)
    return replace(found, acknowledged_by=act.actor, acknowledged_at=act.now)

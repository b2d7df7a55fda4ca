"""Sites that have been told of a halt."""

from services.sponsor.store.committee_tables import HaltReceiptRow
from shared.act import Act
from shared.database import Tx
from shared.rows import insert_once, table_of


async def add_halt_receipt(tx: Tx, act: Act, trial_id: str, halt_id: str, site_number: str) -> bool:
    """Keep the first receipt of a site; false when there is one."""
    values = {
        "halt_id": halt_id,
        "site_number": site_number,
        "trial_id": trial_id,
        "person_id": act.actor,
        "role": act.actor_role,
        "received_at": act.now,
    }
    return await insert_once(tx, table_of(HaltReceiptRow), values)

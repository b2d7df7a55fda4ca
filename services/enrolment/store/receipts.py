"""Which sites have received which dose decision."""

from services.enrolment.store.place_tables import DecisionReceiptRow
from shared.act import Act
from shared.database import Sql, Tx
from shared.rows import insert_once, table_of


async def keep_receipt(tx: Tx, act: Act, trial_id: str, decision_id: str, site_number: str) -> bool:
    """Keep the first receipt of a site; false when there is one."""
    values = {
        "decision_id": decision_id,
        "site_number": site_number,
        "trial_id": trial_id,
        "person": act.actor,
        "received_at": act.now,
    }
    return await insert_once(tx, table_of(DecisionReceiptRow), values)


async def trial_of_decision(tx: Tx, decision_id: str) -> str | None:
    rows = await tx.fetch(_TRIAL, decision_id)
    return str(rows[0][0]) if rows else None


_TRIAL = Sql("SELECT trial_id FROM decision_copy WHERE decision_id = $1")

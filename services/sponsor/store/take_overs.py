"""The folders from which trials were taken over, and who signed them."""

from services.sponsor.store.base import METADATA
from shared.database import Sql, Tx
from shared.signed_folders import add_folder_tables

add_folder_tables(METADATA)


async def holds_anything(tx: Tx, trial_id: str) -> bool:
    """Whether anybody was registered or anything was decided in the trial here."""
    return bool(await tx.fetch(_HOLDS, trial_id))


_HOLDS = Sql(
    "SELECT 1 WHERE EXISTS (SELECT 1 FROM decision WHERE trial_id = $1)"
    " OR EXISTS (SELECT 1 FROM participant_copy WHERE trial_id = $1)"
)

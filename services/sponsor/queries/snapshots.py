"""A frozen snapshot, byte for byte."""

from services.sponsor.domain.snapshot import StoredSnapshot, thaw
from services.sponsor.queries.committee import require_declared
from services.sponsor.queries.visibility import READERS_AND_INVESTIGATORS, visible_trial
from services.sponsor.store.snapshots import load_snapshot
from shared.act import Act
from shared.database import Tx
from shared.problems import Problem


async def show_snapshot(tx: Tx, act: Act, snapshot_id: str) -> StoredSnapshot:
    """The snapshot, for whoever may read it.

    Raises:
        Refused: `snapshot_altered` when the stored bytes do not have the recorded hash; `declaration_required`
            for a member of the committee who has not declared.
    """
    stored = await load_snapshot(tx, snapshot_id)
    await visible_trial(tx, act, stored.trial_id if stored else "", READERS_AND_INVESTIGATORS)
    if stored is None:
        raise Problem("not_found")
    await require_declared(tx, act, stored.trial_id, stored.part, stored.id)
    thaw(stored.frozen)
    return stored

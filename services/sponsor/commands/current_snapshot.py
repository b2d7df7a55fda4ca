"""Whether a decision that gives something may still rest on its snapshot."""

from services.sponsor.commands.late_data import judge
from services.sponsor.commands.reassess_trial import copies_incomplete
from services.sponsor.domain.late_data import require_current
from services.sponsor.domain.picture import TrialPicture
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.snapshot import StoredSnapshot, thaw
from shared.database import Tx


async def require_current_snapshot(tx: Tx, picture: TrialPicture, stored: StoredSnapshot) -> None:
    """Refuse when protocol, decisions or data have moved on since the snapshot was frozen.

    Raises:
        Refused: `snapshot_outdated`; `snapshot_source_stale` while copies are being built anew.
    """
    if await copies_incomplete(tx):
        raise Refused(
            "snapshot_source_stale", "Copies are being rebuilt.", sources={"own copies": "rebuilding"}
        )
    if thaw(stored.frozen).protocol_version != picture.version.terms.version:
        raise Refused("snapshot_outdated", "Another protocol version is in force now.", cause="protocol")
    if picture.history(stored.part) != stored.history:
        raise Refused("snapshot_outdated", "Another decision has taken force since.", cause="decision")
    require_current(judge(picture, stored), picture.recommend(stored.part))

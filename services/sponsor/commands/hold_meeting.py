"""Recording who was present at a meeting, and on which frozen snapshot it was held."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from services.sponsor.commands.committee_now import around
from services.sponsor.commands.declare_conflict import charter_of
from services.sponsor.commands.permission import MEETING_CALLERS, permitted
from services.sponsor.domain.ids import PersonId, SnapshotId
from services.sponsor.domain.meeting import Meeting, Sitting, hold, sitting_of
from services.sponsor.domain.refusals import Refused
from services.sponsor.store.meetings import load_meeting, save_held
from services.sponsor.store.snapshots import load_snapshot
from shared.act import Act
from shared.audit import record
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldMeeting:
    meeting_id: str
    snapshot_id: str
    present: Sequence[str]


async def hold_meeting(tx: Tx, command: HoldMeeting, act: Act) -> tuple[Meeting, Sitting]:
    """Keep that the meeting was held; members who come later are added by a further call.

    Raises:
        Refused: what `hold` refuses; `meeting_on_other_snapshot` for a snapshot of another part.
    """
    load = partial(load_meeting, tx, command.meeting_id)
    meeting, trial, act = await permitted(tx, act, load, MEETING_CALLERS)
    stored = await load_snapshot(tx, command.snapshot_id)
    if stored is None or (stored.trial_id, stored.part) != (trial.id, meeting.part):
        raise Refused("meeting_on_other_snapshot", "The part has no such snapshot.")
    charter, now = await charter_of(tx, meeting), await around(tx, trial.id, act.now)
    held = hold(
        meeting,
        charter,
        SnapshotId(stored.id),
        [PersonId(person) for person in command.present],
        around=now,
        by=PersonId(act.actor),
        at=act.now,
    )
    await save_held(tx, held, act.actor, act.now)
    details = {"snapshot_sha256": stored.frozen.sha256, "present": list(held.present)}
    await record(tx, act, meeting.id, "committee-meeting.held", details)
    return held, sitting_of(held, charter, now)

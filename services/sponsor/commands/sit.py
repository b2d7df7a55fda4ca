"""The sitting that a decision rests on, where a committee charter is in force."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.sponsor.commands.committee_now import around, charter_now
from services.sponsor.domain.decision import Decision, DecisionKind
from services.sponsor.domain.ids import SnapshotId
from services.sponsor.domain.meeting import Dissent, Sitting, Task, sitting_of, sitting_text, with_minutes
from services.sponsor.domain.refusals import Refused
from services.sponsor.store.meetings import load_meeting
from shared.act import Act
from shared.database import Tx
from shared.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Minutes:
    """At which meeting it was decided, who decided otherwise, and what is to be done; no meeting: empty."""

    meeting_id: str = ""
    dissents: Sequence[Dissent] = ()
    tasks: Sequence[Task] = ()


NO_MEETING = Minutes()


async def sit(
    tx: Tx, act: Act, trial_id: str, snapshot_id: SnapshotId, kind: DecisionKind, minutes: Minutes
) -> Sitting | None:
    """The meeting as it stands now; None for a trial without a charter, and for a restriction without a meeting.

    Raises:
        Refused: `meeting_required`, `charter_missing`, `charter_changed`, `meeting_on_other_snapshot`,
            `meeting_not_held`, `tasks_required`, and what `with_minutes` refuses.
        Problem: 404 `not_found` for a meeting that the trial does not have.
    """
    charter = await charter_now(tx, trial_id, act.now)
    if not minutes.meeting_id:
        if charter is not None and not (kind.restricts and kind is not DecisionKind.CANNOT_DECIDE):
            raise Refused("meeting_required", "Call a meeting and hold it on this snapshot.")
        if kind is DecisionKind.CANNOT_DECIDE:
            raise Refused("charter_missing", "Only a committee can say that it cannot decide.")
        return None
    meeting = await load_meeting(tx, minutes.meeting_id)
    if meeting is None or meeting.trial_id != trial_id:
        raise Problem("not_found")
    if charter is None or charter.id != meeting.charter_id:
        raise Refused("charter_changed", "Call a meeting under the charter in force.")
    if meeting.held_at is not None and meeting.snapshot_id != snapshot_id:
        raise Refused("meeting_on_other_snapshot", "The meeting was held on another snapshot.")
    sitting = sitting_of(meeting, charter, await around(tx, trial_id, act.now))
    if kind is DecisionKind.CANNOT_DECIDE and not minutes.tasks:
        raise Refused("tasks_required", "Say what is missing, who brings it, and until when.")
    return with_minutes(sitting, minutes.dissents, minutes.tasks)


def seated(decision: Decision, sitting: Sitting | None) -> Decision:
    """The proposal with its meeting, whose lines are signed together with the decision's."""
    if sitting is None:
        return decision
    return replace(decision, sitting=sitting, text=f"{decision.text}\n{sitting_text(sitting)}")

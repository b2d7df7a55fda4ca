"""Calling a meeting about one part, under the charter version in force."""

from dataclasses import dataclass
from datetime import datetime

from services.sponsor.commands.committee_now import required_charter
from services.sponsor.commands.permission import MEETING_CALLERS, permitted_trial
from services.sponsor.domain.ids import PersonId
from services.sponsor.domain.meeting import Meeting
from services.sponsor.domain.refusals import Refused
from services.sponsor.store.meetings import add_meeting
from services.sponsor.store.pictures import load_picture
from shared.act import Act
from shared.audit import record
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class CallMeeting:
    trial_id: str
    part: str
    planned_for: datetime


async def call_meeting(tx: Tx, command: CallMeeting, act: Act) -> Meeting:
    """Keep that a meeting is to be held; members can declare from now on.

    Raises:
        Refused: `charter_missing`, `protocol_version_not_in_force`, `part_unknown`, `part_without_levels`.
    """
    trial, act = await permitted_trial(tx, act, command.trial_id, MEETING_CALLERS)
    charter = await required_charter(tx, trial.id, act.now)
    picture = await load_picture(tx, trial, act.now)
    if picture is None:
        raise Refused("protocol_version_not_in_force", "Approve a protocol version first.")
    _ = picture.part(command.part).level_rule
    meeting = Meeting(
        id=act.new_id(),
        trial_id=trial.id,
        part=command.part,
        charter_id=charter.id,
        called_by=PersonId(act.actor),
        called_at=act.now,
        planned_for=command.planned_for,
    )
    await add_meeting(tx, meeting)
    details = {"trial_id": trial.id, "part": meeting.part, "charter": charter.n}
    await record(tx, act, meeting.id, "committee-meeting.called", details)
    return meeting

"""Record an attempt to reach a participant; one that succeeds ends a loss to follow-up."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from services.enrolment.commands.followed_participant import AtFollowed, followed_participant
from services.enrolment.domain.age import local_date
from services.enrolment.domain.death import check_alive
from services.enrolment.domain.loss import Channel
from services.enrolment.domain.roles import FOLLOWING
from services.enrolment.domain.screening import check_claimed
from services.enrolment.events.afterwards_events import ParticipantFoundV1
from services.enrolment.store.afterwards import add_contact_attempt, end_loss
from shared.act import Act
from shared.audit import record as record_audit
from shared.database import Tx
from shared.outbox import put


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordContactAttempt:
    participant_id: str
    channel: Channel
    attempted_at: datetime
    reached: bool


async def record_contact_attempt(tx: Tx, command: RecordContactAttempt, act: Act) -> str:
    """The id of the attempt.

    Raises:
        Refused: `participant_died`, `time_in_future`, `registration_voided`.
    """
    at = await followed_participant(tx, act, FOLLOWING, command.participant_id)
    check_claimed(command.attempted_at, act.now)
    check_alive(at.followed.death)
    attempt_id = act.new_id()
    row = {
        "id": attempt_id,
        "participant_id": at.participant.id,
        "channel": command.channel.value,
        "attempted_at": command.attempted_at,
        "reached": command.reached,
        "recorded_by": act.actor,
        "recorded_at": act.now,
    }
    details = {"channel": command.channel.value, "reached": command.reached}
    change = add_contact_attempt.write(tx, row)
    await record_audit(tx, at.act, at.participant.id, "contact.attempted", details, change)
    if command.reached:
        await found_again(tx, at, "contact_attempt", local_date(command.attempted_at, at.zone))
    return attempt_id


async def found_again(
    tx: Tx, at: AtFollowed, by: Literal["follow_up_contact", "contact_attempt"], on: date
) -> None:
    """End a loss, if there is one and the contact came after it; a late entry of an older contact does not."""
    loss = at.followed.loss
    if loss is None or on < local_date(loss.lost_at, at.zone):
        return
    await end_loss(tx, loss.id, at.act.now, by)
    body = ParticipantFoundV1(
        trial_id=at.participant.trial_id, participant_id=at.participant.id, found_at=at.act.now, by=by
    )
    await put(tx, at.act, at.event(body))

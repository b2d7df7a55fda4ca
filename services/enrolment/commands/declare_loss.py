"""Declare a participant lost to follow-up, once the protocol's attempts were made in vain."""

from dataclasses import dataclass

from services.enrolment.commands.followed_participant import followed_participant
from services.enrolment.domain.death import check_alive
from services.enrolment.domain.followed import last_contact_on
from services.enrolment.domain.loss import check_not_lost, decide_loss
from services.enrolment.domain.roles import FOLLOWING
from services.enrolment.events.afterwards_events import ParticipantLostV1
from services.enrolment.store.afterwards import add_loss, attempt_of, attempt_rows
from shared.act import Act
from shared.database import Tx
from shared.outbox import put


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclareLoss:
    participant_id: str


async def declare_loss(tx: Tx, command: DeclareLoss, act: Act) -> str:
    """The id of the loss.

    Raises:
        Refused: `loss_not_established`, `lost_already`, `participant_died`, `registration_voided`.
    """
    at = await followed_participant(tx, act, FOLLOWING, command.participant_id)
    check_alive(at.followed.death)
    check_not_lost(lost=at.followed.loss is not None)
    attempts = [attempt_of(row, at.zone) for row in await attempt_rows(tx, at.participant.id)]
    terms = at.terms.follow_up.lost if at.terms else None
    vain = decide_loss(attempts, terms, last_contact_on(at.followed), at.today)
    loss_id = act.new_id()
    row = {
        "id": loss_id,
        "participant_id": at.participant.id,
        "lost_at": act.now,
        "attempts": [{"channel": one.channel.value, "on": one.on.isoformat()} for one in vain],
        "found_at": None,
        "found_by": "",
        "declared_by": act.actor,
    }
    body = ParticipantLostV1(
        trial_id=at.participant.trial_id,
        participant_id=at.participant.id,
        lost_at=act.now,
        attempts=len(vain),
        channels=sorted({one.channel.value for one in vain}),
    )
    await put(tx, at.act, at.event(body), add_loss.write(tx, row))
    return loss_id

"""Record a death: treatment, every contact, every mailing and every task end with it."""

from dataclasses import dataclass
from datetime import date

from services.enrolment.commands.at_participant import participant_under_gate
from services.enrolment.commands.end_treatment import treatment_ended
from services.enrolment.commands.followed_participant import AtFollowed, with_follow_up
from services.enrolment.commands.note_death import note_death
from services.enrolment.domain.death import (
    CauseCategory,
    check_death,
    check_not_recorded,
    treatment_ends_at,
)
from services.enrolment.domain.roles import FOLLOWING
from services.enrolment.domain.screening import check_dosable
from services.enrolment.store.participants import end_treatment
from shared.act import Act
from shared.database import Tx
from shared.outbox import put


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDeath:
    """`cause` is a category: what is known of the cause belongs into the report to safety."""

    participant_id: str
    died_on: date
    cause: CauseCategory


async def record_death(tx: Tx, command: RecordDeath, act: Act) -> str:
    """The id of the record.

    Raises:
        Refused: `death_recorded`, `death_before_registration`, `time_in_future`, `registration_voided`.
    """
    allowed, participant = await participant_under_gate(tx, act, FOLLOWING, command.participant_id)
    check_dosable(voided=participant.voided_at is not None)
    at = await with_follow_up(tx, allowed.act, participant)
    check_not_recorded(at.followed.death)
    check_death(command.died_on, participant.registered_at, at.zone, act.now)
    treats = at.terms is None or at.terms.treats
    ends = treats and participant.treatment_ended_at is None
    death_id = await note_death(tx, at.act, participant, command.died_on, command.cause, ends_treatment=ends)
    if ends:
        await end_by_death(tx, at, command.died_on)
    return death_id


async def end_by_death(tx: Tx, at: AtFollowed, died_on: date) -> None:
    """End the treatment with the day of the death, and say so."""
    ended_at = treatment_ends_at(died_on, at.zone, at.act.now)
    await end_treatment(tx, at.participant.id, "death", ended_at)
    await put(tx, at.act, treatment_ended(at.participant, "death", ended_at))

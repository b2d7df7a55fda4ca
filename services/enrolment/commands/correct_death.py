"""Correct the record of a death: another day or cause, or no death at all."""

from dataclasses import dataclass
from datetime import date

from services.enrolment.commands.at_participant import participant_under_gate
from services.enrolment.commands.followed_participant import AtFollowed, with_follow_up
from services.enrolment.commands.note_death import death_row
from services.enrolment.commands.record_death import end_by_death
from services.enrolment.domain.death import CauseCategory, check_dead, check_death, check_reason
from services.enrolment.domain.participation import Element
from services.enrolment.domain.roles import CORRECTING_DEATH
from services.enrolment.events.afterwards_events import DeathCorrectedV1, TreatmentResumedV1
from services.enrolment.store.afterwards import add_death, resume_treatment, withdraw_deaths
from services.enrolment.store.consent_watches import look_again
from shared.act import Act
from shared.database import Tx
from shared.outbox import NewEvent, put


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectDeath:
    """`died_on` and `cause` as they should have been; both None when the participant lives."""

    participant_id: str
    reason: str
    died_on: date | None
    cause: CauseCategory | None


async def correct_death(tx: Tx, command: CorrectDeath, act: Act) -> None:
    """Replace or withdraw the record; treatment that only the death had ended goes on again.

    Raises:
        Refused: `reason_required`, `no_death_recorded`, `death_before_registration`, `time_in_future`.
    """
    allowed, participant = await participant_under_gate(tx, act, CORRECTING_DEATH, command.participant_id)
    check_reason(command.reason)
    at = await with_follow_up(tx, allowed.act, participant)
    death = check_dead(at.followed.death)
    if command.died_on is not None:
        check_death(command.died_on, participant.registered_at, at.zone, act.now)
    await withdraw_deaths(tx, participant.id, act.now)
    if command.died_on is not None:
        cause = command.cause or death.cause
        row = death_row(at.act, participant.id, command.died_on, cause, ended_treatment=death.ended_treatment)
        await add_death(tx, [row])
    await look_again(tx, participant.id, act.now)
    await _announce(tx, at, command)
    if death.ended_treatment and command.died_on is not None:
        await end_by_death(tx, at, command.died_on)
    elif death.ended_treatment and Element.TREATMENT not in participant.stopped:
        await resume_treatment(tx, participant.id)
        resumed = TreatmentResumedV1(
            trial_id=participant.trial_id, participant_id=participant.id, resumed_at=act.now
        )
        await put(tx, at.act, at.event(resumed))


async def _announce(tx: Tx, at: AtFollowed, command: CorrectDeath) -> None:
    body = DeathCorrectedV1(
        trial_id=at.participant.trial_id,
        participant_id=at.participant.id,
        died_on=command.died_on,
        cause=command.cause.value if command.cause else None,
        corrected_at=at.act.now,
    )
    event = NewEvent(
        aggregate_id=at.participant.id,
        scope=at.participant.trial_id,
        body=body,
        reason=command.reason,
    )
    await put(tx, at.act, event)

"""Trial treatment of a participant is over."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from services.enrolment.commands.at_participant import participant_under_gate
from services.enrolment.commands.note_death import note_death
from services.enrolment.commands.treatment import check_treatment
from services.enrolment.domain.age import local_date
from services.enrolment.domain.death import CauseCategory
from services.enrolment.domain.roles import SITE_STAFF
from services.enrolment.domain.screening import check_claimed, check_treated
from services.enrolment.events.participant_events import TreatmentEndedV1
from services.enrolment.store.participants import Participant, end_treatment
from services.enrolment.store.trials import site_zone
from shared.act import Act
from shared.database import Tx
from shared.outbox import NewEvent, put

EndReason = Literal[
    "completed", "progression", "toxicity", "participant_choice", "clinician", "death", "other"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndTreatment:
    participant_id: str
    reason: EndReason
    ended_at: datetime


async def end_treatment_of(tx: Tx, command: EndTreatment, act: Act) -> Participant:
    """The participant as before; dosing is closed from here on, visits and safety go on.

    Raises:
        Refused: `treatment_stopped` when it had ended, `time_in_future`, `registration_voided`, `no_treatment`.
    """
    allowed, participant = await participant_under_gate(tx, act, SITE_STAFF, command.participant_id)
    await check_treatment(tx, participant.trial_id)
    check_claimed(command.ended_at, act.now)
    check_treated(voided=participant.voided_at is not None, ended=participant.treatment_ended_at is not None)
    await end_treatment(tx, participant.id, command.reason, command.ended_at)
    await put(tx, allowed.act, treatment_ended(participant, command.reason, command.ended_at))
    if command.reason == "death":
        zone = ZoneInfo(await site_zone(tx, participant.trial_id, participant.site_number))
        died_on = local_date(command.ended_at, zone)
        unknown = CauseCategory.UNKNOWN
        await note_death(tx, allowed.act, participant, died_on, unknown, ends_treatment=True)
    return participant


def treatment_ended(participant: Participant, reason: EndReason, at: datetime) -> NewEvent:
    body = TreatmentEndedV1(
        trial_id=participant.trial_id,
        participant_id=participant.id,
        ended_at=at,
        reason=reason,
        before_first_dose=participant.first_dose_at is None,
    )
    return NewEvent(aggregate_id=participant.id, scope=participant.trial_id, body=body)

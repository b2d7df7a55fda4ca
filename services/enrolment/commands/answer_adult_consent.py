"""Record what was heard instead of an own consent when a participant comes of age. By itself it changes nothing."""

from dataclasses import dataclass
from datetime import datetime

from services.enrolment.commands.at_participant import participant_under_gate
from services.enrolment.domain.adult_consent import AdultConsent, AdultConsentAnswer, check_answer
from services.enrolment.domain.roles import SITE_STAFF
from services.enrolment.domain.screening import check_claimed, check_dosable
from services.enrolment.store.consent_records import new_adult_answer
from services.enrolment.store.consent_standings import load_standing
from shared.act import Act
from shared.audit import record as record_audit
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerAdultConsent:
    """`reason_code` is empty for whoever declines: nobody is asked why."""

    participant_id: str
    answer: AdultConsentAnswer
    reason_code: str
    answered_at: datetime


async def answer_adult_consent(tx: Tx, command: AnswerAdultConsent, act: Act) -> AdultConsent:
    """Where the participant stands after the answer; a later consent takes its place.

    Raises:
        Refused: `registration_voided`, `time_in_future`, `adult_consent_not_due`, `reason_required`.
    """
    allowed, participant = await participant_under_gate(tx, act, SITE_STAFF, command.participant_id)
    check_dosable(voided=participant.voided_at is not None)
    check_claimed(command.answered_at, act.now)
    before = (await load_standing(tx, participant, act.now)).adult_consent(act.now)
    check_answer(before, command.answer, command.reason_code)
    row = {
        "id": act.new_id(),
        "participant_id": participant.id,
        "answer": command.answer.value,
        "reason_code": command.reason_code,
        "answered_at": command.answered_at,
        "recorded_by": act.actor,
        "recorded_at": act.now,
    }
    details = {"answer": command.answer.value, "reason_code": command.reason_code}
    answer = new_adult_answer(tx, row)
    await record_audit(tx, allowed.act, participant.id, "adult-consent.answered", details, answer)
    return (await load_standing(tx, participant, act.now)).adult_consent(act.now)

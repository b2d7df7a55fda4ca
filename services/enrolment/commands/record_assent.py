"""Record what the child answered, and the investigator's decision when the answer was no."""

from dataclasses import dataclass
from datetime import datetime

from services.enrolment.commands.form_terms import form_terms
from services.enrolment.commands.keep_consent import AssentGiven, check_assent, keep_assent
from services.enrolment.commands.permission import has_duty, running_screening
from services.enrolment.domain.consent import check_refusal_undecided
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.roles import INVESTIGATOR
from services.enrolment.domain.screening import check_signed
from services.enrolment.store.people import load_person, new_assent_decision
from shared.act import Act
from shared.audit import record as record_audit
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAssent(AssentGiven):
    """An answer of somebody in screening."""

    screening_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideOnRefusal:
    """The investigator goes on although the child refused; the words stay in this service's record."""

    screening_id: str
    reason: str
    signed_at: datetime


async def record_assent(tx: Tx, command: RecordAssent, act: Act) -> str:
    """The id of the answer; it replaces an earlier one, which stays in the record.

    Raises:
        Refused: `screening_ended`, and every reason of `check_assent`.
    """
    terms = await form_terms(tx, act, INVESTIGATOR, command.screening_id)
    check_assent(terms, command, act.now)
    return await keep_assent(tx, terms, command, act)


async def decide_on_refusal(tx: Tx, command: DecideOnRefusal, act: Act) -> str:
    """The id of the refusal that the decision is about; a later refusal needs a decision of its own.

    Raises:
        Refused: `screening_ended`, `time_in_future`, `time_before_birth`, `reason_required`, or `assent_not_refused`.
    """
    allowed, screening = await running_screening(tx, act, INVESTIGATOR, command.screening_id)
    check_signed(command.signed_at, screening.born, act.now)
    if not command.reason.strip():
        raise Refused("reason_required", "The decision needs its reason.")
    person = await load_person(tx, screening.id, screening.born)
    check_refusal_undecided(person.assent.assent)
    delegated = await has_duty(tx, act, screening.trial_id, screening.site_id, INVESTIGATOR)
    decision = new_assent_decision(
        tx,
        {
            "assent_id": person.assent.id,
            "screening_id": screening.id,
            "reason": command.reason,
            "signed_by": act.actor,
            "signed_at": command.signed_at,
            "delegated": delegated,
        },
    )
    details = {"assent_id": person.assent.id, "delegated": delegated, "reason": command.reason}
    await record_audit(tx, allowed.act, screening.id, "assent-decision.recorded", details, *decision)
    return person.assent.id

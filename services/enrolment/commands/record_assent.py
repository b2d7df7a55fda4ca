"""Record what the child answered, and the investigator's decision when the answer was no."""

from dataclasses import dataclass
from datetime import datetime

from services.enrolment.commands.form_terms import form_terms
from services.enrolment.commands.permission import has_duty, running_screening
from services.enrolment.domain.consent import AssentAnswer, ConsentPurpose, check_refusal_undecided
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.roles import INVESTIGATOR
from services.enrolment.domain.screening import check_form, check_form_in_force, check_signed
from services.enrolment.events.screening_events import ConsentRecordedV1
from services.enrolment.store.people import load_person, new_assent, new_assent_decision
from shared.act import Act
from shared.audit import record as record_audit
from shared.database import Tx
from shared.outbox import NewEvent, put


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAssent:
    """`document` and `version` are empty unless an answer was given on a form; `reason` is a code."""

    screening_id: str
    answer: AssentAnswer
    document: str
    version: str
    reason: str
    signed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideOnRefusal:
    """The investigator goes on although the child refused; the words stay in this service's record."""

    screening_id: str
    reason: str
    signed_at: datetime


_ON_A_FORM = (AssentAnswer.GIVEN, AssentAnswer.REFUSED)
_WITH_REASON = (AssentAnswer.NOT_SOUGHT, AssentAnswer.NOT_CAPABLE)


async def record_assent(tx: Tx, command: RecordAssent, act: Act) -> str:
    """The id of the answer; it replaces an earlier one, which stays in the record.

    Raises:
        Refused: `screening_ended`, `time_in_future`, `time_before_birth`, `document_unknown`,
            `form_not_in_force`, `reason_required`.
    """
    terms = await form_terms(tx, act, INVESTIGATOR, command.screening_id)
    screening = terms.screening
    check_signed(command.signed_at, screening.born, act.now)
    if command.answer in _WITH_REASON and not command.reason:
        raise Refused("reason_required", "Say why the child was not asked.")
    if command.answer in _ON_A_FORM:
        form = (ConsentPurpose.ASSENT, command.document, command.version)
        check_form(terms.binding, *form)
        check_form_in_force(terms.approved, *form, command.signed_at)
    assent_id = act.new_id()
    assent = new_assent(
        tx,
        {
            "id": assent_id,
            "screening_id": screening.id,
            "document": command.document,
            "version": command.version,
            "answer": command.answer.value,
            "reason": command.reason,
            "taken_by": act.actor,
            "delegated": terms.delegated,
            "signed_at": command.signed_at,
            "received_at": act.now,
        },
    )
    body = ConsentRecordedV1(
        trial_id=screening.trial_id,
        screening_id=screening.id,
        purpose="assent",
        document=command.document,
        version=command.version,
        outcome=command.answer.value,
        signed_at=command.signed_at,
        received_at=act.now,
    )
    event = NewEvent(aggregate_id=screening.id, scope=screening.trial_id, body=body)
    await put(tx, terms.act, event, *assent)
    return assent_id


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

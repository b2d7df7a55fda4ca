"""Record a consent on a form of the protocol version in use at the site."""

from dataclasses import dataclass
from datetime import datetime

from services.enrolment.commands.form_terms import form_terms
from services.enrolment.domain.consent import ConsentPurpose, SignerCapacity
from services.enrolment.domain.roles import INVESTIGATOR
from services.enrolment.domain.screening import check_form, check_form_in_force, check_signed
from services.enrolment.events.screening_events import ConsentRecordedV1
from services.enrolment.store.people import new_consent
from shared.act import Act
from shared.database import Tx
from shared.outbox import NewEvent, put


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordConsent:
    """`capacity_note` is a code: why a representative signs, or that a child who signs alone is competent."""

    screening_id: str
    purpose: ConsentPurpose
    document: str
    version: str
    capacity: SignerCapacity
    capacity_note: str
    language: str
    method: str
    signed_at: datetime


async def record_consent(tx: Tx, command: RecordConsent, act: Act) -> str:
    """The id of the new consent; earlier ones stay. One that nobody delegated took lets nobody in.

    Raises:
        Refused: `screening_ended`, `time_in_future`, `time_before_birth`, `document_unknown`,
            `form_not_in_force`, `site_not_activated`.
    """
    terms = await form_terms(tx, act, INVESTIGATOR, command.screening_id)
    screening = terms.screening
    check_signed(command.signed_at, screening.born, act.now)
    form = (command.purpose, command.document, command.version)
    check_form(terms.binding, *form)
    check_form_in_force(terms.approved, *form, command.signed_at)
    consent_id = act.new_id()
    consent = new_consent(
        tx,
        {
            "id": consent_id,
            "screening_id": screening.id,
            "document": command.document,
            "version": command.version,
            "purpose": command.purpose.value,
            "capacity": command.capacity.value,
            "capacity_note": command.capacity_note,
            "language": command.language,
            "method": command.method,
            "taken_by": act.actor,
            "delegated": terms.delegated,
            "signed_at": command.signed_at,
            "received_at": act.now,
        },
    )
    body = ConsentRecordedV1(
        trial_id=screening.trial_id,
        screening_id=screening.id,
        purpose=command.purpose.value,
        document=command.document,
        version=command.version,
        outcome="given",
        signed_at=command.signed_at,
        received_at=act.now,
    )
    event = NewEvent(aggregate_id=screening.id, scope=screening.trial_id, body=body)
    await put(tx, terms.act, event, *consent)
    return consent_id

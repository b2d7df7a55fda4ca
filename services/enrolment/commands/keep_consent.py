"""Keep a consent or an assent that was signed for somebody in screening or taking part: the rules are the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.enrolment.commands.form_terms import FormTerms
from services.enrolment.domain.consent import (
    AssentAnswer,
    ConsentPurpose,
    Parent,
    SignerCapacity,
    check_representative,
)
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.screening import (
    check_form,
    check_form_in_force,
    check_form_language,
    check_sample_uses,
    check_signed,
)
from services.enrolment.events.screening_events import ConsentRecordedV1
from services.enrolment.store.consent_records import new_sample_uses
from services.enrolment.store.people import new_assent, new_consent
from shared.act import Act
from shared.database import Tx
from shared.outbox import NewEvent, put
from shared.writes import Write


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentGiven:
    """What was signed; notes are codes.

    `capacity_note` says why a representative signs, that a child who signs alone is competent, or that one
    parent answers alone; `no_personal_note` why no personal representative signs; `sample_uses` which uses were
    consented to and which not, each by itself.
    """

    purpose: ConsentPurpose
    document: str
    version: str
    capacity: SignerCapacity
    capacity_note: str
    language: str
    method: str
    signed_at: datetime
    no_personal_note: str = ""
    parent: Parent = Parent.FIRST
    sample_uses: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssentGiven:
    """`document` and `version` are empty unless an answer was given on a form; `reason` is a code."""

    answer: AssentAnswer
    document: str
    version: str
    reason: str
    signed_at: datetime
    language: str = ""


_ON_A_FORM = (AssentAnswer.GIVEN, AssentAnswer.REFUSED)
_WITH_REASON = (AssentAnswer.NOT_SOUGHT, AssentAnswer.NOT_CAPABLE)


def check_consent(terms: FormTerms, given: ConsentGiven, now: datetime) -> None:
    """Accepts a consent on a form in use, in a language that it has, by somebody in a stated capacity.

    Raises:
        Refused: `time_in_future`, `time_before_birth`, `reason_required`, `document_unknown`,
            `site_not_activated`, `form_language_unknown`, `form_not_in_force`, `sample_use_unknown`.
    """
    check_signed(given.signed_at, terms.screening.born, now)
    check_representative(given.capacity, given.capacity_note, given.no_personal_note)
    form = (given.purpose, given.document, given.version)
    check_form(terms.binding, *form)
    check_form_language(terms.approved, *form, given.language)
    check_form_in_force(terms.approved, *form, given.signed_at)
    check_sample_uses(terms.binding, given.sample_uses)


async def keep_consent(
    tx: Tx, terms: FormTerms, given: ConsentGiven, act: Act, also: Sequence[Write] = (), consent_id: str = ""
) -> str:
    """The id of the new consent, kept with what is stored beside it; earlier ones stay."""
    screening = terms.screening
    consent_id = consent_id or act.new_id()
    writes = new_consent(
        tx,
        {
            "id": consent_id,
            "screening_id": screening.id,
            "document": given.document,
            "version": given.version,
            "purpose": given.purpose.value,
            "capacity": given.capacity.value,
            "capacity_note": given.capacity_note,
            "no_personal_note": given.no_personal_note,
            "parent": given.parent.value,
            "site_number": screening.site_id,
            "language": given.language,
            "method": given.method,
            "taken_by": act.actor,
            "delegated": terms.delegated,
            "signed_at": given.signed_at,
            "received_at": act.now,
        },
    )
    uses = use_rows(act, screening.id, given.sample_uses, given.signed_at, consent_id)
    body = _recorded(terms, given.purpose, given.document, given.version, "given", given.signed_at, act)
    event = NewEvent(aggregate_id=screening.id, scope=screening.trial_id, body=body)
    await put(tx, terms.act, event, *writes, *new_sample_uses(tx, uses), *also)
    return consent_id


def use_rows(
    act: Act, screening_id: str, uses: Mapping[str, bool], decided_at: datetime, consent_id: str = ""
) -> list[dict[str, Any]]:
    """Rows for uses of samples decided on together."""
    return [
        {
            "id": act.new_id(),
            "screening_id": screening_id,
            "use": use,
            "consented": consented,
            "consent_id": consent_id,
            "decided_at": decided_at,
            "recorded_by": act.actor,
            "recorded_at": act.now,
        }
        for use, consented in sorted(uses.items())
    ]


def check_assent(terms: FormTerms, given: AssentGiven, now: datetime) -> None:
    """Accepts a child's answer on a form in use, or the reason why there is none.

    Raises:
        Refused: `time_in_future`, `time_before_birth`, `reason_required`, `document_unknown`,
            `site_not_activated`, `form_language_unknown`, `form_not_in_force`.
    """
    check_signed(given.signed_at, terms.screening.born, now)
    if given.answer in _WITH_REASON and not given.reason:
        raise Refused("reason_required", "Say why the child was not asked.")
    if given.answer in _ON_A_FORM:
        form = (ConsentPurpose.ASSENT, given.document, given.version)
        check_form(terms.binding, *form)
        if given.language:
            check_form_language(terms.approved, *form, given.language)
        check_form_in_force(terms.approved, *form, given.signed_at)


async def keep_assent(tx: Tx, terms: FormTerms, given: AssentGiven, act: Act) -> str:
    """The id of the answer; it replaces an earlier one, which stays in the record."""
    screening = terms.screening
    assent_id = act.new_id()
    writes = new_assent(
        tx,
        {
            "id": assent_id,
            "screening_id": screening.id,
            "document": given.document,
            "version": given.version,
            "language": given.language,
            "site_number": screening.site_id,
            "answer": given.answer.value,
            "reason": given.reason,
            "taken_by": act.actor,
            "delegated": terms.delegated,
            "signed_at": given.signed_at,
            "received_at": act.now,
        },
    )
    purpose, outcome = ConsentPurpose.ASSENT, given.answer.value
    body = _recorded(terms, purpose, given.document, given.version, outcome, given.signed_at, act)
    event = NewEvent(aggregate_id=screening.id, scope=screening.trial_id, body=body)
    await put(tx, terms.act, event, *writes)
    return assent_id


def _recorded(
    terms: FormTerms,
    purpose: ConsentPurpose,
    document: str,
    version: str,
    outcome: Any,
    signed_at: datetime,
    act: Act,
) -> ConsentRecordedV1:
    return ConsentRecordedV1(
        trial_id=terms.screening.trial_id,
        screening_id=terms.screening.id,
        purpose=purpose.value,
        document=document,
        version=version,
        outcome=outcome,
        signed_at=signed_at,
        received_at=act.now,
    )

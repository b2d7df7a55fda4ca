"""Correct a consent that was recorded wrongly: both records stay, and the rules look at the right one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.enrolment.commands.form_terms import FormTerms
from services.enrolment.commands.keep_consent import ConsentGiven, keep_consent
from services.enrolment.commands.permission import allow_at_site, unknown
from services.enrolment.domain.consent import check_representative, check_stands
from services.enrolment.domain.identity import check_not_stopped
from services.enrolment.domain.protocol_terms import binding_rules
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.roles import INVESTIGATOR
from services.enrolment.domain.screening import (
    check_form,
    check_form_in_force,
    check_form_language,
    check_sample_uses,
    check_signed,
)
from services.enrolment.events.consent_events import RegistrationFlaggedV1
from services.enrolment.store.consent_records import (
    is_superseded,
    new_correction,
    new_flag,
    registration_after,
    screening_of_consent,
)
from services.enrolment.store.consent_watches import look_again
from services.enrolment.store.form_terms import lock_binding
from services.enrolment.store.trials import holds_duty
from shared.act import Act
from shared.audit import record as record_audit
from shared.database import Tx
from shared.outbox import NewEvent, put

FLAG = "consent_corrected"


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectConsent(ConsentGiven):
    """The consent as it was signed, in place of what was recorded; the reason stays in this service's record."""

    screening_id: str
    consent_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentCorrected:
    """The consent that counts from here on, and the registration that is flagged for it (None: there is none)."""

    consent_id: str
    flagged_registration_id: str | None


async def correct_consent(tx: Tx, command: CorrectConsent, act: Act) -> ConsentCorrected:
    """Also after the registration: what rested on the wrong record stands and is flagged.

    Raises:
        Refused: `reason_required`, `consent_superseded`, `document_unknown` for a form that no approved version
            has, and what `check_consent` says of times, capacity and language.
    """
    terms = await _terms(tx, act, command)
    if not command.reason.strip():
        raise Refused("reason_required", "Say why the record is corrected.")
    check_stands(superseded=await is_superseded(tx, command.consent_id))
    _check(terms, command, act)
    new_id = act.new_id()
    correction = new_correction(
        tx,
        {
            "consent_id": command.consent_id,
            "screening_id": terms.screening.id,
            "superseded_by": new_id,
            "reason": command.reason,
            "corrected_by": act.actor,
            "corrected_at": act.now,
        },
    )
    await keep_consent(tx, terms, command, act, [correction], new_id)
    details: dict[str, Any] = {"consent_id": command.consent_id, "superseded_by": new_id}
    await record_audit(tx, terms.act, terms.screening.id, "consent.corrected", details, reason=command.reason)
    return ConsentCorrected(
        consent_id=new_id, flagged_registration_id=await _flag(tx, terms, command.consent_id)
    )


async def _terms(tx: Tx, act: Act, command: CorrectConsent) -> FormTerms:
    if await screening_of_consent(tx, command.consent_id) != command.screening_id:
        raise unknown(act, INVESTIGATOR)
    found = await lock_binding(tx, command.screening_id, act.actor, act.now)
    if found is None:
        raise unknown(act, INVESTIGATOR)
    allowed, screening = allow_at_site(act, INVESTIGATOR, found.named)
    check_not_stopped(screening)
    return FormTerms(
        act=allowed.act,
        screening=screening,
        binding=binding_rules(found.versions, found.green_lit, act.now).terms,
        approved=[version.terms for version in found.versions],
        delegated=holds_duty(found.delegations, screening.site_id, INVESTIGATOR),
    )


def _check(terms: FormTerms, command: CorrectConsent, act: Act) -> None:
    check_signed(command.signed_at, terms.screening.born, act.now)
    check_representative(command.capacity, command.capacity_note, command.no_personal_note)
    form = (command.purpose, command.document, command.version)
    # What was signed may be a form of an earlier version: that is what is being set right.
    carrying = [version for version in terms.approved if _carries(version.consent_documents, form)]
    check_form(carrying[-1] if carrying else terms.binding, *form)
    check_form_language(terms.approved, *form, command.language)
    check_form_in_force(terms.approved, *form, command.signed_at)
    check_sample_uses(terms.binding, command.sample_uses)


def _carries(forms: Sequence[Any], form: tuple[Any, ...]) -> bool:
    return any((one.purpose, one.document, one.version) == form for one in forms)


async def _flag(tx: Tx, terms: FormTerms, consent_id: str) -> str | None:
    act = terms.act
    registered = await registration_after(tx, terms.screening.id)
    if registered is None:
        return None
    participant_id, registration_id = registered
    flag = new_flag(
        tx,
        {
            "id": act.new_id(),
            "registration_id": registration_id,
            "flag": FLAG,
            "about": consent_id,
            "flagged_by": act.actor,
            "flagged_at": act.now,
        },
    )
    body = RegistrationFlaggedV1(
        trial_id=terms.screening.trial_id,
        participant_id=participant_id,
        registration_id=registration_id,
        flag=FLAG,
        flagged_at=act.now,
    )
    event = NewEvent(aggregate_id=participant_id, scope=terms.screening.trial_id, body=body)
    await put(tx, act, event, flag)
    await look_again(tx, participant_id, act.now)
    return registration_id

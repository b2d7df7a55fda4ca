"""What is signed by or for somebody who takes part: consent again, assent again, the age, the uses of samples.

The rules are those of the screening; the forms are those of the version in use at the participant's site, or of
the newest one in effect where the site has lost its green light: treatment in progress goes on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.enrolment.commands.at_participant import participant_under_gate
from services.enrolment.commands.form_terms import FormTerms
from services.enrolment.commands.keep_consent import (
    AssentGiven,
    ConsentGiven,
    check_assent,
    check_consent,
    keep_assent,
    keep_consent,
    use_rows,
)
from services.enrolment.commands.permission import unknown
from services.enrolment.commands.record_eligibility import keep_age_statement
from services.enrolment.domain.protocol_terms import binding_rules
from services.enrolment.domain.roles import INVESTIGATOR, SITE_STAFF
from services.enrolment.domain.screening import check_dosable, check_sample_uses, check_signed
from services.enrolment.store.consent_records import new_sample_uses
from services.enrolment.store.consent_watches import look_again
from services.enrolment.store.form_terms import lock_binding
from services.enrolment.store.participants import Participant
from services.enrolment.store.trials import holds_duty
from shared.act import Act
from shared.audit import record as record_audit
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordParticipantConsent(ConsentGiven):
    participant_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordParticipantAssent(AssentGiven):
    participant_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StateParticipantAge:
    """Age in completed years on the site's local date `on`."""

    participant_id: str
    years: int
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSampleUses:
    """Uses that are consented to from here on or no longer; those not named stay as they are."""

    participant_id: str
    uses: Mapping[str, bool]
    decided_at: datetime


async def participant_terms(
    tx: Tx, act: Act, roles: Sequence[str], participant_id: str
) -> tuple[FormTerms, Participant]:
    """As `form_terms`, for somebody registered; the trial's gate, participant and screening are locked.

    Raises:
        Refused: `registration_voided`.
    """
    allowed, participant = await participant_under_gate(tx, act, roles, participant_id)
    check_dosable(voided=participant.voided_at is not None)
    found = await lock_binding(tx, participant.screening_id, act.actor, act.now)
    if found is None:
        raise unknown(act, roles)
    terms = FormTerms(
        act=allowed.act,
        screening=found.named.screening,
        binding=binding_rules(found.versions, found.green_lit, act.now).terms,
        approved=[version.terms for version in found.versions],
        delegated=holds_duty(found.delegations, participant.site_number, roles),
    )
    return terms, participant


async def record_participant_consent(tx: Tx, command: RecordParticipantConsent, act: Act) -> str:
    """The id of the new consent; it belongs to the site that answers for the participant now.

    Raises:
        Refused: `registration_voided`, and every reason of `check_consent`.
    """
    terms, participant = await participant_terms(tx, act, INVESTIGATOR, command.participant_id)
    check_consent(terms, command, act.now)
    await look_again(tx, participant.id, act.now)
    return await keep_consent(tx, terms, command, act)


async def record_participant_assent(tx: Tx, command: RecordParticipantAssent, act: Act) -> str:
    """The id of the answer.

    Raises:
        Refused: `registration_voided`, and every reason of `check_assent`.
    """
    terms, _ = await participant_terms(tx, act, INVESTIGATOR, command.participant_id)
    check_assent(terms, command, act.now)
    return await keep_assent(tx, terms, command, act)


async def state_participant_age(tx: Tx, command: StateParticipantAge, act: Act) -> str:
    """The id of a signed statement of age; it may prove that the age of consent is reached, or is not.

    Raises:
        Refused: `registration_voided`, `time_in_future`, `age_statement_mismatch`.
    """
    terms, participant = await participant_terms(tx, act, SITE_STAFF, command.participant_id)
    await look_again(tx, participant.id, act.now)
    return await keep_age_statement(tx, terms.act, terms.screening, command.years, command.on)


async def change_sample_uses(tx: Tx, command: ChangeSampleUses, act: Act) -> None:
    """Keep what is consented to now; what was consented to before stays in the record.

    Raises:
        Refused: `registration_voided`, `time_in_future`, `time_before_birth`, `sample_use_unknown`.
    """
    terms, participant = await participant_terms(tx, act, SITE_STAFF, command.participant_id)
    check_signed(command.decided_at, terms.screening.born, act.now)
    check_sample_uses(terms.binding, command.uses)
    rows = use_rows(act, terms.screening.id, command.uses, command.decided_at)
    details = {"uses": dict(sorted(command.uses.items()))}
    await record_audit(
        tx, terms.act, participant.id, "sample-uses.changed", details, *new_sample_uses(tx, rows)
    )

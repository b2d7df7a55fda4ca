"""Record the eligibility sign-off with the investigator's judgement, and ages as the site states them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from services.enrolment.commands.form_terms import form_terms
from services.enrolment.commands.permission import has_duty, running_screening
from services.enrolment.domain.age import AgeStatement, check_age_statement, local_date
from services.enrolment.domain.criteria import Entered
from services.enrolment.domain.eligibility import Judgement
from services.enrolment.domain.ids import PersonId
from services.enrolment.domain.registering import LEAP_DAY
from services.enrolment.domain.roles import INVESTIGATOR, SITE_STAFF
from services.enrolment.domain.screening import (
    Screening,
    check_criteria,
    check_criteria_version,
    check_signed,
)
from services.enrolment.domain.signature import Signature
from services.enrolment.events.consent_events import EligibilitySignedV1
from services.enrolment.store.answers import answer_kept
from services.enrolment.store.people import new_age_statement, new_eligibility
from services.enrolment.store.trials import site_zone
from shared.act import Act
from shared.audit import record as record_audit
from shared.database import Tx
from shared.outbox import NewEvent, put


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordEligibility:
    """`judgement` is None when it is left for later; a later sign-off replaces this one as a whole."""

    screening_id: str
    version: str
    answers: Mapping[str, Entered]
    judgement: Judgement | None
    signed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StateAge:
    """Age in completed years on the site's local date `on`."""

    screening_id: str
    years: int
    on: date


async def record_eligibility(tx: Tx, command: RecordEligibility, act: Act) -> str:
    """The id of the sign-off; whoever is asking signs it.

    Raises:
        Refused: `screening_ended`, `time_in_future`, `time_before_birth`, `criteria_version_unknown`,
            `criteria_unknown`, `answer_invalid`.
    """
    terms = await form_terms(tx, act, INVESTIGATOR, command.screening_id)
    screening = terms.screening
    check_signed(command.signed_at, screening.born, act.now)
    check_criteria_version(terms.approved, command.version)
    today = local_date(act.now, ZoneInfo(await site_zone(tx, screening.trial_id, screening.site_id)))
    check_criteria(terms.binding, command.version, command.answers, today)
    eligibility_id = act.new_id()
    eligibility = new_eligibility(
        tx,
        {
            "id": eligibility_id,
            "screening_id": screening.id,
            "version": command.version,
            "answers": {name: answer_kept(answer) for name, answer in command.answers.items()},
            "judgement": command.judgement.value if command.judgement else None,
            "signed_by": act.actor,
            "signed_at": command.signed_at,
            "received_at": act.now,
            "delegated": terms.delegated,
            "by_investigator": terms.act.actor_role in INVESTIGATOR,
        },
    )
    body = EligibilitySignedV1(
        trial_id=screening.trial_id,
        screening_id=screening.id,
        eligibility_id=eligibility_id,
        criteria_version=command.version,
        judgement=command.judgement.value if command.judgement else None,
        delegated=terms.delegated,
        signed_at=command.signed_at,
        received_at=act.now,
    )
    event = NewEvent(aggregate_id=screening.id, scope=screening.trial_id, body=body)
    await put(tx, terms.act, event, *eligibility)
    return eligibility_id


async def state_age(tx: Tx, command: StateAge, act: Act) -> str:
    """The id of a signed statement of age; every statement narrows the days of birth that are possible.

    Raises:
        Refused: `screening_ended`, `time_in_future`, `age_statement_mismatch`.
    """
    allowed, screening = await running_screening(tx, act, SITE_STAFF, command.screening_id)
    return await keep_age_statement(tx, allowed.act, screening, command.years, command.on)


async def keep_age_statement(tx: Tx, act: Act, screening: Screening, years: int, on: date) -> str:
    """Keep a statement for a screening that the caller has locked."""
    zone = ZoneInfo(await site_zone(tx, screening.trial_id, screening.site_id))
    delegated = await has_duty(tx, act, screening.trial_id, screening.site_id, SITE_STAFF)
    signature = Signature(signed_by=PersonId(act.actor), signed_at=act.now, delegated=delegated)
    statement = AgeStatement(age_years=years, on=on, signature=signature)
    check_age_statement(statement, screening.born, local_date(act.now, zone), LEAP_DAY)
    statement_id = act.new_id()
    stated = new_age_statement(tx, statement_id, screening.id, statement)
    details = {"statement_id": statement_id, "delegated": delegated, "on": on.isoformat()}
    await record_audit(tx, act, screening.id, "age.stated", details, *stated)
    return statement_id

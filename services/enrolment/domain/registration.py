"""All registration guards that run together: 3 to 24, in the order that decides the code of a refusal.

Which of them run is the business of the trial's kind: one that does not apply is not evaluated and has no result.
Guards 1 and 2 are evaluated first, alone, where callers and watermarks are known; their results come from
`guards.duty_guard` and `guards.freshness_guard` and are stored in one list with these. The guard
on who took consent stands behind guard 10, the judgement guard behind guard 12; they share those numbers.
"""

from datetime import datetime

from services.enrolment.domain.claimed_times import future_claims
from services.enrolment.domain.guards import GuardResult, check, guard
from services.enrolment.domain.ids import parse_screening_number
from services.enrolment.domain.person_guards import PERSON_GUARDS
from services.enrolment.domain.place_guards import PLACE_GUARDS
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.registration_facts import (
    Guards,
    IdempotencyUse,
    NumberOwner,
    RegistrationFacts,
    evaluate_applying,
)
from services.enrolment.domain.trial_guards import TRIAL_GUARDS


def evaluate_guards(facts: RegistrationFacts, now: datetime) -> tuple[GuardResult, ...]:
    """Results of those of guards 3 to 24 that apply; the registration may be committed when all passed.

    Args:
        facts: values read in the registration transaction, under its locks.
        now: the instant of the commit (domain time, aware UTC).

    Returns:
        Every result in order, whatever failed before it; `guards.refusal_from` makes the refusal of them.
    """
    return evaluate_applying(REGISTRATION_GUARDS, facts, now)


def _claims(facts: RegistrationFacts, now: datetime) -> GuardResult:
    ahead = future_claims(facts.claimed_times, now)
    return check(
        not ahead,
        23,
        "claimed_times",
        "time_in_future",
        f"In the future: {', '.join(ahead)}.",
        checked=sorted(facts.claimed_times),
        ahead=list(ahead),
    )


def _number(facts: RegistrationFacts, now: datetime) -> GuardResult:
    if facts.number_owner is NumberOwner.TAKEN_OVER:
        return guard(22, "number", "", "", owner=facts.number_owner.value)
    try:
        parse_screening_number(facts.screening_number)
    except Refused as refused:
        return guard(22, "number", refused.code, refused.detail)
    known = facts.number_owner is NumberOwner.THIS_SITE
    # A number of another site gets the same answer as one that does not exist.
    return check(known, 22, "number", "not_found", "There is no such number.", owner=facts.number_owner.value)


def _unchanged(facts: RegistrationFacts, now: datetime) -> GuardResult:
    inputs: dict[str, object] = {
        "version_read": facts.version_read,
        "version_now": facts.version_now,
        "idempotency": facts.idempotency.value,
    }
    if facts.version_read != facts.version_now:
        return guard(
            24, "unchanged", "version_conflict", "The screening has changed since it was read.", **inputs
        )
    return check(
        facts.idempotency is IdempotencyUse.NEW,
        24,
        "unchanged",
        "idempotency_mismatch",
        "The idempotency key was used with another body.",
        **inputs,
    )


_FORM_GUARDS: Guards = {"number": _number, "claimed_times": _claims, "unchanged": _unchanged}
REGISTRATION_GUARDS: Guards = {**TRIAL_GUARDS, **PERSON_GUARDS, **PLACE_GUARDS, **_FORM_GUARDS}

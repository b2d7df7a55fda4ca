"""Registration guards 8 to 14: consent, assent, eligibility, judgement, age and duplicates."""

from datetime import datetime

from services.enrolment.domain.consent import (
    assent_current,
    assent_needed,
    assent_obstacle,
    consent_by_right_person,
    consent_current,
)
from services.enrolment.domain.consent_takers import assent_taken_by_delegate, consent_taken_by_delegate
from services.enrolment.domain.eligibility import evaluate_eligibility, judgement_given
from services.enrolment.domain.guards import GuardResult, check, guard
from services.enrolment.domain.protocol_terms import NoTerms
from services.enrolment.domain.registration_facts import RegistrationFacts

NO_VERSION = "No protocol version is in use at the site."


def person_guards(facts: RegistrationFacts, now: datetime) -> tuple[GuardResult, ...]:
    return (
        *_consent_guards(facts, now),
        _assent(facts, now),
        _eligibility(facts, now),
        check(
            judgement_given(facts.person.judgement),
            12,
            "judgement",
            "judgement_missing",
            "The investigator has not signed that the trial is in this child's interests.",
            recorded=facts.person.judgement is not None,
        ),
        _age(facts, now),
        check(
            facts.person.unresolved_duplicates == 0,
            14,
            "duplicate",
            "possible_duplicate",
            "A coordinator has to resolve a possible duplicate first.",
            unresolved=facts.person.unresolved_duplicates,
        ),
    )


def _consent_guards(facts: RegistrationFacts, now: datetime) -> tuple[GuardResult, ...]:
    consents, ages, policy = facts.person.consents, facts.ages(now), facts.consent_policy
    terms = facts.terms(now)
    documents = () if isinstance(terms, NoTerms) else terms.consent_documents
    assent = facts.person.assent
    # Where nobody has consented, that is the whole finding: there is no form and no person to name.
    current = (not consents or consent_current(consents, ages, policy, documents)) and assent_current(
        assent, ages, policy, documents
    )
    taken = consent_taken_by_delegate(consents, ages, policy, documents)
    signed = sorted(f"{consent.document} {consent.version}" for consent in consents)
    version = terms.value if isinstance(terms, NoTerms) else terms.version
    right = not consents or consent_by_right_person(consents, ages, policy)
    stale = "Consent or assent is not on the form required at this site today."
    wrong = "The age today asks for consent by somebody else." if ages else "The age today is not known."
    return (
        check(bool(consents), 8, "consent", "consent_missing", "No consent is recorded.", signed=signed),
        check(current, 9, "consent_version", "consent_version_stale", stale, signed=signed, version=version),
        check(
            right,
            10,
            "consent_person",
            "consent_wrong_person",
            wrong,
            capacities=sorted(consent.capacity.value for consent in consents),
            country=policy.country,
            ctimp=policy.ctimp,
        ),
        check(
            taken and assent_taken_by_delegate(assent, ages, policy),
            10,
            "consent_taker",
            "consent_not_delegated",
            "Consent or assent was not taken by a delegated person.",
            delegated=sorted(consent.delegated for consent in consents),
            assent_delegated=assent.delegated,
        ),
    )


def _assent(facts: RegistrationFacts, now: datetime) -> GuardResult:
    assent, ages, policy = facts.person.assent, facts.ages(now), facts.consent_policy
    obstacle = assent_obstacle(assent, ages, policy)
    return check(
        not obstacle,
        11,
        "assent",
        "assent_decision_required",
        obstacle,
        answer=assent.answer.value,
        needed=assent_needed(ages, policy),
        decided=assent.decision is not None,
    )


def _eligibility(facts: RegistrationFacts, now: datetime) -> GuardResult:
    terms = facts.terms(now)
    if isinstance(terms, NoTerms):
        return guard(12, "eligibility", "eligibility_incomplete", NO_VERSION, version=terms.value)
    finding = evaluate_eligibility(
        facts.person.eligibility,
        terms.eligibility_version,
        terms.criteria,
        terms.eligibility_valid_days,
        now,
        facts.zone,
    )
    return guard(
        12,
        "eligibility",
        finding.code,
        finding.detail,
        version=terms.eligibility_version,
        criteria=len(terms.criteria),
        valid_days=terms.eligibility_valid_days,
    )


def _age(facts: RegistrationFacts, now: datetime) -> GuardResult:
    terms, ages = facts.terms(now), facts.ages(now)
    if isinstance(terms, NoTerms) or facts.place.part not in terms.parts:
        return guard(13, "age", "age_out_of_range", "No limits of age are in force for this part.")
    part = terms.parts[facts.place.part]
    within = bool(ages) and all(part.age_from <= age < part.age_below for age in ages)
    detail = "Outside the limits of this part." if len(ages) == 1 else "The site has to state the age today."
    return check(
        within,
        13,
        "age",
        "age_out_of_range",
        detail,
        from_years=part.age_from,
        below_years=part.age_below,
        stated=bool(facts.person.age_statements),
    )

"""Registration guards 8 to 14: consent, assent, eligibility, judgement, age and duplicates."""

from datetime import datetime

from services.enrolment.domain.consent import (
    ConsentDocument,
    assent_current,
    assent_needed,
    assent_obstacle,
    consent_by_right_person,
    consent_current,
    signed_of_age,
)
from services.enrolment.domain.consent_takers import assent_taken_by_delegate, consent_taken_by_delegate
from services.enrolment.domain.criteria import criteria_of
from services.enrolment.domain.eligibility import evaluate_eligibility, judgement_given
from services.enrolment.domain.guards import GuardResult, check, guard
from services.enrolment.domain.identity import STOPPED
from services.enrolment.domain.molecular import unmet_biomarkers
from services.enrolment.domain.protocol_terms import NoTerms
from services.enrolment.domain.registration_facts import Guards, RegistrationFacts

NO_VERSION = "No protocol version is in use at the site."
NEITHER_ALLOWS = "The child is treated in another trial, and neither protocol allows both."


def _documents(facts: RegistrationFacts, now: datetime) -> tuple[ConsentDocument, ...]:
    terms = facts.terms(now)
    return () if isinstance(terms, NoTerms) else terms.consent_documents


def _signed(facts: RegistrationFacts) -> list[str]:
    return sorted(f"{consent.document} {consent.version}" for consent in facts.person.consents)


def _consent(facts: RegistrationFacts, now: datetime) -> GuardResult:
    detail = "No consent is recorded."
    return check(bool(facts.person.consents), 8, "consent", "consent_missing", detail, signed=_signed(facts))


# Where nobody has consented, guard 8 is the whole finding: there is no form and no person to name.


def _consent_version(facts: RegistrationFacts, now: datetime) -> GuardResult:
    consents, ages, policy = facts.person.consents, facts.ages(now), facts.consent_policy
    terms, documents = facts.terms(now), _documents(facts, now)
    current = (not consents or consent_current(consents, ages, policy, documents)) and assent_current(
        facts.person.assent, ages, policy, documents
    )
    return check(
        current,
        9,
        "consent_version",
        "consent_version_stale",
        "Consent or assent is not on the form required at this site today.",
        signed=_signed(facts),
        version=terms.value if isinstance(terms, NoTerms) else terms.version,
    )


def _consent_person(facts: RegistrationFacts, now: datetime) -> GuardResult:
    consents, ages, policy = facts.person.consents, facts.ages(now), facts.consent_policy
    # A child's signature does not become an own consent by waiting for the birthday.
    of_age = [one for one in consents if signed_of_age(one, facts.ages(one.signed_at), policy)]
    right = not consents or consent_by_right_person(of_age, ages, policy)
    return check(
        right,
        10,
        "consent_person",
        "consent_wrong_person",
        "The age today asks for consent by somebody else." if ages else "The age today is not known.",
        capacities=sorted(consent.capacity.value for consent in consents),
        country=policy.country,
        ctimp=policy.ctimp,
    )


def _consent_taker(facts: RegistrationFacts, now: datetime) -> GuardResult:
    consents, ages, policy = facts.person.consents, facts.ages(now), facts.consent_policy
    assent = facts.person.assent
    taken = consent_taken_by_delegate(consents, ages, policy, _documents(facts, now))
    return check(
        taken and assent_taken_by_delegate(assent, ages, policy),
        10,
        "consent_taker",
        "consent_not_delegated",
        "Consent or assent was not taken by a delegated person.",
        delegated=sorted(consent.delegated for consent in consents),
        assent_delegated=assent.delegated,
    )


def _assent(facts: RegistrationFacts, now: datetime) -> GuardResult:
    assent, ages, policy = facts.person.assent, facts.ages(now), facts.consent_policy
    consents = facts.person.consents
    obstacle = assent_obstacle(assent, ages, policy, consents)
    return check(
        not obstacle,
        11,
        "assent",
        "assent_decision_required",
        obstacle,
        answer=assent.answer.value,
        needed=assent_needed(ages, policy, consents),
        decided=assent.decision is not None,
    )


def _eligibility(facts: RegistrationFacts, now: datetime) -> GuardResult:
    terms = facts.terms(now)
    if isinstance(terms, NoTerms):
        return guard(12, "eligibility", "eligibility_incomplete", NO_VERSION, version=terms.value)
    part = facts.place.part
    asked = criteria_of(terms.criteria, terms.person.criteria, part)
    finding = evaluate_eligibility(
        facts.person.eligibility,
        terms.eligibility_version,
        frozenset(asked),
        terms.eligibility_valid_days,
        now,
        facts.zone,
        asked,
    )
    markers = terms.person.biomarkers.get(part, ())
    not_shown = [str(one) for one in unmet_biomarkers(markers, facts.person.molecular)]
    code, detail = finding.code, finding.detail
    if not code and not_shown:
        code, detail = "molecular_criterion_not_met", f"Not shown: {', '.join(not_shown)}."
    return guard(
        12,
        "eligibility",
        code,
        detail,
        version=terms.eligibility_version,
        criteria=len(asked),
        valid_days=terms.eligibility_valid_days,
        unmet=dict(finding.unmet),
        ended=dict(finding.ended),
        biomarkers=[str(one) for one in markers],
        biomarkers_not_shown=not_shown,
    )


def _judgement(facts: RegistrationFacts, now: datetime) -> GuardResult:
    return check(
        judgement_given(facts.person.judgement),
        12,
        "judgement",
        "judgement_missing",
        "The investigator has not signed that the trial is in this child's interests.",
        recorded=facts.person.judgement is not None,
        statement=facts.kind.judgement,
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


def _no_duplicate(facts: RegistrationFacts, now: datetime) -> GuardResult:
    """Nobody takes part twice in this trial, nor in this one beside another that does not go with it."""
    unresolved, elsewhere = facts.person.unresolved_duplicates, facts.person.co_enrolments_not_allowed
    code, detail = "", ""
    if unresolved:
        code, detail = "possible_duplicate", STOPPED
    elif elsewhere:
        code, detail = "co_enrolment_not_allowed", NEITHER_ALLOWS
    # Counts alone: which trial or site it is, the site asking must not learn from here.
    return guard(14, "duplicate", code, detail, unresolved=unresolved, elsewhere=elsewhere)


PERSON_GUARDS: Guards = {
    "consent": _consent,
    "consent_version": _consent_version,
    "consent_person": _consent_person,
    "consent_taker": _consent_taker,
    "assent": _assent,
    "eligibility": _eligibility,
    "judgement": _judgement,
    "age": _age,
    "duplicate": _no_duplicate,
}

"""Who took consent and assent: only what a delegated person recorded lets a child in."""

from collections.abc import Iterable

from services.enrolment.domain.consent import (
    Assent,
    AssentAnswer,
    Consent,
    ConsentDocument,
    ConsentPolicy,
    assent_needed,
    consent_by_right_person,
    consent_current,
)


def consent_taken_by_delegate(
    consents: Iterable[Consent],
    ages: frozenset[int],
    policy: ConsentPolicy,
    documents: Iterable[ConsentDocument],
) -> bool:
    """Whether the consents that delegated people took suffice without the others.

    Where all of them together do not suffice, the person or the form is another guard's finding, and here one
    that was taken by a delegated person is enough; so is none at all, which is that guard's finding too.
    """
    given, forms = tuple(consents), tuple(documents)
    taken = tuple(consent for consent in given if consent.delegated)

    def suffice(some: tuple[Consent, ...]) -> bool:
        return consent_by_right_person(some, ages, policy) and consent_current(some, ages, policy, forms)

    return suffice(taken) if suffice(given) else bool(taken) or not given


def assent_taken_by_delegate(assent: Assent, ages: frozenset[int], policy: ConsentPolicy) -> bool:
    """Whether a delegated person recorded the child's answer, where one is needed and recorded."""
    recorded = assent.answer is not AssentAnswer.NOT_RECORDED
    return assent.delegated or not recorded or not assent_needed(ages, policy)

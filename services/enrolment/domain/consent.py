"""Consent by the right person on the right document for the age today, and assent.

Which age counts is the country's and arrives as data; that a child's signature alone cannot open a clinical
trial of a medicine is law in the United Kingdom.

Every rule takes all ages that are still possible and holds only when it holds for each of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.enrolment.domain.ids import ConsentId
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.signature import Signature


class ConsentPurpose(StrEnum):
    PARENTAL_CONSENT = "parental_consent"
    OWN_CONSENT = "own_consent"
    ASSENT = "assent"


class SignerCapacity(StrEnum):
    PARTICIPANT = "participant"
    PARENTAL_RESPONSIBILITY = "parental_responsibility"
    PERSONAL_LEGAL_REPRESENTATIVE = "personal_legal_representative"
    PROFESSIONAL_LEGAL_REPRESENTATIVE = "professional_legal_representative"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentDocument:
    """A form for an age range in completed years, `from_years` included, `below_years` not."""

    document: str
    version: str
    purpose: ConsentPurpose
    from_years: int
    below_years: int

    def fits(self, purpose: ConsentPurpose, age: int) -> bool:
        return self.purpose is purpose and self.from_years <= age < self.below_years


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A consent in force for this participation episode at this site.

    `delegated` says that whoever took and recorded it held the investigator's duty at the site then.
    `capacity_note` is the reason why a legal representative signs, or the note on the competence of a child
    who signs alone; empty otherwise.
    """

    id: ConsentId
    document: str
    version: str
    purpose: ConsentPurpose
    capacity: SignerCapacity
    signed_at: datetime
    delegated: bool
    capacity_note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentPolicy:
    """Country and kind of trial; `age_of_consent` in completed years by ISO country code.

    `competent_minor_may_consent` has an effect only outside clinical trials of medicines.
    """

    ctimp: bool
    country: str
    age_of_consent: Mapping[str, int]
    assent_from_years: int
    competent_minor_may_consent: bool = False

    def adult(self, age: int) -> bool:
        """Whether the age is one of own consent; in a country without an age of consent nobody's is.

        Callers that find no age of consent must not take that for "under age": see `country_known`.
        """
        return self.country_known and age >= self.age_of_consent[self.country]

    @property
    def country_known(self) -> bool:
        return self.country in self.age_of_consent


class AssentAnswer(StrEnum):
    NOT_RECORDED = "not_recorded"
    GIVEN = "given"
    REFUSED = "refused"
    NOT_SOUGHT = "not_sought"
    NOT_CAPABLE = "not_capable"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssentDecision:
    """The investigator's reasoned decision to go on although the child refused."""

    reason: str
    signature: Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Assent:
    """What the child answered; `reason` belongs to `not_sought` and `not_capable`.

    `delegated` says that whoever recorded it held the investigator's duty at the site then.
    """

    answer: AssentAnswer
    document: str = ""
    version: str = ""
    reason: str = ""
    delegated: bool = False
    decision: AssentDecision | None = None


def right_person(consent: Consent, age: int, policy: ConsentPolicy) -> bool:
    """Whether this signature can stand for a participant of this age.

    Under the age of consent one person with parental responsibility suffices; a legal representative needs a
    stated reason. A child's signature alone never suffices in a clinical trial of a medicine.

    Source: SI 2004/1031, Schedule 1 Part 4 paragraphs 1 to 6; HRA, Research involving children.
    """
    if not policy.country_known:
        return False
    by_participant = (
        consent.purpose is ConsentPurpose.OWN_CONSENT and consent.capacity is SignerCapacity.PARTICIPANT
    )
    if policy.adult(age):
        return by_participant
    noted = bool(consent.capacity_note.strip())
    if by_participant:
        return not policy.ctimp and policy.competent_minor_may_consent and noted
    return consent.purpose is ConsentPurpose.PARENTAL_CONSENT and (
        consent.capacity is SignerCapacity.PARENTAL_RESPONSIBILITY
        or (noted and consent.capacity is not SignerCapacity.PARTICIPANT)
    )


def consent_by_right_person(consents: Iterable[Consent], ages: frozenset[int], policy: ConsentPolicy) -> bool:
    given = tuple(consents)
    return bool(ages) and all(any(right_person(consent, age, policy) for consent in given) for age in ages)


def consent_current(
    consents: Iterable[Consent],
    ages: frozenset[int],
    policy: ConsentPolicy,
    documents: Iterable[ConsentDocument],
) -> bool:
    """Whether consent is on the document that the version in use asks for.

    A consent by the right person must be on the form for the age. Where the right person has not signed at
    all, only the version is judged here: the person is another guard's finding, and naming the version would
    send the site to the wrong remedy.
    """
    given = tuple(consents)
    forms = tuple(documents)
    return bool(ages) and all(_current_at(given, age, policy, forms) for age in ages)


def _current_at(
    consents: tuple[Consent, ...], age: int, policy: ConsentPolicy, forms: tuple[ConsentDocument, ...]
) -> bool:
    fitting = [consent for consent in consents if right_person(consent, age, policy)]
    if fitting:
        required = {
            (form.document, form.version, form.purpose) for form in forms if form.fits(form.purpose, age)
        }
    else:
        required = {(form.document, form.version, form.purpose) for form in forms}
    return any(
        (consent.document, consent.version, consent.purpose) in required for consent in fitting or consents
    )


def assent_needed(ages: frozenset[int], policy: ConsentPolicy) -> bool:
    """Whether any possible age is one at which a child is asked but does not consent alone."""
    return any(age >= policy.assent_from_years and not policy.adult(age) for age in ages)


def assent_current(
    assent: Assent, ages: frozenset[int], policy: ConsentPolicy, documents: Iterable[ConsentDocument]
) -> bool:
    """Whether an assent given is on the form for the age; a trial without such a form asks for none."""
    forms = tuple(documents)
    for age in ages:
        asked = [form for form in forms if form.fits(ConsentPurpose.ASSENT, age)]
        given_on = (assent.document, assent.version)
        if (
            assent.answer is AssentAnswer.GIVEN
            and assent_needed(frozenset({age}), policy)
            and asked
            and given_on not in {(form.document, form.version) for form in asked}
        ):
            return False
    return True


def assent_obstacle(assent: Assent, ages: frozenset[int], policy: ConsentPolicy) -> str:
    """Why assent stands in the way, as a sentence; empty when it does not.

    A refusal neither blocks by itself nor passes silently: the investigator signs a reasoned decision.
    """
    if not assent_needed(ages, policy):
        return ""
    match assent.answer:
        case AssentAnswer.GIVEN:
            return ""
        case AssentAnswer.NOT_RECORDED:
            return "The child's answer is not recorded."
        case AssentAnswer.NOT_SOUGHT | AssentAnswer.NOT_CAPABLE:
            return "" if assent.reason.strip() else "Assent was not sought or not possible, without a reason."
        case AssentAnswer.REFUSED:
            decision = assent.decision
            if decision is None:
                return "The child refused and the investigator has not decided."
            if not decision.reason.strip():
                return "The child refused and the investigator's decision gives no reason."
            if not decision.signature.delegated:
                return "The child refused and the decision is not signed by a delegated person."
            return ""


def check_refusal_undecided(assent: Assent) -> None:
    """Accepts the investigator's decision where the child refused and nobody has decided yet.

    Raises:
        Refused: `assent_not_refused`.
    """
    if assent.answer is not AssentAnswer.REFUSED or assent.decision is not None:
        raise Refused("assent_not_refused", "There is no refusal without a decision.")


def adult_consent_due(consents: Iterable[Consent], ages: frozenset[int], policy: ConsentPolicy) -> bool:
    """Whether the participant has certainly or possibly reached the age of consent without consenting."""
    given = tuple(consents)
    return any(
        policy.adult(age) and not any(right_person(consent, age, policy) for consent in given) for age in ages
    )
